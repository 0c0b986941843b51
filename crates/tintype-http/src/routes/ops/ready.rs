//! `GET /ready`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Http, reply::ProblemDocument, routes::image::upload::no_store};

/// Whether requests should be sent here.
#[derive(Serialize, ToSchema)]
#[schema(as = Ready)]
pub(crate) struct ReadyReply {
    ready: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Whether a load balancer should send requests here: 503 while the server stops, or cannot ask its catalogue.
#[utoipa::path(
    get,
    path = "/ready",
    tag = "server",
    operation_id = "getReady",
    responses(
        (status = 200, description = "Send requests", body = ReadyReply),
        (status = 503, description = "Send none", body = ReadyReply),
        (status = "4XX", description = "Too many requests", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn ready(State(http): State<Http>) -> Response {
    let reason = if !http.app.is_ready() {
        Some("the server is stopping")
    } else if http.app.catalogue_answers().await {
        None
    } else {
        Some("the catalogue does not answer; the log says why")
    };
    let status = if reason.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    no_store((status, Json(ReadyReply { ready: reason.is_none(), reason })).into_response())
}
