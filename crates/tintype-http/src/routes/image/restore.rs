//! `POST /api/v1/images/{id}/restore`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};

use super::upload::no_store;
use crate::{
    Http,
    caller::Caller,
    place::Place,
    problem::Problem,
    reply::{ImageReply, ProblemDocument},
};

/// Undo a delete.
#[utoipa::path(
    post,
    path = "/api/v1/images/{id}/restore",
    tag = "images",
    operation_id = "restoreImage",
    params(("id" = String, Path, description = "The image", pattern = "^[1-9A-HJ-NP-Za-km-z]{17}$")),
    responses(
        (status = 200, description = "The image, which is back", body = ImageReply),
        (status = "4XX", description = "Not there (404), not yours (403), too late (410)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("browser" = [])),
)]
pub(crate) async fn restore(
    State(http): State<Http>,
    caller: Caller,
    Place(id): Place<String>,
) -> Result<Response, Problem> {
    let id = super::id(&http, &id)?;
    let actor = caller.actor(&http.app).await?;
    let image = http.app.restore(&actor, id).await.map_err(|error| Problem::from_image(&http.app, &error))?;
    Ok(no_store(Json(ImageReply::new(&caller.origin.base, &image, None, false)).into_response()))
}
