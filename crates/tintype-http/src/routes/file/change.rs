//! `PATCH /api/v1/files/{path}`

use axum::{
    Json,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use tintype_app::text::InvalidField;

use super::Named;
use crate::{
    Http,
    caller::Caller,
    conditions, form,
    place::Place,
    problem::Problem,
    reply::{FileReply, ProblemDocument},
    routes::image::upload::no_store,
};

/// Where to move a file, or a folder.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveRequest {
    /// The new path; of a folder, the new folder, with a slash at its end.
    #[schema(max_length = 512)]
    path: String,
    /// Whether images at new paths that you may replace are replaced. They keep their other links.
    #[serde(default)]
    overwrite: bool,
}

/// What became of a folder.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FolderMoved {
    /// The new folder.
    folder: String,
    /// How many files were moved.
    moved: usize,
}

/// Move a file or a whole folder to another path.
///
/// The old paths redirect to the new ones, until something else is put there. A folder is moved at once or not at all; it
/// may hold at most 5000 files. A token with the scope `admin` moves everybody's, over anybody's; what is moved keeps its
/// owner, who has the new path then.
#[utoipa::path(
    patch,
    path = "/api/v1/files/{path}",
    tag = "files",
    operation_id = "moveFile",
    params(
        ("path" = String, Path, description = "The named path, such as blog/sunset.jpg, or a folder, such as blog/"),
        ("If-Match" = Option<String>, Header, description = "An ETag: only where that file stands at the path, else 412"),
    ),
    request_body = MoveRequest,
    responses(
        (status = 200, description = "The file at its new path, or how many files were moved", body = Moved),
        (status = "4XX", description = "Not there (404), not yours (403), the new path is not free (409), not what `If-Match` expects (412)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn change(
    State(http): State<Http>,
    caller: Caller,
    path: Result<Place<String>, Problem>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let app = &http.app;
    let from = super::path(&http, path)?;
    let from = super::named(&http, &from)?;
    let shape =
        r#"{"path": "new/path.jpg"}, or {"path": "new/folder/"} for a folder; "overwrite": true replaces"#;
    let wish: MoveRequest = form::small_json(&http, body, shape).await?;
    let actor = caller.actor(app).await?;
    let expected = conditions::of_path(&headers);
    let failed = |error| Problem::from_file(app, &error);
    let to = super::named(&http, &wish.path)?;
    http.config.allows_path(to.path()).map_err(|invalid| Problem::from_field(app, &invalid))?;
    let reply = match (from, to) {
        (Named::File(from), Named::File(to)) => {
            let file = app.move_file(&actor, &from, &to, wish.overwrite, expected).await.map_err(failed)?;
            Moved::File(Box::new(FileReply::new(&caller.origin.base, &file)))
        }
        (Named::Folder(from), Named::Folder(to)) if !from.starts_with(&to) && !to.starts_with(&from) => {
            let moved =
                app.move_folder(&actor, &from, &to, wish.overwrite, expected).await.map_err(failed)?;
            Moved::Folder(FolderMoved { folder: to, moved })
        }
        (Named::Folder(_), Named::Folder(_)) => {
            let problem =
                "lies in the folder that is moved, or the other way round; move it to a third folder first";
            return Err(Problem::from_field(app, &InvalidField::new("path", problem)));
        }
        _ => {
            let problem =
                "and the path that is moved must both be files, or both be folders with a slash at their end";
            return Err(Problem::from_field(app, &InvalidField::new("path", problem)));
        }
    };
    Ok(no_store(Json(reply).into_response()))
}

/// What was moved.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum Moved {
    File(Box<FileReply>),
    Folder(FolderMoved),
}
