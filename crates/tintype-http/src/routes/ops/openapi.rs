//! `GET /api/openapi.json`

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;

use utoipa::openapi::Server;

use crate::{caller::Caller, reply::ProblemDocument, router};

static DESCRIPTION: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(crate::description()));

/// This description.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "server",
    operation_id = "getDescription",
    responses(
        (status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json"),
        (status = "4XX", description = "Too many requests", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn openapi(caller: Caller) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    if caller.origin.prefix.is_empty() {
        return (headers, DESCRIPTION.clone()).into_response();
    }
    let mut moved = router::described();
    moved.servers = Some(vec![Server::new(caller.origin.base.site.clone())]);
    if let Some(docs) = &mut moved.external_docs {
        docs.url = format!("{}{}", caller.origin.base, docs.url);
    }
    let text = moved.to_pretty_json().expect("the description is made of strings and maps");
    (headers, text).into_response()
}
