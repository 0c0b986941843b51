//! `GET /api/v1/images/{id}`

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

/// Read one image's record.
#[utoipa::path(
    get,
    path = "/api/v1/images/{id}",
    tag = "images",
    operation_id = "readImage",
    params(("id" = String, Path, description = "The image", pattern = "^[1-9A-HJ-NP-Za-km-z]{17}$")),
    responses(
        (status = 200, description = "The image", body = ImageReply),
        (status = "4XX", description = "Not there (404), deleted (410)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security((), ("token" = []), ("browser" = [])),
)]
pub(crate) async fn read(
    State(http): State<Http>,
    caller: Caller,
    Place(id): Place<String>,
) -> Result<Response, Problem> {
    let id = super::id(&http, &id)?;
    let actor = caller.actor(&http.app).await?;
    let image = http.app.read(&actor, id).await.map_err(|error| Problem::from_image(&http.app, &error))?;
    Ok(no_store(Json(ImageReply::new(&caller.origin.base, &image, None, false)).into_response()))
}
