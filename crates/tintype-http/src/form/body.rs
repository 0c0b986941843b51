//! Bodies piece by piece, with a bound on how long a sender may pause.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tintype_app::upload::{Admission, Received, UploadError};

use super::Meter;
use crate::{
    Http,
    problem::{Code, Problem},
};

/// Why the next piece of a body did not come.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// Nothing came for so long.
    #[error("nothing came for {} seconds", .0.as_secs())]
    Stalled(Duration),
    /// It came more slowly than any line.
    #[error("less than {BYTES_PER_SECOND_MIN} bytes a second came")]
    Trickles,
    /// The connection broke or the encoding of the body is wrong.
    #[error("the body broke off")]
    Broken(#[source] axum::Error),
}

/// A body in pieces.
pub(super) trait Pieces: Stream<Item = Result<Bytes, BodyError>> + Send {}
impl<S: Stream<Item = Result<Bytes, BodyError>> + Send> Pieces for S {}

/// Least bytes a second that a body must come with on the whole, once [`GRACE`] is over.
const BYTES_PER_SECOND_MIN: u64 = 1 << 10;
/// Time before the rate of a body counts.
const GRACE: Duration = Duration::from_secs(30);

/// The pieces of `body`, each of which must follow the last within `pause`, and none of which may trickle.
pub(super) fn paced(body: Body, pause: Duration, meter: Option<Meter>) -> impl Pieces {
    let begun = Instant::now();
    let state = Some((body.into_data_stream(), 0_u64, meter));
    stream::unfold(state, move |state| async move {
        let (mut body, mut bytes, mut meter) = state?;
        match tokio::time::timeout(pause, body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(piece))) => {
                bytes += piece.len() as u64;
                if let Some(meter) = &mut meter {
                    meter.bytes = bytes;
                }
                let time = begun.elapsed();
                if time > GRACE && bytes / time.as_secs() < BYTES_PER_SECOND_MIN {
                    return Some((Err(BodyError::Trickles), None));
                }
                Some((Ok(piece), Some((body, bytes, meter))))
            }
            Ok(Some(Err(error))) => Some((Err(BodyError::Broken(error)), None)),
            Err(_) => Some((Err(BodyError::Stalled(pause)), None)),
        }
    })
}

/// What the sender is told when its body broke.
pub(super) fn problem(http: &Http, error: &BodyError) -> Problem {
    match error {
        BodyError::Stalled(pause) => Problem::new(
            &http.app,
            Code::Timeout,
            format!(
                "Nothing came for {} seconds, so the upload was given up. Send it again.",
                pause.as_secs()
            ),
        ),
        BodyError::Trickles => Problem::new(
            &http.app,
            Code::Timeout,
            format!(
                "Less than {BYTES_PER_SECOND_MIN} bytes a second came, so the upload was given up. Send it again."
            ),
        ),
        BodyError::Broken(_) => {
            Problem::new(&http.app, Code::MalformedBody, "The body broke off before its end. Send it again.")
        }
    }
}

/// Streams a whole body into storage. The outer error is about the request, the inner one about the file.
pub(super) async fn receive(
    http: &Http,
    admission: &Admission,
    body: impl Pieces,
) -> Result<Result<Received, UploadError>, Problem> {
    let mut receiving = match http.app.receive(admission).await {
        Ok(receiving) => receiving,
        Err(error) => return Ok(Err(error)),
    };
    let mut body = pin!(body);
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| problem(http, &error))?;
        if let Err(error) = receiving.write(piece).await {
            return Ok(Err(error));
        }
    }
    Ok(receiving.finish().await)
}
