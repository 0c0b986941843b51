//! `GET`, `POST` and `DELETE /api/v1/bans`

use axum::{
    Json,
    extract::{Query, Request, State, rejection::QueryRejection},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tintype_app::{Ban, BanKind, abuse::parse_ban, authorize::Denial, image::ImageError, text};
use utoipa::ToSchema;

use crate::{
    Http,
    caller::Caller,
    form,
    problem::{Code, Problem},
    reply::{ProblemDocument, rfc3339},
    routes::image::upload::no_store,
};

/// Something banned.
#[derive(Serialize, ToSchema)]
#[schema(as = Ban)]
pub(crate) struct BanReply {
    /// `content` or `address`.
    kind: &'static str,
    /// A SHA-256 in hex, or a network.
    value: String,
    note: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// Every ban, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct BanList {
    bans: Vec<BanReply>,
}

/// What to ban.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBan {
    /// The SHA-256 of a file, as it was uploaded or as it is served, in hex; or an address or network.
    #[schema(example = "192.0.2.0/24")]
    value: String,
    /// Why, for the operator.
    #[serde(default)]
    note: Option<String>,
}

/// What came of a ban.
#[derive(Serialize, ToSchema)]
pub(crate) struct Banned {
    kind: &'static str,
    value: String,
    /// Images of that content that were deleted by it.
    deleted: usize,
}

/// Which ban to lift.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiftParams {
    /// What was banned.
    value: String,
}

/// List bans. Needs the scope `admin`.
#[utoipa::path(
    get,
    path = "/api/v1/bans",
    tag = "operator",
    operation_id = "listBans",
    responses(
        (status = 200, description = "The bans", body = BanList),
        (status = "4XX", description = "Not an admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn list(State(http): State<Http>, caller: Caller) -> Result<Response, Problem> {
    let app = &http.app;
    let actor = caller.actor(app).await?;
    let bans = app.list_bans(&actor).await.map_err(|error| Problem::from_image(app, &error))?;
    let bans = bans
        .into_iter()
        .map(|Ban { kind, value, note, created_at }| BanReply {
            kind: kind.as_str(),
            value,
            note,
            created_at: rfc3339(created_at),
        })
        .collect();
    Ok(no_store(Json(BanList { bans }).into_response()))
}

/// Ban content or an address, at once. Needs the scope `admin`.
///
/// Images of banned content are deleted, whoever owns them, and nobody can upload it again. From a banned address nothing is
/// answered.
#[utoipa::path(
    post,
    path = "/api/v1/bans",
    tag = "operator",
    operation_id = "ban",
    request_body(content = NewBan, content_type = "application/json"),
    responses(
        (status = 200, description = "It is banned", body = Banned),
        (status = "4XX", description = "Not an admin, or nothing that can be banned", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn ban(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let app = &http.app;
    let actor = Caller::of(&http, &parts)?.actor(app).await?;
    let wanted: NewBan = form::small_json(&http, body, "{\"value\": \"192.0.2.7\", \"note\": …}").await?;
    let (kind, value) = parse(&http, &wanted.value)?;
    let note = wanted.note.as_deref().unwrap_or_default();
    let note =
        text::text("note", note, text::TITLE_MAX, false).map_err(|error| Problem::from_field(app, &error))?;
    let deleted =
        app.ban(&actor, kind, value.clone(), note).await.map_err(|error| Problem::from_image(app, &error))?;
    Ok(no_store(Json(Banned { kind: kind.as_str(), value, deleted }).into_response()))
}

/// Lift a ban. Images that it deleted can be restored. Needs the scope `admin`.
#[utoipa::path(
    delete,
    path = "/api/v1/bans",
    tag = "operator",
    operation_id = "liftBan",
    params(LiftParams),
    responses(
        (status = 204, description = "It is lifted"),
        (status = "4XX", description = "It is not banned (404), not an admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn lift(
    State(http): State<Http>,
    caller: Caller,
    params: Result<Query<LiftParams>, QueryRejection>,
) -> Result<Response, Problem> {
    let app = &http.app;
    let Query(params) = params.map_err(|error| {
        let detail =
            format!("The query cannot be read ({}). It takes value, what was banned.", error.body_text());
        Problem::new(app, Code::InvalidField, detail)
    })?;
    let actor = caller.actor(app).await?;
    let (kind, value) = parse(&http, &params.value)?;
    app.lift_ban(&actor, kind, value).await.map_err(|error| match &error {
        ImageError::Denied(Denial::NotFound) => {
            Problem::new(app, Code::NotFound, "That is not banned. List bans at /api/v1/bans.")
        }
        error => Problem::from_image(app, error),
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn parse(http: &Http, value: &str) -> Result<(BanKind, String), Problem> {
    parse_ban(value).map_err(|error| {
        Problem::new(&http.app, Code::InvalidField, format!("The field value: {error}."))
            .with("field", "value")
    })
}
