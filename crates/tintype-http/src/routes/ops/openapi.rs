//! `GET /api/openapi.json`

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;

static DESCRIPTION: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(crate::description()));

/// This description.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "server",
    operation_id = "getDescription",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json")),
)]
pub(crate) async fn openapi() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, DESCRIPTION.clone()).into_response()
}
