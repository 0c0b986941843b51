//! `GET /version`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Http, reply::ProblemDocument, routes::image::upload::no_store};

/// What is running.
#[derive(Serialize, ToSchema)]
#[schema(as = Version)]
pub(crate) struct VersionReply {
    version: &'static str,
    /// The commit it was built of, or `unknown`.
    commit: &'static str,
}

/// What is running.
#[utoipa::path(
    get,
    path = "/version",
    tag = "server",
    operation_id = "getVersion",
    responses(
        (status = 200, description = "The version", body = VersionReply),
        (status = "4XX", description = "Too many requests", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn version(State(http): State<Http>) -> Response {
    let reply = VersionReply { version: http.config.version, commit: http.config.commit };
    super::readable(no_store(Json(reply).into_response()))
}
