//! `GET /api/docs`

use std::sync::LazyLock;

use axum::response::Response;
use http::HeaderMap;
use serde_json::Value;

use crate::{pages, router};

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    serde_json::to_value(router::described()).expect("the description is made of strings and maps")
});

/// The description of the API for people, with every error code.
pub(crate) async fn docs(headers: HeaderMap) -> Response {
    let page = pages::docs::page(pages::theme(&headers), &DESCRIPTION);
    pages::respond(page.into_string(), pages::Scripts::None)
}
