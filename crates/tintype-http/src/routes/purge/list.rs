//! `GET /api/v1/purges`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use tintype_app::Purge;
use utoipa::ToSchema;

use crate::{
    Http,
    caller::Caller,
    problem::Problem,
    reply::{ProblemDocument, rfc3339},
    routes::image::upload::no_store,
};

/// Something that a cache has yet to forget.
#[derive(Serialize, ToSchema)]
#[schema(as = Purge)]
pub(crate) struct PurgeReply {
    /// The cache, as `cdn.driver` names it.
    cache: String,
    /// An image's id, or a named path with a slash before it.
    subject: String,
    /// `purge` (to be told), `again` (to be told once more) or `verify` (to be looked at from outside).
    step: &'static str,
    /// Tries that failed.
    attempts: u32,
    #[schema(format = DateTime)]
    next_try_at: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// Why the last try failed.
    problem: Option<String>,
}

impl From<Purge> for PurgeReply {
    fn from(purge: Purge) -> Self {
        Self {
            cache: purge.cache,
            subject: purge.subject.to_string(),
            step: purge.step.as_str(),
            attempts: purge.attempts,
            next_try_at: rfc3339(purge.due_at),
            created_at: rfc3339(purge.created_at),
            problem: purge.problem,
        }
    }
}

/// Everything that waits, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct PurgeList {
    purges: Vec<PurgeReply>,
}

/// List what caches in front have yet to forget. Needs the scope `admin`.
#[utoipa::path(
    get,
    path = "/api/v1/purges",
    tag = "operator",
    operation_id = "listPurges",
    responses(
        (status = 200, description = "What waits", body = PurgeList),
        (status = "4XX", description = "Not an admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn list(State(http): State<Http>, caller: Caller) -> Result<Response, Problem> {
    let app = &http.app;
    let actor = caller.actor(app).await?;
    let purges = app.list_purges(&actor).await.map_err(|error| Problem::from_image(app, &error))?;
    let purges = purges.into_iter().map(PurgeReply::from).collect();
    Ok(no_store(Json(PurgeList { purges }).into_response()))
}
