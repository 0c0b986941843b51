//! Systems C (an http.server behind nginx) and D (Express with multer): `POST /upload` with one file, C's list and delete.
//!
//! Both post to the same addresses, so every answer has the members of both.

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde::Serialize;
use tintype_app::{Image, authorize::Denial, image::ImageError};

use super::reply;
use crate::{
    Http,
    access_log::about,
    caller::Caller,
    form, links,
    place::Place,
    problem::{Code, Problem},
    reply::rfc3339,
    routes::image::upload::publish,
};

/// An uploaded file, in the words of both systems.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct FormUploaded {
    #[schema(example = "9f3kQ2mZ7xWb4TnRa")]
    id: String,
    /// The picture, with this host.
    #[schema(example = "https://img.example.org/i/9f3kQ2mZ7xWb4TnRa")]
    page_url: String,
    #[schema(example = "9f3kQ2mZ7xWb4TnRa.jpg")]
    filename: String,
    /// The picture, without a host.
    #[schema(example = "/images/9f3kQ2mZ7xWb4TnRa.jpg")]
    url: String,
}

/// A file in the list.
#[derive(Serialize, utoipa::ToSchema)]
struct ListedFile {
    #[schema(example = "9f3kQ2mZ7xWb4TnRa.jpg")]
    filename: String,
    #[schema(example = "2026-11-21T20:15:02Z", format = DateTime)]
    created_at: String,
    /// Bytes.
    size: u64,
}

/// What became of a delete.
#[derive(Serialize, utoipa::ToSchema)]
struct Removed {
    message: String,
}

/// What was wrong, in the words of both systems.
#[derive(Serialize, utoipa::ToSchema)]
struct FormRefused {
    /// `file is required`, `upload_failed` where the server is to blame, or the detail.
    error: String,
    /// What was wrong and what to do.
    detail: String,
    code: Code,
    /// What to quote to the operator.
    request_id: String,
}

/// A form with one file; its part may have any name.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form for the API's description; it is read part by part")]
struct OneFileForm {
    #[schema(format = Binary)]
    file: String,
}

/// Upload one file. Also at `/upload/` and `/api/upload/`.
#[utoipa::path(
    post,
    path = "/upload",
    tag = "dialects",
    operation_id = "uploadForm",
    request_body(content = OneFileForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The file", body = FormUploaded),
        (status = "4XX", description = "What was wrong, as `error` and as `detail`", body = FormRefused),
        (status = "5XX", description = "The server's own trouble, as `error` and as `detail`", body = FormRefused),
    ),
    security((), ("token" = []), ("browser" = [])),
)]
pub(crate) async fn upload(State(http): State<Http>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let outcome = async {
        let mut caller = Caller::of(&http, &parts)?;
        let cookie = caller.become_owner(&http.app);
        let actor = caller.actor(&http.app).await?;
        let intake = form::intake_one(&http, &actor, &parts, body).await?;
        let (_, uploaded) = publish(&http, &actor, intake)
            .await
            .pop()
            .ok_or_else(|| Problem::new(&http.app, Code::MissingFile, "The form has no file."))?;
        let image = uploaded?.image;
        let body = FormUploaded {
            id: image.id.to_string(),
            page_url: format!("{}/i/{}", caller.origin.base, image.id),
            url: format!("{}/images/{}", caller.origin.prefix, links::file(&image)),
            filename: links::file(&image),
        };
        Ok::<_, Problem>(about(reply(body, cookie), [&image]))
    };
    outcome.await.unwrap_or_else(refuse)
}

/// The caller's own images, newest first; everybody's but private ones where `dialects.c_shared` is set.
///
/// At most 10,000. Also at `/upload/` and `/api/upload/`.
#[utoipa::path(
    get,
    path = "/upload",
    tag = "dialects",
    operation_id = "listForm",
    responses(
        (status = 200, description = "The files", body = [ListedFile]),
        (status = "4XX", description = "There is none (404)", body = FormRefused),
        (status = "5XX", description = "The server's own trouble", body = FormRefused),
    ),
    security((), ("token" = []), ("browser" = [])),
)]
pub(crate) async fn list(State(http): State<Http>, caller: Result<Caller, Problem>) -> Response {
    let outcome = async {
        let caller = caller?;
        let actor = caller.actor(&http.app).await?;
        match http.app.list_whole(&actor, http.config.list_shared).await {
            Ok(images) => Ok(images),
            // Nobody in particular has none.
            Err(ImageError::Denied(Denial::NeedsIdentity)) => Ok(Vec::new()),
            Err(error) => Err(Problem::from_image(&http.app, &error)),
        }
    };
    match outcome.await {
        Ok(images) if images.is_empty() => {
            refuse(Problem::new(&http.app, Code::NotFound, "No images found."))
        }
        Ok(images) => reply(images.iter().map(listed).collect::<Vec<_>>(), None),
        Err(problem) => refuse(problem),
    }
}

/// Delete one of the caller's own images by its file name. Also at `/api/upload/{file}`.
#[utoipa::path(
    delete,
    path = "/upload/{file}",
    tag = "dialects",
    operation_id = "deleteForm",
    params(("file" = String, Path, description = "`{id}.{ext}`, as the upload and the list name it")),
    responses(
        (status = 200, description = "It is deleted", body = Removed),
        (status = "4XX", description = "Not there, or not the caller's", body = FormRefused),
        (status = "5XX", description = "The server's own trouble", body = FormRefused),
    ),
    security(("token" = []), ("browser" = [])),
)]
pub(crate) async fn remove(
    State(http): State<Http>,
    file: Result<Place<String>, Problem>,
    caller: Result<Caller, Problem>,
) -> Response {
    let missing = || Problem::new(&http.app, Code::NotFound, "There is no such image.");
    let outcome = async {
        let (Place(file), caller) = (file?, caller?);
        let (name, extension) = file.split_once('.').ok_or_else(missing)?;
        let id = name.parse().map_err(|_| missing())?;
        let actor = caller.actor(&http.app).await?;
        let image =
            http.app.read(&actor, id).await.map_err(|error| Problem::from_image(&http.app, &error))?;
        if extension != image.media_type.extension() {
            return Err(missing());
        }
        match http.app.delete(&actor, id, false).await {
            Ok(_) => Ok(Removed { message: format!("{file} was deleted.") }),
            Err(error) => Err(Problem::from_image(&http.app, &error)),
        }
    };
    match outcome.await {
        Ok(removed) => reply(removed, None),
        // A second time it is not there, as those systems said.
        Err(problem) if matches!(problem.code, Code::Gone) => refuse(missing()),
        Err(problem) => refuse(problem),
    }
}

fn listed(image: &Image) -> ListedFile {
    ListedFile {
        filename: links::file(image),
        created_at: rfc3339(image.created_at),
        size: image.blob.as_ref().map_or(0, |blob| blob.bytes),
    }
}

/// What was wrong, in the words of both systems. What the file itself is refused for is 400, as it was there.
fn refuse(problem: Problem) -> Response {
    let status = problem.code.status();
    let error = match problem.code {
        Code::MissingFile => "file is required".to_owned(),
        _ if status.is_server_error() => "upload_failed".to_owned(),
        _ => problem.detail.clone(),
    };
    let body = FormRefused {
        error,
        detail: problem.detail.clone(),
        code: problem.code,
        request_id: problem.request_id.clone(),
    };
    let response = problem.in_words_of(Json(body).into_response());
    let keeps = status.is_server_error()
        || matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::NOT_FOUND
                | StatusCode::TOO_MANY_REQUESTS
        );
    if keeps { response } else { (StatusCode::BAD_REQUEST, response).into_response() }
}
