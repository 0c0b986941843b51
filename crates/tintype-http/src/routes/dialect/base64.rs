//! System B, a function behind an API gateway: `POST /`, `/v0` or `/v0/` with an image in base64.

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use serde_json::Value;

use super::reply;
use crate::{
    Http,
    access_log::about,
    caller::Caller,
    form,
    problem::{Code, Problem},
    routes::image::upload::publish,
};

/// An image in base64, at most 16 MB of JSON. Names are read whatever their case.
#[derive(utoipa::ToSchema)]
#[schema(as = Base64Upload)]
#[expect(dead_code, reason = "describes the JSON for the API's description")]
struct Base64Upload {
    /// The file in base64 (RFC 4648, chapter 4), or a data URL.
    #[schema(rename = "Image64", min_length = 1)]
    image64: String,
    /// Is not looked at: the type comes from the content.
    #[schema(rename = "Extension", value_type = Value, required = false)]
    extension: Option<Value>,
}

/// Where the image is, below the host that was asked.
#[derive(Serialize, utoipa::ToSchema)]
struct Base64Uploaded {
    #[serde(rename = "URL")]
    #[schema(example = "i/9f3kQ2mZ7xWb4TnRa.png")]
    url: String,
}

/// What was wrong, in the shape of a function that failed.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct Base64Refused {
    /// What was wrong and what to do.
    error_message: String,
    error_type: Code,
    /// What to quote to the operator.
    #[serde(rename = "request_id")]
    request_id: String,
}

/// Upload an image in base64, as the replaced function took it. Also at `/v0` and `/v0/`.
#[utoipa::path(
    post,
    path = "/",
    tag = "dialects",
    operation_id = "uploadBase64",
    request_body(content = Base64Upload, content_type = "application/json"),
    responses(
        (status = 200, description = "Where the image is", body = Base64Uploaded),
        (status = "4XX", description = "What was wrong", body = Base64Refused),
        (status = "5XX", description = "The server's own trouble", body = Base64Refused),
    ),
    security((), ("token" = []), ("browser" = [])),
)]
pub(crate) async fn upload(State(http): State<Http>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let outcome = async {
        let mut caller = Caller::of(&http, &parts)?;
        let cookie = caller.become_owner(&http.app);
        let actor = caller.actor(&http.app).await?;
        let intake = form::intake_base64(&http, &actor, &parts, body).await?;
        let (_, uploaded) = publish(&http, &actor, intake).await.pop().ok_or_else(|| {
            Problem::new(
                &http.app,
                Code::MissingFile,
                "The JSON has no image. Send {\"Image64\": \"<base64>\"}.",
            )
        })?;
        let image = uploaded?.image;
        let url = format!("i/{}.{}", image.id, image.media_type.extension());
        Ok::<_, Problem>(about(reply(Base64Uploaded { url }, cookie), [&image]))
    };
    outcome.await.unwrap_or_else(|problem| {
        let body = Base64Refused {
            error_message: problem.detail.clone(),
            error_type: problem.code,
            request_id: problem.request_id.clone(),
        };
        problem.in_words_of(Json(body).into_response())
    })
}
