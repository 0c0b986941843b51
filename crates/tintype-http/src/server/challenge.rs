//! The answers that an authority looks for over HTTP, whichever way it comes in.

use http::{Method, Response, StatusCode, Uri};

use super::{FrontBody, redirect::text};
use crate::tls::{CHALLENGES, Keys};

/// The answer to a challenge; `None` where something else is asked for. The authority asks for it below the root of the host,
/// whatever stands before our own addresses.
pub(super) fn answer(keys: &Keys, method: &Method, uri: &Uri) -> Option<Response<FrontBody>> {
    let token = uri.path().strip_prefix(CHALLENGES)?;
    if method != Method::GET && method != Method::HEAD {
        return None;
    }
    Some(match keys.http_answer(token) {
        Some(answer) => text(StatusCode::OK, answer),
        None => text(StatusCode::NOT_FOUND, "No certificate is being ordered with this token.\n".to_owned()),
    })
}
