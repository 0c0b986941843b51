//! One call, and what its answer means.

use std::time::Duration;

use reqwest::{RequestBuilder, header};

use crate::PurgeError;

/// Most of an answer that is read.
const BODY_MAX: usize = 64 << 10;
/// The pause where a cache says that it was asked too often, but not for how long to wait.
const PAUSE: Duration = Duration::from_secs(60);
/// The shortest pause that a cache can ask for: one of none would have it asked without end.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest.
const PAUSE_MAX: Duration = Duration::from_secs(3_600);

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
    retry_after: Option<Duration>,
}

impl Answer {
    /// The status and the beginning of the body, in one line.
    pub(crate) fn words(&self) -> String {
        let body: String =
            self.body.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
        if body.is_empty() { self.status.to_string() } else { format!("{} {body}", self.status) }
    }

    /// This answer where it is a success, else what it means.
    pub(crate) fn or_error(self) -> Result<Self, PurgeError> {
        match self.status {
            200..300 => Ok(self),
            401 | 403 => Err(PurgeError::Unauthorised(self.words())),
            429 => Err(PurgeError::Limited(self.retry_after.unwrap_or(PAUSE))),
            503 if self.retry_after.is_some() => Err(PurgeError::Limited(self.retry_after.unwrap_or(PAUSE))),
            500.. => Err(PurgeError::Unavailable(self.words())),
            _ => Err(PurgeError::Refused(self.words())),
        }
    }
}

/// Sends a request and reads the answer, whatever it is.
pub(crate) async fn ask(request: RequestBuilder) -> Result<Answer, PurgeError> {
    // An address may hold a key of its own.
    let broken = |error: reqwest::Error| PurgeError::Unavailable(chain(&error.without_url()));
    let mut response = request.send().await.map_err(broken)?;
    let text = |name| {
        let value = response.headers().get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let retry_after = pause(&text(header::RETRY_AFTER));
    let (status, content_type) = (response.status().as_u16(), text(header::CONTENT_TYPE));
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(broken)? {
        body.extend_from_slice(&piece[..piece.len().min(BODY_MAX - body.len())]);
        if body.len() == BODY_MAX {
            break;
        }
    }
    Ok(Answer { status, content_type, body: String::from_utf8_lossy(&body).into_owned(), retry_after })
}

/// The pause that `Retry-After` asks for in seconds, within reason; `None` where it does not.
fn pause(text: &str) -> Option<Duration> {
    text.parse().ok().map(|seconds| Duration::from_secs(seconds).clamp(PAUSE_MIN, PAUSE_MAX))
}

/// Sends a request that must be answered by a success.
pub(crate) async fn send(request: RequestBuilder) -> Result<Answer, PurgeError> {
    ask(request).await?.or_error()
}

/// An error and what caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// A request with a JSON body.
pub(crate) fn json(request: RequestBuilder, body: &serde_json::Value) -> RequestBuilder {
    request.header(header::CONTENT_TYPE, "application/json").body(body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_within_reason() {
        for (text, seconds) in [
            ("0", Some(1)),
            ("1", Some(1)),
            ("30", Some(30)),
            ("99999999999", Some(3_600)),
            ("", None),
            ("Sun, 22 Nov 2026 20:00:00 GMT", None),
        ] {
            assert_eq!(pause(text).map(|pause| pause.as_secs()), seconds, "{text}");
        }
    }
}
