//! The access log: one line a request, gathered in memory and written a few times a second.

use std::{
    io::Write,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{Method, StatusCode, Uri};
use tintype_app::types::UnixMillis;

use crate::reply::rfc3339;

/// Bytes after which lines are written without waiting for the next beat.
const FLUSH_BYTES: usize = 64 << 10;
const BEAT: Duration = Duration::from_millis(200);

/// Where lines are gathered. Cheap to clone.
#[derive(Clone)]
pub struct AccessLog {
    inner: Option<Arc<Inner>>,
}

struct Inner {
    lines: Mutex<Lines>,
    full: tokio::sync::Notify,
    out: Mutex<Box<dyn Write + Send>>,
}

#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    /// The second of the last line and its text, which most lines share.
    second: (i64, String),
}

/// What a line tells.
pub(crate) struct Line<'a> {
    pub(crate) now: UnixMillis,
    pub(crate) peer: IpAddr,
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) status: StatusCode,
    pub(crate) bytes: u64,
    pub(crate) millis: u64,
}

/// A path as it may stand in a log: delete tokens and the ids of direct uploads are rights, which whoever reads the log
/// must not get.
fn masked(path: &str) -> &str {
    match path {
        "/uploads/init" | "/uploads/complete" => path,
        _ if path.starts_with("/uploads/") => "/uploads/…",
        _ if path.starts_with("/d/") => "/d/…",
        _ => path,
    }
}

impl AccessLog {
    /// A log that writes to `out`.
    pub fn to(out: Box<dyn Write + Send>) -> Self {
        let inner = Inner { lines: Mutex::default(), full: tokio::sync::Notify::new(), out: Mutex::new(out) };
        Self { inner: Some(Arc::new(inner)) }
    }

    /// A log that keeps nothing.
    pub fn off() -> Self {
        Self { inner: None }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.inner.is_some()
    }

    pub(crate) fn write(&self, line: &Line<'_>) {
        let Some(inner) = &self.inner else { return };
        let mut lines = inner.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let second = line.now.0 / 1000;
        if lines.second.0 != second {
            lines.second = (second, rfc3339(line.now));
        }
        let Lines { text, second: (_, time) } = &mut *lines;
        // A path from a stranger holds no
        // line break: the parser refuses it.
        let path = line.uri.path();
        let path = masked(path);
        // Pieces, because formatting machinery costs more than all else here.
        text.extend_from_slice(time.as_bytes());
        text.push(b' ');
        let _ = write!(text, "{}", line.peer);
        for piece in [" ", line.method.as_str(), " ", path, " ", line.status.as_str()] {
            text.extend_from_slice(piece.as_bytes());
        }
        let _ = writeln!(text, " {} {}ms", line.bytes, line.millis);
        if text.len() >= FLUSH_BYTES {
            inner.full.notify_one();
        }
    }

    /// Writes what was gathered, until the program ends. Give it a task of its own.
    pub(crate) async fn run(self) {
        let Some(inner) = &self.inner else { return };
        loop {
            let _ = tokio::time::timeout(BEAT, inner.full.notified()).await;
            let this = self.clone();
            // The sink may be a terminal or a full disk: never on the runtime's own threads.
            let _ = tokio::task::spawn_blocking(move || this.flush()).await;
        }
    }

    /// Writes what was gathered so far.
    pub(crate) fn flush(&self) {
        let Some(inner) = &self.inner else { return };
        let mut out = inner.out.lock().unwrap_or_else(PoisonError::into_inner);
        let text = std::mem::take(&mut inner.lines.lock().unwrap_or_else(PoisonError::into_inner).text);
        if !text.is_empty() {
            let _ = out.write_all(&text).and_then(|()| out.flush());
        }
    }
}
