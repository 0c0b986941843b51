//! `DELETE /api/v1/files/{path}`

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use tintype_app::text::InvalidField;

use super::Named;
use crate::{Http, caller::Caller, conditions, place::Place, problem::Problem, reply::ProblemDocument};

/// Delete the file at a path.
///
/// Its image is deleted with it, as by `DELETE /api/v1/images/{id}`, unless another path leads to it; restored, it comes
/// back to its path unless something else stands there by then. At a path that was moved, the redirect ends.
#[utoipa::path(
    delete,
    path = "/api/v1/files/{path}",
    tag = "files",
    operation_id = "deleteFile",
    params(
        ("path" = String, Path, description = "The named path, such as blog/sunset.jpg"),
        ("If-Match" = Option<String>, Header, description = "An ETag: only where that file stands at the path, else 412"),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = "4XX", description = "Not there (404), not yours (403), not what `If-Match` expects (412)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("browser" = [])),
)]
pub(crate) async fn delete(
    State(http): State<Http>,
    caller: Caller,
    path: Result<Place<String>, Problem>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let app = &http.app;
    let path = super::path(&http, path)?;
    let Named::File(path) = super::named(&http, &path)? else {
        let invalid = InvalidField::new(
            "path",
            "is a folder; delete its files one by one, or use tintype sync --delete",
        );
        return Err(Problem::from_field(app, &invalid));
    };
    let actor = caller.actor(app).await?;
    let expected = conditions::of_path(&headers);
    app.delete_file(&actor, &path, expected).await.map_err(|error| Problem::from_file(app, &error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
