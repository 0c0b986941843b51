//! The access log: one line a request, gathered in memory and written a few times a second.

use std::{
    borrow::Cow,
    io::Write,
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::response::Response;
use http::{Method, StatusCode, Uri};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use tintype_app::{Image, types::UnixMillis};
use tokio::sync::oneshot;

use crate::reply::rfc3339;

/// Bytes after which lines are written without waiting for the next beat.
const FLUSH_BYTES: usize = 64 << 10;
/// Bytes that may be gathered while the sink takes none. Lines beyond them are lost, and counted.
const GATHERED_BYTES_MAX: usize = 8 << 20;
const BEAT: Duration = Duration::from_millis(200);
/// For how long the end waits for the sink.
const END: Duration = Duration::from_secs(1);

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What a response tells the log beside its head: set as an extension.
#[derive(Clone, Debug, Default)]
pub(crate) struct Note {
    /// The images that were uploaded, between commas.
    pub(crate) image: Option<String>,
    /// What was refused: its code, request id and sentence.
    pub(crate) refused: Option<Refused>,
}

/// Why a request was refused.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) request_id: String,
    pub(crate) detail: String,
}

/// Has the log name the images that a request was about.
pub(crate) fn about<'a>(mut response: Response, images: impl IntoIterator<Item = &'a Image>) -> Response {
    let images: Vec<_> = images.into_iter().map(|image| image.id.to_string()).collect();
    response.extensions_mut().insert(Note { image: Some(images.join(",")), refused: None });
    response
}

/// Where lines are gathered. Cheap to clone.
#[derive(Clone)]
pub struct AccessLog {
    inner: Option<Arc<Inner>>,
}

struct Inner {
    lines: Mutex<Lines>,
    /// Says that there is enough to be written, or that it is the end.
    due: Condvar,
    out: Mutex<Box<dyn Write + Send>>,
    format: AccessFormat,
}

#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    /// Lines for which there was no room.
    lost: u64,
    /// The second of the last line and its text, which most lines share.
    second: (i64, String),
    is_over: bool,
}

/// What a line tells.
pub(crate) struct Line<'a> {
    pub(crate) now: UnixMillis,
    /// The client, past trusted proxies.
    pub(crate) client: IpAddr,
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) status: StatusCode,
    pub(crate) bytes: u64,
    pub(crate) millis: u64,
    pub(crate) note: Option<&'a Note>,
}

/// A path as it may stand in a log: delete tokens and the ids of direct uploads are rights, which whoever reads the log
/// must not get.
///
/// Visible ASCII: what else it holds is encoded, as senders should have done (RFC 3986, 2.1). Beyond ASCII there are characters
/// that terminals obey (U+009B), and that turn a line round (U+202E).
fn shown(path: &str) -> Cow<'_, str> {
    match path {
        "/uploads/init" | "/uploads/complete" => path.into(),
        _ if path.starts_with("/uploads/") => "/uploads/…".into(),
        _ if path.starts_with("/d/") => "/d/…".into(),
        _ => utf8_percent_encode(path, CONTROLS).into(),
    }
}

impl AccessLog {
    /// A log that writes to `out`.
    pub fn to(out: Box<dyn Write + Send>, format: AccessFormat) -> Self {
        let inner = Inner { lines: Mutex::default(), due: Condvar::new(), out: Mutex::new(out), format };
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
        let mut lines = inner.lines();
        let second = line.now.0 / 1000;
        if lines.second.0 != second {
            lines.second = (second, rfc3339(line.now));
        }
        let before = lines.text.len();
        if before >= GATHERED_BYTES_MAX {
            lines.lost += 1;
            return;
        }
        let Lines { text, second: (_, time), .. } = &mut *lines;
        match inner.format {
            AccessFormat::Text => write_text(text, time, line),
            AccessFormat::Json => write_json(text, time, line),
        }
        if before < FLUSH_BYTES && text.len() >= FLUSH_BYTES {
            inner.due.notify_one();
        }
    }

    /// Has what is gathered written, by a thread of its own: the sink may be a terminal, a full disk or a pipe that nobody
    /// reads, and the runtime would wait for a thread of its own at its end, for ever.
    pub(crate) fn start(&self) -> Writing {
        let (done, written) = oneshot::channel();
        if let Some(inner) = self.inner.clone() {
            std::thread::spawn(move || {
                inner.write_until_over();
                // Nobody waits any more where it took too long.
                let _ = done.send(());
            });
        }
        Writing { log: self.clone(), written }
    }
}

/// A log that is being written.
pub(crate) struct Writing {
    log: AccessLog,
    written: oneshot::Receiver<()>,
}

impl Writing {
    /// Writes the rest. A sink that takes nothing holds this up for a second.
    pub(crate) async fn finish(self) {
        let Some(inner) = &self.log.inner else { return };
        inner.lines().is_over = true;
        inner.due.notify_one();
        if tokio::time::timeout(END, self.written).await.is_err() {
            tracing::warn!("the end of the access log could not be written");
        }
    }
}

impl Inner {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_until_over(&self) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let is_idle = |lines: &mut Lines| !lines.is_over && lines.text.len() < FLUSH_BYTES;
            let waited = self.due.wait_timeout_while(self.lines(), BEAT, is_idle);
            let (mut lines, _) = waited.unwrap_or_else(PoisonError::into_inner);
            let (text, is_over) = (lines.take(self.format), lines.is_over);
            drop(lines);
            if !text.is_empty() {
                // A writer that rotates its files panics where it cannot open the next one. Later lines may find it mended.
                let write = AssertUnwindSafe(|| out.write_all(&text).and_then(|()| out.flush()));
                let _ = std::panic::catch_unwind(write);
            }
            if is_over {
                return;
            }
        }
    }
}

impl Lines {
    /// Takes what was gathered, and says at its end how much was not.
    fn take(&mut self, format: AccessFormat) -> Vec<u8> {
        let (mut text, lost) = (std::mem::take(&mut self.text), std::mem::take(&mut self.lost));
        let time = &self.second.1;
        let _ = match format {
            _ if lost == 0 => Ok(()),
            AccessFormat::Text => {
                writeln!(text, "{time} {lost} lines are missing here: they were not taken in time")
            }
            AccessFormat::Json => writeln!(text, "{{\"time\":\"{time}\",\"lost\":{lost}}}"),
        };
        text
    }
}

// Pieces, because formatting machinery costs more than all else here. A path from a stranger holds no line break: the
// parser refuses it.

fn write_text(text: &mut Vec<u8>, time: &str, line: &Line<'_>) {
    text.extend_from_slice(time.as_bytes());
    text.push(b' ');
    let _ = write!(text, "{}", line.client);
    for piece in [" ", line.method.as_str(), " ", &shown(line.uri.path()), " ", line.status.as_str()] {
        text.extend_from_slice(piece.as_bytes());
    }
    let _ = write!(text, " {} {}ms", line.bytes, line.millis);
    if let Some(note) = line.note {
        if let Some(image) = &note.image {
            let _ = write!(text, " image={image}");
        }
        if let Some(Refused { code, request_id, detail }) = &note.refused {
            let _ = write!(text, " code={code} request_id={request_id} detail={detail:?}");
        }
    }
    text.push(b'\n');
}

fn write_json(text: &mut Vec<u8>, time: &str, line: &Line<'_>) {
    for piece in ["{\"time\":\"", time, "\",\"client\":\""] {
        text.extend_from_slice(piece.as_bytes());
    }
    let _ = write!(text, "{}", line.client);
    for piece in ["\",\"method\":\"", line.method.as_str(), "\",\"path\":"] {
        text.extend_from_slice(piece.as_bytes());
    }
    quote(text, &shown(line.uri.path()));
    for piece in [",\"status\":", line.status.as_str()] {
        text.extend_from_slice(piece.as_bytes());
    }
    let _ = write!(text, ",\"bytes\":{},\"ms\":{}", line.bytes, line.millis);
    if let Some(note) = line.note {
        if let Some(image) = &note.image {
            let _ = write!(text, ",\"image\":\"{image}\"");
        }
        if let Some(Refused { code, request_id, detail }) = &note.refused {
            let _ = write!(text, ",\"code\":\"{code}\",\"request_id\":\"{request_id}\",\"detail\":");
            quote(text, detail);
        }
    }
    text.extend_from_slice(b"}\n");
}

/// A JSON string.
fn quote(text: &mut Vec<u8>, value: &str) {
    // Nearly every path has nothing to escape.
    if value.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'"' | b'\\')) {
        text.push(b'"');
        text.extend_from_slice(value.as_bytes());
        text.push(b'"');
    } else {
        let _ = serde_json::to_writer(text, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str, note: Option<&Note>, write: fn(&mut Vec<u8>, &str, &Line<'_>)) -> String {
        let uri: Uri = path.parse().unwrap();
        let mut text = Vec::new();
        let line = Line {
            now: UnixMillis(0),
            client: "192.0.2.1".parse().unwrap(),
            method: &Method::GET,
            uri: &uri,
            status: StatusCode::NOT_FOUND,
            bytes: 12,
            millis: 3,
            note,
        };
        write(&mut text, "2026-11-21T20:15:02Z", &line);
        String::from_utf8(text).unwrap()
    }

    fn note() -> Note {
        let detail = "There is \"nothing\".".to_owned();
        let refused = Refused { code: "not_found", request_id: "r1".to_owned(), detail };
        Note { image: Some("i1".to_owned()), refused: Some(refused) }
    }

    #[test]
    fn lines_for_people_say_what_and_why() {
        assert_eq!(
            line("/a?token=x", None, write_text),
            "2026-11-21T20:15:02Z 192.0.2.1 GET /a 404 12 3ms\n"
        );
        let whole = line("/a", Some(&note()), write_text);
        assert!(
            whole.ends_with(" image=i1 code=not_found request_id=r1 detail=\"There is \\\"nothing\\\".\"\n"),
            "{whole}"
        );
    }

    #[test]
    fn lines_for_programs_are_json_whatever_the_path() {
        for path in ["/a", "/a\"b", "/%22%0A", "/{x}"] {
            let text = line(path, Some(&note()), write_json);
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!((json["path"].as_str(), json["status"].as_u64()), (Some(path), Some(404)), "{text}");
            assert_eq!(
                (json["detail"].as_str(), text.matches('\n').count()),
                (Some("There is \"nothing\"."), 1)
            );
        }
    }

    #[test]
    fn a_path_does_nothing_to_a_terminal() {
        for (path, shown) in [
            ("/a\u{9b}2J.png", "/a%C2%9B2J.png"),
            ("/a\u{85}b", "/a%C2%85b"),
            ("/\u{202e}gpj.exe", "/%E2%80%AEgpj.exe"),
            ("/ü%20b.png", "/%C3%BC%20b.png"),
        ] {
            assert!(line(path, None, write_text).contains(&format!(" GET {shown} 404 ")), "{shown}");
            assert!(line(path, None, write_json).contains(&format!("\"path\":\"{shown}\"")), "{shown}");
        }
    }

    /// A sink that takes nothing until it is let go, and keeps what it took.
    #[derive(Clone, Default)]
    struct Stalled {
        is_open: Arc<(Mutex<bool>, Condvar)>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Stalled {
        fn open(&self) {
            *self.is_open.0.lock().unwrap() = true;
            self.is_open.1.notify_all();
        }
    }

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let is_open = self.is_open.0.lock().unwrap();
            drop(self.is_open.1.wait_while(is_open, |is_open| !*is_open).unwrap());
            self.taken.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Writes `lines` lines of 1 KiB and more.
    fn fill(log: &AccessLog, lines: usize) {
        let uri: Uri = format!("/{}", "x".repeat(1 << 10)).parse().unwrap();
        let line = Line {
            now: UnixMillis(1_000),
            client: "192.0.2.1".parse().unwrap(),
            method: &Method::GET,
            uri: &uri,
            status: StatusCode::OK,
            bytes: 0,
            millis: 0,
            note: None,
        };
        for _ in 0..lines {
            log.write(&line);
        }
    }

    fn gathered(log: &AccessLog) -> usize {
        log.inner.as_ref().unwrap().lines().text.len()
    }

    #[tokio::test]
    async fn a_sink_that_stalls_costs_lines_and_no_more_memory() {
        for (format, words) in [
            (AccessFormat::Json, ["{\"time\":\"1970-01-01T00:00:01Z\",\"lost\":", "}"]),
            (
                AccessFormat::Text,
                ["1970-01-01T00:00:01Z ", " lines are missing here: they were not taken in time"],
            ),
        ] {
            let sink = Stalled::default();
            let log = AccessLog::to(Box::new(sink.clone()), format);
            let writing = log.start();
            let lines = 20_000;
            fill(&log, lines);
            assert!(gathered(&log) < GATHERED_BYTES_MAX + (2 << 10), "{}", gathered(&log));
            sink.open();
            writing.finish().await;
            let text = String::from_utf8(sink.taken.lock().unwrap().clone()).unwrap();
            let number = |line: &str| line.strip_prefix(words[0])?.strip_suffix(words[1])?.parse().ok();
            let lost: Vec<usize> = text.lines().filter_map(number).collect();
            assert!(!lost.is_empty(), "{format:?}");
            assert_eq!(text.lines().count() - lost.len() + lost.iter().sum::<usize>(), lines, "{format:?}");
        }
    }

    #[tokio::test]
    async fn a_sink_that_stalls_does_not_hold_up_the_end() {
        let sink = Stalled::default();
        let log = AccessLog::to(Box::new(sink.clone()), AccessFormat::Text);
        let writing = log.start();
        fill(&log, 1);
        // Would never return.
        writing.finish().await;
        assert!(sink.taken.lock().unwrap().is_empty());
        sink.open();
    }

    /// A sink that panics at first.
    struct Panicking(bool, Stalled);

    impl Write for Panicking {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            assert!(std::mem::replace(&mut self.0, true), "the next file cannot be opened");
            self.1.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_sink_that_panics_is_given_later_lines() {
        let sink = Stalled::default();
        sink.open();
        let log = AccessLog::to(Box::new(Panicking(false, sink.clone())), AccessFormat::Text);
        let writing = log.start();
        fill(&log, 1);
        while gathered(&log) > 0 {
            tokio::task::yield_now().await;
        }
        fill(&log, 1);
        writing.finish().await;
        assert!(sink.taken.lock().unwrap().ends_with(b" 0ms\n"));
    }

    #[test]
    fn secrets_in_paths_are_masked() {
        for (path, expected) in [
            ("/d/abc", "/d/…"),
            ("/uploads/abc", "/uploads/…"),
            ("/uploads/init", "/uploads/init"),
            ("/uploads/complete", "/uploads/complete"),
            ("/p/abc", "/p/abc"),
        ] {
            assert_eq!(shown(path), expected);
        }
    }
}
