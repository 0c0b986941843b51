//! `POST /api/v1/images`

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use tintype_app::{Actor, upload::Uploaded};

use crate::{
    Http,
    access_log::about,
    caller::Caller,
    form::{self, File, Intake},
    problem::Problem,
    reply::{Batch, FileBytes, FileProblem, ImageReply, ProblemDocument, VisibilityWord},
};

/// Upload images.
///
/// Takes a multipart form with one or many parts named `file`, an image as it is, or JSON with the image in base64.
/// Fields may stand in the body or in the query. One file answers the image; several answer what became of each.
#[utoipa::path(
    post,
    path = "/api/v1/images",
    tag = "images",
    operation_id = "uploadImages",
    request_body(
        content(
            (UploadForm = "multipart/form-data"),
            (UploadJson = "application/json"),
            (FileBytes = "image/*"),
        )
    ),
    params(
        UploadQuery,
        ("Idempotency-Key" = Option<String>, Header, description = "A random text; the same one again within a day answers as the first time, without a second image"),
    ),
    responses(
        (status = 201, description = "One image, or what became of several files", body = UploadReply, headers(("Location" = String, description = "The image"))),
        (status = 200, description = "All files were there already", body = UploadReply),
        (status = "4XX", description = "What was wrong, and what would be accepted; of several files that were all refused, what was wrong with each", content((ProblemDocument = "application/problem+json"), (Batch = "application/json"))),
        (status = "5XX", description = "The server's own trouble; with several files, with each", content((ProblemDocument = "application/problem+json"), (Batch = "application/json"))),
    ),
    security((), ("token" = []), ("browser" = [])),
)]
pub(crate) async fn upload(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let mut caller = Caller::of(&http, &parts)?;
    let cookie = caller.become_owner(&http.app);
    let actor = caller.actor(&http.app).await?;
    let intake = form::intake(&http, &actor, &parts, body).await?;
    let mut response = answer(&http, &caller, &actor, intake).await?;
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Publishes what came in and tells of it.
pub(crate) async fn answer(
    http: &Http,
    caller: &Caller,
    actor: &Actor,
    intake: Intake,
) -> Result<Response, Problem> {
    let single = intake.files.len() == 1;
    let mut outcomes = publish(http, actor, intake).await;
    if single && let Some((_, outcome)) = outcomes.pop() {
        let uploaded = outcome?;
        let status = if uploaded.duplicate { StatusCode::OK } else { StatusCode::CREATED };
        let reply = tell(caller, &uploaded);
        let location = format!("{}/api/v1/images/{}", caller.origin.base, uploaded.image.id);
        let mut response = (status, Json(reply)).into_response();
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        return Ok(about(no_store(response), [&uploaded.image]));
    }
    let (mut images, mut problems, mut status) = (Vec::new(), Vec::new(), None);
    let mut stored = Vec::new();
    let mut any_new = false;
    for (file_name, outcome) in outcomes {
        match outcome {
            Ok(uploaded) => {
                any_new |= !uploaded.duplicate;
                images.push(tell(caller, &uploaded));
                stored.push(uploaded.image);
            }
            Err(problem) => {
                status.get_or_insert(problem.code.status());
                problems.push(FileProblem { file_name, problem: problem.to_json() });
            }
        }
    }
    let status = match (any_new, images.is_empty(), status) {
        (true, ..) => StatusCode::CREATED,
        (false, true, Some(status)) => status,
        (false, ..) => StatusCode::OK,
    };
    Ok(about(no_store((status, Json(Batch { images, problems })).into_response()), &stored))
}

/// Publishes each file by itself: what is wrong with one does not touch the others.
pub(crate) async fn publish(
    http: &Http,
    actor: &Actor,
    intake: Intake,
) -> Vec<(Option<String>, Result<Uploaded, Problem>)> {
    let mut outcomes = Vec::with_capacity(intake.files.len());
    for (index, File { name, received }) in intake.files.into_iter().enumerate() {
        let mut fields = intake.fields.clone();
        if let Some(key) = &mut fields.idempotency {
            key.index = index;
        }
        let outcome = match received {
            Ok(received) => http.app.publish(actor, received, name.clone(), fields).await,
            Err(error) => Err(error),
        };
        http.metrics
            .uploaded(outcome.as_ref().map(|uploaded| (uploaded.duplicate, uploaded.image.received_bytes)));
        outcomes.push((name, outcome.map_err(|error| Problem::from_upload(&http.app, &error))));
    }
    outcomes
}

fn tell(caller: &Caller, uploaded: &Uploaded) -> ImageReply {
    ImageReply::new(&caller.origin.base, &uploaded.image, uploaded.delete_token.as_ref(), uploaded.duplicate)
}

/// The reply holds secrets and is for one eye.
pub(crate) fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What an upload answers: the image, or for several files what became of each.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the two shapes of the reply for the API's description")]
enum UploadReply {
    One(Box<ImageReply>),
    Several(Batch),
}

/// A form with files.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form for the API's description; it is read part by part")]
struct UploadForm {
    /// One or many files.
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1, max_items = 100)]
    file: Vec<Vec<u8>>,
    #[schema(max_length = 200, nullable = false)]
    title: Option<String>,
    #[schema(max_length = 5000, nullable = false)]
    description: Option<String>,
    #[schema(max_length = 1000, nullable = false)]
    alt: Option<String>,
    /// Comma-separated.
    #[schema(nullable = false)]
    tags: Option<String>,
    #[schema(max_length = 100, nullable = false)]
    label: Option<String>,
    #[schema(max_length = 512, nullable = false)]
    path: Option<String>,
    #[schema(value_type = Option<VisibilityWord>, nullable = false)]
    visibility: Option<String>,
    #[schema(example = "7d", pattern = "^[0-9]+[smhdw]?$", nullable = false)]
    expires_in: Option<String>,
    #[schema(nullable = false)]
    keep_metadata: Option<bool>,
    #[schema(value_type = Option<DuplicatesWord>, nullable = false)]
    duplicates: Option<String>,
}

/// What to do with bytes that are there already: `return` that image, or make a `new` one.
#[derive(utoipa::ToSchema)]
#[schema(as = Duplicates, rename_all = "lowercase")]
#[expect(dead_code, reason = "describes words for the API's description")]
pub(crate) enum DuplicatesWord {
    Return,
    New,
}

/// An image in base64, at most 16 MB of JSON, with fields beside it. A field that is null is as one that is left away.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the JSON for the API's description")]
struct UploadJson {
    /// The file in base64 (RFC 4648, chapter 4), or a data URL.
    #[schema(min_length = 1)]
    image: String,
    file_name: Option<String>,
    #[schema(max_length = 200)]
    title: Option<String>,
    #[schema(max_length = 5000)]
    description: Option<String>,
    #[schema(max_length = 1000)]
    alt: Option<String>,
    tags: Option<Vec<String>>,
    #[schema(max_length = 100)]
    label: Option<String>,
    #[schema(max_length = 512)]
    path: Option<String>,
    #[schema(value_type = Option<VisibilityWord>)]
    visibility: Option<String>,
    #[schema(pattern = "^[0-9]+[smhdw]?$")]
    expires_in: Option<String>,
    keep_metadata: Option<bool>,
    #[schema(value_type = Option<DuplicatesWord>)]
    duplicates: Option<String>,
}

/// Fields, which may also stand in the body.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query for the API's description; it is read field by field")]
struct UploadQuery {
    /// At most 200 characters.
    #[param(max_length = 200, nullable = false)]
    title: Option<String>,
    /// At most 5000 characters.
    #[param(max_length = 5000, nullable = false)]
    description: Option<String>,
    /// What stands for the picture where it cannot be seen; at most 1000 characters.
    #[param(max_length = 1000, nullable = false)]
    alt: Option<String>,
    /// Comma-separated; at most 20 of at most 50 characters.
    #[param(nullable = false)]
    tags: Option<String>,
    /// The caller's own string, filterable in lists; at most 100 characters.
    #[param(max_length = 100, nullable = false)]
    label: Option<String>,
    /// A named path such as `blog/sunset.jpg`; needs a token with scope `paths`.
    #[param(max_length = 512, nullable = false)]
    path: Option<String>,
    /// Where it is left away, that of the picture which this one replaces at its path, else `unlisted`.
    #[param(value_type = Option<VisibilityWord>, nullable = false)]
    visibility: Option<String>,
    /// Seconds, or a number with s, m, h, d or w, such as `7d`.
    #[param(pattern = "^[0-9]+[smhdw]?$", nullable = false)]
    expires_in: Option<String>,
    /// `true` leaves EXIF and the like in the published file.
    #[param(nullable = false)]
    keep_metadata: Option<bool>,
    /// `return` gives the image that is already there for the same bytes, `new` always a new one.
    #[param(value_type = Option<DuplicatesWord>, nullable = false)]
    duplicates: Option<String>,
}
