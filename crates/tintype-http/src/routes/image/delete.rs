//! `DELETE /api/v1/images/{id}`

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tintype_app::{authorize::Denial, types::secret::DeleteToken};

use crate::{
    Http,
    caller::Caller,
    place::Place,
    problem::{Code, Problem},
    reply::ProblemDocument,
};

/// How to delete.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteParams {
    /// `true` skips the time in which the delete can be undone and removes the bytes.
    #[serde(default)]
    now: bool,
}

/// Delete an image. It is gone at once for everybody, and can be restored until the grace period ends.
#[utoipa::path(
    delete,
    path = "/api/v1/images/{id}",
    tag = "images",
    operation_id = "deleteImage",
    params(
        ("id" = String, Path, description = "The image", pattern = "^[1-9A-HJ-NP-Za-km-z]{17}$"),
        DeleteParams,
        ("Tintype-Delete-Token" = Option<String>, Header, description = "The image's delete token, in place of being its owner"),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = "4XX", description = "Not there (404), not yours (403)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security((), ("token" = []), ("browser" = [])),
)]
pub(crate) async fn delete(
    State(http): State<Http>,
    caller: Caller,
    Place(id): Place<String>,
    params: Result<Query<DeleteParams>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let app = &http.app;
    let id = super::id(&http, &id)?;
    let Query(params) = params.map_err(|error| {
        let detail = format!("The query cannot be read ({}). It takes now=true.", error.body_text());
        Problem::new(app, Code::InvalidField, detail)
    })?;
    let outcome = match headers.get("tintype-delete-token") {
        Some(value) => {
            let token = value.to_str().ok().and_then(DeleteToken::parse);
            let token = token.ok_or_else(|| Problem::from_denial(app, Denial::NotFound))?;
            app.delete_by_token(&token, Some(id), params.now).await
        }
        None => app.delete(&caller.actor(app).await?, id, params.now).await,
    };
    outcome.map_err(|error| Problem::from_image(app, &error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
