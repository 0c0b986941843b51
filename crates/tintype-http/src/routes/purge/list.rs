//! `GET /api/v1/purges`

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use tintype_app::{CacheState, Purge, image::LIST_DEFAULT};
use utoipa::ToSchema;

use crate::{
    Http,
    caller::Caller,
    problem::{Code, Problem},
    reply::{ProblemDocument, rfc3339},
    routes::image::upload::no_store,
};

/// Something that a cache has yet to forget.
#[derive(Serialize, ToSchema)]
#[schema(as = Purge)]
pub(crate) struct PurgeReply {
    /// The cache, by its name.
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

/// A cache that is told what to forget.
#[derive(Serialize, ToSchema)]
#[schema(as = Cache)]
pub(crate) struct CacheReply {
    /// Its name: that of `cdn.driver`, for nginx and Varnish with the node, such as `varnish 127.0.0.1:6081`.
    name: String,
    /// Until when it asked to be left alone; null where it did not.
    #[schema(format = DateTime)]
    rests_until: Option<String>,
    /// When the oldest purge was noted that has failed; null where none has.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// Why the newest of those failed last.
    problem: Option<String>,
}

impl From<CacheState> for CacheReply {
    fn from(cache: CacheState) -> Self {
        Self {
            name: cache.name,
            rests_until: cache.rests_until.map(rfc3339),
            failing_since: cache.failing_since.map(rfc3339),
            problem: cache.problem,
        }
    }
}

/// A page of what waits, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct PurgeList {
    purges: Vec<PurgeReply>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
    /// How many purges wait.
    total: u64,
    caches: Vec<CacheReply>,
}

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PurgeParams {
    /// Purges on a page: 1 to 200, 50 where it is left away. What lies beyond is taken for the nearer end.
    #[param(minimum = 0, maximum = 4_294_967_295_u32, format = Int64, nullable = false)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List what caches in front have yet to forget. Needs the scope `admin`.
#[utoipa::path(
    get,
    path = "/api/v1/purges",
    tag = "operator",
    operation_id = "listPurges",
    params(PurgeParams),
    responses(
        (status = 200, description = "A page of what waits, and how the caches are", body = PurgeList),
        (status = "4XX", description = "Not an admin, or a query that cannot be read", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn list(
    State(http): State<Http>,
    caller: Caller,
    params: Result<Query<PurgeParams>, QueryRejection>,
) -> Result<Response, Problem> {
    let app = &http.app;
    let Query(params) = params.map_err(|error| {
        let detail = format!(
            "The query cannot be read ({}). It takes limit (1 to 200) and cursor.",
            error.body_text()
        );
        Problem::new(app, Code::InvalidField, detail)
    })?;
    let actor = caller.actor(app).await?;
    let refused = |error| Problem::from_image(app, &error);
    let limit = params.limit.unwrap_or(LIST_DEFAULT);
    let (page, total) = app.list_purges(&actor, limit, params.cursor.as_deref()).await.map_err(refused)?;
    let caches = app.list_caches(&actor).await.map_err(refused)?;
    let list = PurgeList {
        purges: page.purges.into_iter().map(PurgeReply::from).collect(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
        total,
        caches: caches.into_iter().map(CacheReply::from).collect(),
    };
    Ok(no_store(Json(list).into_response()))
}
