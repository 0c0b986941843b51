//! Large bodies on their way out, so that one of a picture that is gone can be broken off.
//!
//! Some caches keep an answer only when its body has ended. What was told to such a cache before then is of no use: the
//! picture would come back. A body that is broken off is kept by none (RFC 9111, section 3.3).

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tintype_types::ImageId;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// The bodies of this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bodies(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    next: AtomicU64,
    bodies: Mutex<HashMap<u64, Body>>,
}

#[derive(Debug)]
struct Body {
    image: ImageId,
    path: Option<String>,
    end: CancellationToken,
}

impl Bodies {
    /// Notes a body of an image, asked for at a named path or not. It is known until the answer is dropped.
    pub(crate) fn enter(&self, image: ImageId, path: Option<&str>) -> UnderWay {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let end = CancellationToken::new();
        self.bodies().insert(number, Body { image, path: path.map(str::to_owned), end: end.clone() });
        UnderWay { bodies: self.clone(), number, end }
    }

    /// Breaks off the bodies of an image; answers how many there were.
    pub(crate) fn end_image(&self, id: ImageId) -> usize {
        self.end(|body| body.image == id)
    }

    /// Breaks off what was asked for at a path and is not of the image that it shows now; answers how many there were.
    pub(crate) fn end_path(&self, path: &str, now: Option<ImageId>) -> usize {
        self.end(|body| body.path.as_deref() == Some(path) && Some(body.image) != now)
    }

    fn end(&self, is_old: impl Fn(&Body) -> bool) -> usize {
        let bodies = self.bodies();
        bodies.values().filter(|body| is_old(body)).map(|body| body.end.cancel()).count()
    }

    fn bodies(&self) -> MutexGuard<'_, HashMap<u64, Body>> {
        self.0.bodies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body that is on its way as long as this lives.
#[derive(Debug)]
pub struct UnderWay {
    bodies: Bodies,
    number: u64,
    end: CancellationToken,
}

impl UnderWay {
    /// Comes when the body is to be broken off, and never where it is not.
    pub fn broken_off(&self) -> WaitForCancellationFutureOwned {
        self.end.clone().cancelled_owned()
    }

    /// Whether the body is to be broken off.
    pub fn is_broken_off(&self) -> bool {
        self.end.is_cancelled()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.bodies.bodies().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_is_broken_off_and_nothing_else() {
        let bodies = Bodies::default();
        let [a, b]: [ImageId; 2] = ["11111111111111111", "22222222222222222"].map(|id| id.parse().unwrap());
        let own = bodies.enter(a, None);
        let at_path = bodies.enter(a, Some("blog/a.jpg"));
        let elsewhere = bodies.enter(a, Some("blog/b.jpg"));
        let new = bodies.enter(b, Some("blog/a.jpg"));
        assert_eq!(bodies.end_path("blog/a.jpg", Some(b)), 1);
        let broken = || [&own, &at_path, &elsewhere, &new].map(UnderWay::is_broken_off);
        assert_eq!(broken(), [false, true, false, false]);
        assert_eq!(bodies.end_path("blog/b.jpg", None), 1);
        assert_eq!(broken(), [false, true, true, false]);
        assert_eq!(bodies.end_image(a), 3);
        assert_eq!(broken(), [true, true, true, false]);
        drop((own, at_path, elsewhere));
        assert_eq!(bodies.end_image(a), 0);
        assert_eq!(bodies.bodies().len(), 1);
    }
}
