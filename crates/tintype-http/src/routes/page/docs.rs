//! `GET /api/docs`

use std::sync::LazyLock;

use axum::{extract::Request, response::Response};
use serde_json::Value;

use crate::{
    pages::{self, Look},
    router,
};

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    serde_json::to_value(router::described()).expect("the description is made of strings and maps")
});

/// The description of the API for people, with every error code.
pub(crate) async fn docs(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let page = pages::docs::page(&Look::of(&parts), &DESCRIPTION);
    pages::respond(page.into_string(), pages::Scripts::None)
}
