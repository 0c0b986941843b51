//! `PUT /api/v1/files/{path}`

use axum::{
    extract::{Request, State},
    response::Response,
};

use tintype_app::text::InvalidField;

use crate::{
    Http,
    caller::Caller,
    form,
    place::Place,
    problem::Problem,
    reply::{FileBytes, ImageReply, ProblemDocument},
    routes::image::upload::answer,
};

/// Upload an image to a named path: `curl -T sunset.jpg …/api/v1/files/blog/sunset.jpg`.
///
/// The body is the file. Needs a token with the scopes `upload` and `paths`. Your own image at that path is replaced by
/// this one and lives on at its other links; another owner's is not, until it is deleted. A token with the scope `admin`
/// replaces anybody's, and the new image is its owner's. With `If-None-Match: *` nothing is replaced; with `If-Match` and the
/// `ETag` that was read, nothing that somebody else changed meanwhile.
#[utoipa::path(
    put,
    path = "/api/v1/files/{path}",
    tag = "files",
    operation_id = "putFile",
    params(
        ("path" = String, Path, description = "The named path, such as blog/sunset.jpg"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only where nothing stands at the path, else 412"),
        ("If-Match" = Option<String>, Header, description = "An ETag: only where that file stands at the path, else 412"),
        ("Idempotency-Key" = Option<String>, Header, description = "A random text; the same one again within a day answers as the first time, without a second image"),
    ),
    request_body(content = FileBytes, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "The image", body = ImageReply),
        (status = 200, description = "The image was there already", body = ImageReply),
        (status = "4XX", description = "What was wrong, and what would be accepted", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn put(
    State(http): State<Http>,
    path: Result<Place<String>, Problem>,
    request: Request,
) -> Result<Response, Problem> {
    let path = super::path(&http, path)?;
    if path.ends_with('/') {
        let invalid = InvalidField::new("path", "is a folder; put the file's name behind it");
        return Err(Problem::from_field(&http.app, &invalid));
    }
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&http, &parts)?;
    let actor = caller.actor(&http.app).await?;
    let intake = form::intake_raw(&http, &actor, &parts, body, &path).await?;
    answer(&http, &caller, &actor, intake).await
}
