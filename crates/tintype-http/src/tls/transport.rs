//! How an authority is spoken to, and how long it says to wait.

use std::{
    future::Future,
    io,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt as _, Limited};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use tintype_app::types::UnixMillis;

/// Most bytes of an answer. A chain has a few thousand.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Time for one question.
const DEADLINE: Duration = Duration::from_secs(30);

/// The root of a private authority cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The file.
    #[error("cannot read {path}, which tls.acme_root names")]
    Read {
        /// Its path.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// What stands in it.
    #[error("{path}, which tls.acme_root names, holds no certificate in PEM")]
    Content {
        /// Its path.
        path: PathBuf,
    },
    /// The system's own list of authorities.
    #[error(
        "the authorities that this machine trusts cannot be read: install its package ca-certificates, or name the root of your \
         own authority in tls.acme_root"
    )]
    System(#[source] reqwest::Error),
}

/// A client that trusts the machine's authorities, or the one in `root` alone.
pub(super) fn client(root: Option<&PathBuf>) -> Result<reqwest::Client, RootError> {
    let mut builder = reqwest::Client::builder().timeout(DEADLINE).https_only(true);
    if let Some(path) = root {
        let pem = std::fs::read(path).map_err(|source| RootError::Read { path: path.clone(), source })?;
        let roots = reqwest::Certificate::from_pem_bundle(&pem).ok().filter(|roots| !roots.is_empty());
        let roots = roots.ok_or_else(|| RootError::Content { path: path.clone() })?;
        builder = builder.tls_certs_only(roots);
    }
    builder.build().map_err(RootError::System)
}

/// One attempt's way to the authority.
#[derive(Clone)]
pub(super) struct Transport {
    client: reqwest::Client,
    now: UnixMillis,
    /// Seconds that the last refusal asked to wait.
    asked: Arc<Mutex<Option<i64>>>,
}

impl Transport {
    pub(super) fn new(client: reqwest::Client, now: UnixMillis) -> Self {
        Self { client, now, asked: Arc::default() }
    }

    /// Seconds that the authority asked to wait when it refused.
    pub(super) fn asked_to_wait(&self) -> Option<i64> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let other = |error: reqwest::Error| Error::Other(Box::new(error));
        let (parts, body) = request.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(never) => match never {},
        };
        let request = reqwest::Request::try_from(Request::from_parts(parts, body)).map_err(other)?;
        let response = self.client.execute(request).await.map_err(other)?;
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        if !parts.status.is_success() {
            *self.asked.lock().unwrap_or_else(PoisonError::into_inner) =
                retry_after(&parts.headers, self.now);
        }
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(Error::Other)?.to_bytes();
        Ok(BytesResponse { parts, body: Box::new(body) })
    }
}

impl HttpClient for Transport {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().ask(request))
    }
}

/// Seconds, or a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: UnixMillis) -> Option<i64> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(seconds.max(0));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(now.seconds_until(UnixMillis(date.as_millisecond())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_seconds_or_dates() {
        let now = UnixMillis(1_445_412_420_000);
        for (text, expected) in [
            ("120", Some(120)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(60)),
            ("Wed, 21 Oct 2015 07:26:00 GMT", Some(0)),
            ("-5", Some(0)),
            ("soon", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, text.parse().unwrap());
            assert_eq!(retry_after(&headers, now), expected, "{text}");
        }
    }
}
