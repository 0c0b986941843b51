//! What operators and programs ask of the server itself.

pub(crate) mod config;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod ready;
pub(crate) mod version;

use axum::response::Response;
use http::{HeaderValue, header};

/// Pages of every origin may read it: front ends of replaced systems ask from elsewhere.
fn readable(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
