//! Request bodies that are answered before their end.
//!
//! Whoever sends a body hears an answer only if the connection stays whole while it sends: closing it with unread bytes
//! resets it, and the answer is lost with it. So what is left of a body is read and thrown away, within bounds.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

/// Most bytes that are thrown away.
const BYTES_MAX: usize = 64 << 20;
/// Longest time that it may take.
const TIME_MAX: Duration = Duration::from_secs(15);
/// Longest pause between two pieces.
const PAUSE_MAX: Duration = Duration::from_secs(3);

/// A request's body. Dropped before its end, it reads on by itself while the answer is sent.
#[derive(Debug)]
pub(crate) struct Lingering {
    body: Option<Incoming>,
    /// The sender waits for `100 Continue` and has not been told: it sends nothing once it has its answer.
    holds_back: bool,
}

impl Lingering {
    pub(crate) fn new(body: Incoming, headers: &HeaderMap) -> Self {
        Self { body: Some(body), holds_back: headers.contains_key(header::EXPECT) }
    }
}

impl Body for Lingering {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.holds_back = false;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        // Outside of the runtime nothing can be read any more, and nobody waits.
        if !self.holds_back
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(tokio::time::timeout(TIME_MAX, throw_away(body)));
        }
    }
}

async fn throw_away(mut body: Incoming) {
    let mut left = BYTES_MAX;
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(PAUSE_MAX, body.frame()).await {
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(bytes) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
