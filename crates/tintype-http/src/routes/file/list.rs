//! `GET /api/v1/files/`

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use tintype_app::{
    Entry,
    file::{FOLDER_LIST_DEFAULT, FolderPlace},
    text::InvalidField,
};

use crate::{
    Http,
    caller::Caller,
    problem::{Code, Problem},
    reply::{FileReply, FolderList, ProblemDocument},
    routes::image::upload::no_store,
};

/// What of a folder to show.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct FolderParams {
    /// Folders and files on a page: 1 to 1000, 200 where it is left away. What lies beyond is taken for the nearer end.
    #[param(minimum = 0, maximum = 4_294_967_295_u32, format = Int64, nullable = false)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// `true` lists the files of all folders below, in place of those folders.
    #[serde(default)]
    recursive: bool,
}

/// List your files at named paths, from the root; with the scope `admin`, everybody's. A folder's own list is at its path, with a slash at its end.
#[utoipa::path(
    get,
    path = "/api/v1/files/",
    tag = "files",
    operation_id = "listFiles",
    params(FolderParams),
    responses(
        (status = 200, description = "A page of the list", body = FolderList),
        (status = "4XX", description = "What was wrong, and what would be accepted", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("browser" = [])),
)]
pub(crate) async fn list(
    State(http): State<Http>,
    caller: Caller,
    params: Result<Query<FolderParams>, QueryRejection>,
) -> Result<Response, Problem> {
    folder(&http, &caller, String::new(), params).await
}

/// A page of one folder's list.
pub(super) async fn folder(
    http: &Http,
    caller: &Caller,
    folder: String,
    params: Result<Query<FolderParams>, QueryRejection>,
) -> Result<Response, Problem> {
    let app = &http.app;
    let Query(params) = params.map_err(|error| {
        let detail = format!(
            "The query cannot be read ({}). It takes limit (1 to 1000), cursor and recursive (true or false).",
            error.body_text()
        );
        Problem::new(app, Code::InvalidField, detail)
    })?;
    let after = params.cursor.as_deref().map(|cursor| last_of(cursor, &folder)).transpose();
    let after = after.map_err(|invalid| Problem::from_field(app, &invalid))?;
    let actor = caller.actor(app).await?;
    let place = FolderPlace { folder: folder.clone(), recursive: params.recursive, after };
    let page = app
        .list_files(&actor, place, params.limit.unwrap_or(FOLDER_LIST_DEFAULT))
        .await
        .map_err(|error| Problem::from_file(app, &error))?;
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in page.entries {
        match entry {
            Entry::Folder(path) => folders.push(path),
            Entry::File(file) => files.push(FileReply::new(&caller.origin.base, &file)),
        }
    }
    let next_cursor = page.next.map(|last| BASE64_URL_SAFE_NO_PAD.encode(last));
    Ok(no_store(Json(FolderList { folder, folders, files, next_cursor }).into_response()))
}

/// The last path of the page before, which a cursor is.
fn last_of(cursor: &str, folder: &str) -> Result<String, InvalidField> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    let path = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    path.filter(|path| path.starts_with(folder) && !path.contains(char::is_control)).ok_or_else(|| {
        InvalidField::new(
            "cursor",
            "is not one that a list of this folder gave out; leave it away to begin at the first file",
        )
    })
}
