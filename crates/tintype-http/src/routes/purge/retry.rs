//! `POST /api/v1/purges/retry`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Http, caller::Caller, problem::Problem, reply::ProblemDocument, routes::image::upload::no_store,
};

/// How much is tried again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Retried {
    /// Purges that have failed, all of which are tried now.
    retried: u64,
}

/// Try at once what caches in front could not be told, or have not forgotten. Needs the scope `admin`.
#[utoipa::path(
    post,
    path = "/api/v1/purges/retry",
    tag = "operator",
    operation_id = "retryPurges",
    responses(
        (status = 202, description = "It is being tried", body = Retried),
        (status = "4XX", description = "Not an admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn retry(State(http): State<Http>, caller: Caller) -> Result<Response, Problem> {
    let app = &http.app;
    let actor = caller.actor(app).await?;
    let retried = app.hurry_purges(&actor).await.map_err(|error| Problem::from_image(app, &error))?;
    Ok(no_store((http::StatusCode::ACCEPTED, Json(Retried { retried })).into_response()))
}
