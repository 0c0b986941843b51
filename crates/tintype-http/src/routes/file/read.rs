//! `GET /api/v1/files/{path}`

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use tintype_app::serve;

use super::{Named, list::FolderParams};
use crate::{
    Http,
    caller::Caller,
    place::Place,
    problem::Problem,
    reply::{FileReply, FolderList, ProblemDocument},
    routes::image::upload::no_store,
};

/// Read what the server knows of your file at a path; with a slash at the path's end, list that folder.
///
/// The query is for folders: a list takes `limit`, `cursor` and `recursive`. A token with the scope `admin` sees everybody's.
#[utoipa::path(
    get,
    path = "/api/v1/files/{path}",
    tag = "files",
    operation_id = "readFile",
    params(
        ("path" = String, Path, description = "The named path, such as blog/sunset.jpg, or a folder, such as blog/"),
        FolderParams,
    ),
    responses(
        (status = 200, description = "The file, or a page of the folder's list", body = FileOrFolder, headers(("ETag" = Option<String>, description = "That of the file, for If-Match"))),
        (status = "4XX", description = "Not there (404; `moved_to` says where a moved file is), deleted (410)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("browser" = [])),
)]
pub(crate) async fn read(
    State(http): State<Http>,
    caller: Caller,
    path: Result<Place<String>, Problem>,
    params: Result<Query<FolderParams>, QueryRejection>,
) -> Result<Response, Problem> {
    let path = super::path(&http, path)?;
    let path = match super::named(&http, &path)? {
        Named::Folder(folder) => return super::list::folder(&http, &caller, folder, params).await,
        Named::File(path) => path,
    };
    let actor = caller.actor(&http.app).await?;
    let file = http.app.file(&actor, &path).await.map_err(|error| Problem::from_file(&http.app, &error))?;
    let mut response = no_store(Json(FileReply::new(&caller.origin.base, &file)).into_response());
    if let Some(etag) = file.image.blob.and_then(|blob| HeaderValue::from_str(&serve::etag(blob.hash)).ok()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}

/// What stands at a path.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the two shapes of the reply for the API's description")]
enum FileOrFolder {
    File(Box<FileReply>),
    Folder(FolderList),
}
