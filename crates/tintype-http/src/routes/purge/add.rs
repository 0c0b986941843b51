//! `POST /api/v1/purges`

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Http,
    caller::Caller,
    form,
    problem::{Code, Problem},
    reply::ProblemDocument,
    routes::image::upload::no_store,
};

/// What to forget.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPurge {
    /// A link of any kind, an image's id, or a named path.
    #[schema(example = "https://img.example.org/blog/sunset.jpg")]
    address: String,
}

/// What is being forgotten.
#[derive(Serialize, ToSchema)]
pub(crate) struct Purging {
    /// The image's id, or the named path with a slash before it.
    subject: String,
    /// Caches that are told.
    caches: u64,
}

/// Have every cache in front forget an image or a named path. Needs the scope `admin`.
///
/// Caches are told of every change by themselves; this is for what they have for other reasons.
#[utoipa::path(
    post,
    path = "/api/v1/purges",
    tag = "operator",
    operation_id = "addPurge",
    request_body(content = NewPurge, content_type = "application/json"),
    responses(
        (status = 202, description = "The caches are being told", body = Purging),
        (status = "4XX", description = "Not an admin, or no address of this server", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn add(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let app = &http.app;
    let actor = Caller::of(&http, &parts)?.actor(app).await?;
    let wanted: NewPurge = form::small_json(&http, body, "{\"address\": \"https://…/i/….jpg\"}").await?;
    let base_url = http.config.base_url.as_deref();
    let queued = app
        .purge_link(&actor, base_url, &wanted.address)
        .await
        .map_err(|error| Problem::from_image(app, &error))?;
    let Some((subject, caches)) = queued else {
        let detail =
            "This leads to no image and can be no named path. Send a link, an image's id or a named path.";
        return Err(Problem::new(app, Code::NotFound, detail));
    };
    let reply = Purging { subject: subject.to_string(), caches };
    Ok(no_store((http::StatusCode::ACCEPTED, Json(reply)).into_response()))
}
