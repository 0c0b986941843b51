//! System A, a front end that asks for an address, sends the file there and says so: `/uploads/init`, `PUT`,
//! `/uploads/complete`.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tintype_app::{
    direct::{Announcement, DirectError, DirectName},
    text,
    types::{ContentHash, MediaType, secret::UploadId},
    upload::UploadError,
};

use super::reply;
use crate::{
    Http,
    access_log::about,
    caller::{Caller, Client},
    form,
    limit::Kind,
    place::Place,
    problem::{Code, Problem},
    reply::{FileBytes, ImageReply, ProblemDocument, VisibilityWord, rfc3339},
    routes::image::upload::DuplicatesWord,
};

/// A step that writes a row weighs as much as this many requests.
const INIT_COST: u64 = 10;

/// What will be sent.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DirectInit {
    #[serde(default)]
    filename: Option<String>,
    /// Its media type, as the sender believes. The type comes from the content.
    #[serde(default)]
    #[schema(example = "image/jpeg")]
    content_type: Option<String>,
    /// Its bytes. A file of another length is refused.
    #[serde(default)]
    size: Option<u64>,
    /// Its SHA-256, as 64 hex digits or in base64. Another file is refused.
    #[serde(default)]
    #[schema(max_length = 64)]
    sha256: Option<String>,
}

/// Where to send it.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct DirectBegun {
    /// The right to send and to publish this one file.
    upload_id: String,
    key: String,
    /// Where the file goes, as it is.
    #[serde(rename = "uploadURL")]
    upload_url: String,
    #[schema(example = "PUT")]
    method: &'static str,
    /// What to send with it.
    headers: BTreeMap<&'static str, String>,
    /// Until when it must begin to come.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// What was sent, and the image's fields.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DirectComplete {
    upload_id: Option<String>,
    key: Option<String>,
    url: Option<String>,
    #[serde(flatten)]
    fields: BTreeMap<String, Value>,
}

/// What was sent, by one of `uploadId`, `key` and `url`, and the image's fields. Other members are passed over.
#[derive(utoipa::ToSchema)]
#[schema(as = DirectComplete)]
#[expect(dead_code, reason = "describes the JSON for the API's description; its fields are read one by one")]
struct DirectCompleteBody {
    #[schema(rename = "uploadId")]
    upload_id: Option<String>,
    key: Option<String>,
    /// The address that it was sent to.
    url: Option<String>,
    #[schema(max_length = 200)]
    title: Option<String>,
    #[schema(max_length = 5000)]
    description: Option<String>,
    #[schema(max_length = 1000)]
    alt: Option<String>,
    tags: Option<Vec<String>>,
    #[schema(max_length = 100)]
    label: Option<String>,
    #[schema(value_type = Option<VisibilityWord>)]
    visibility: Option<String>,
    #[schema(pattern = "^[0-9]+[smhdw]?$")]
    expires_in: Option<String>,
    keep_metadata: Option<bool>,
    #[schema(value_type = Option<DuplicatesWord>)]
    duplicates: Option<String>,
}

/// The image, and its link in that system's word.
#[derive(Serialize, utoipa::ToSchema)]
struct DirectPublished {
    #[serde(rename = "viewURL")]
    view_url: String,
    #[serde(flatten)]
    image: ImageReply,
}

/// Ask for an address to send a file to.
#[utoipa::path(
    post,
    path = "/uploads/init",
    tag = "dialects",
    operation_id = "initDirectUpload",
    request_body(content = DirectInit, content_type = "application/json"),
    responses(
        (status = 200, description = "Where to send it", body = DirectBegun),
        (status = "4XX", description = "What was wrong, and what would be accepted", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security((), ("token" = []), ("browser" = [])),
)]
pub(crate) async fn init(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let mut caller = Caller::of(&http, &parts)?;
    let cookie = caller.become_owner(&http.app);
    let actor = caller.actor(&http.app).await?;
    if let Some(client) = parts.extensions.get::<Client>() {
        http.limit(Kind::Requests, *client, INIT_COST)?;
    }
    let wanted: DirectInit =
        form::small_json(&http, body, "{\"filename\", \"contentType\", \"size\"}").await?;
    let announced = announcement(&http, &wanted)?;
    let begun = http
        .app
        .begin_direct(&actor, announced)
        .await
        .map_err(|error| Problem::from_upload(&http.app, &error))?;
    let id = begun.id.expose();
    let (upload_url, headers) = match begun.put {
        Some(put) => (put.url, put.headers.into_iter().collect()),
        None => {
            let headers =
                wanted.content_type.filter(|text| !text.is_empty()).map(|text| ("Content-Type", text));
            (format!("{}/uploads/{id}", caller.origin.base), headers.into_iter().collect())
        }
    };
    Ok(reply(
        DirectBegun {
            upload_id: id.to_owned(),
            key: begun.key,
            upload_url,
            method: "PUT",
            headers,
            expires_at: rfc3339(begun.expires_at),
        },
        cookie,
    ))
}

/// Send the file to its address. It may be sent again until it is published; the last one counts.
#[utoipa::path(
    put,
    path = "/uploads/{id}",
    tag = "dialects",
    operation_id = "sendDirectUpload",
    params(("id" = String, Path, description = "`uploadId`")),
    request_body(content = FileBytes, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "It is there. `ETag` is its SHA-256", headers(("ETag" = String))),
        (status = "4XX", description = "What was wrong, and what would be accepted", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn send(
    State(http): State<Http>,
    Place(id): Place<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let id = UploadId::parse(&id).ok_or_else(|| refuse(&http, &DirectError::Unknown))?;
    let hash = receive(&http, &id, &parts, body).await?;
    let mut response = StatusCode::OK.into_response();
    let etag = HeaderValue::from_str(&format!("\"{hash}\"")).expect("hex digits are visible ASCII");
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}

/// Publish what was sent. The upload's id alone is the right to it; a repeated request answers the same image.
#[utoipa::path(
    post,
    path = "/uploads/complete",
    tag = "dialects",
    operation_id = "completeDirectUpload",
    request_body(content = DirectCompleteBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The image", body = DirectPublished),
        (status = "4XX", description = "What was wrong, and what would be accepted", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn complete(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&http, &parts)?;
    let sent: DirectComplete = form::small_json(&http, body, "{\"uploadId\"}").await?;
    let named = [&sent.upload_id, &sent.key, &sent.url].into_iter().flatten().next();
    let Some(named) = named else {
        let detail = "The JSON names no upload. Send uploadId or key of /uploads/init, or the url it gave.";
        return Err(Problem::new(&http.app, Code::InvalidField, detail).with("field", "uploadId"));
    };
    let name = direct_name(named).ok_or_else(|| refuse(&http, &DirectError::Unknown))?;
    let fields = form::fields_of(&http, &sent.fields)?;
    let mut meter = form::Meter::start(&http, &parts)?;
    let published = http.app.publish_direct(&name, fields).await;
    if let (Some(meter), Ok(uploaded)) = (&mut meter, &published) {
        meter.add(uploaded.image.received_bytes);
    }
    match &published {
        Ok(uploaded) => http.metrics.uploaded(Ok((uploaded.duplicate, uploaded.image.received_bytes))),
        Err(DirectError::Upload(error)) => http.metrics.uploaded(Err(error)),
        Err(_) => {}
    }
    let uploaded = published.map_err(|error| refuse(&http, &error))?;
    let base = &caller.origin.base;
    let published = DirectPublished {
        view_url: crate::links::image(base, &uploaded.image),
        image: ImageReply::new(base, &uploaded.image, uploaded.delete_token.as_ref(), uploaded.duplicate),
    };
    Ok(about(reply(published, None), [&uploaded.image]))
}

async fn receive(
    http: &Http,
    id: &UploadId,
    parts: &http::request::Parts,
    body: Body,
) -> Result<ContentHash, Problem> {
    let declared = form::content_length(&parts.headers);
    let slot = http.app.admit_direct(id, declared).await.map_err(|error| refuse(http, &error))?;
    let received = form::receive_all(http, &slot.admission, parts, body).await?;
    let received = received.map_err(|error| Problem::from_upload(&http.app, &error))?;
    http.app.keep_direct(slot, received).await.map_err(|error| refuse(http, &error))
}

/// What stands at the end of an id, a key or an address: the id, or its hash where the object storage has the file.
fn direct_name(named: &str) -> Option<DirectName> {
    let path = named.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    UploadId::parse(last).map(DirectName::Id).or_else(|| last.parse().ok().map(DirectName::Object))
}

fn announcement(http: &Http, wanted: &DirectInit) -> Result<Announcement, Problem> {
    if let Some(text) = wanted.content_type.as_deref().filter(|text| !text.is_empty()) {
        let accepted = &http.app.config().accepted;
        // What the sender does not know the type of is looked at when it comes.
        let known = MediaType::from_mime(text).is_some_and(|media| accepted.contains(&media));
        if !known && text != "application/octet-stream" {
            let refusal = tintype_app::types::Refusal::Unsupported { looks_like: Some(media_name(text)) };
            return Err(Problem::from_upload(&http.app, &UploadError::Refused(refusal)));
        }
    }
    let sha256 = match wanted.sha256.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(digest(text).ok_or_else(|| {
            let detail = "The field sha256 takes 64 hex digits or the digest in base64.";
            Problem::new(&http.app, Code::InvalidField, detail).with("field", "sha256")
        })?),
    };
    let file_name = wanted.filename.as_deref().and_then(text::file_name);
    // Bound by a signature and sent as a header: what could be neither was refused above.
    let content_type = wanted.content_type.clone().filter(|text| !text.is_empty());
    Ok(Announcement { file_name, bytes: wanted.size, sha256, content_type })
}

/// A media type from a stranger, as it may stand in a sentence.
fn media_name(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || "/+-.;= ".contains(*c)).take(60).collect()
}

fn digest(text: &str) -> Option<ContentHash> {
    if let Ok(hash) = text.to_ascii_lowercase().parse() {
        return Some(hash);
    }
    BASE64_STANDARD.decode(text).ok()?.try_into().ok().map(ContentHash)
}

fn refuse(http: &Http, error: &DirectError) -> Problem {
    let app = &http.app;
    match error {
        DirectError::Upload(error) => Problem::from_upload(app, error),
        DirectError::Unknown => {
            let detail = "There is no such upload, or it was forgotten a day after it began. Begin anew at /uploads/init.";
            Problem::new(app, Code::NotFound, detail)
        }
        DirectError::TooLate => {
            let detail = "The time to send this file is over. Begin anew at /uploads/init.";
            Problem::new(app, Code::UploadOver, detail)
        }
        DirectError::Published => {
            let detail =
                "This upload was published already, and stays as it was. Begin anew at /uploads/init.";
            Problem::new(app, Code::UploadOver, detail)
        }
        DirectError::NotSent => {
            let detail = "The file was not sent yet. Send it by PUT to the address that /uploads/init gave, then publish it.";
            Problem::new(app, Code::NotSent, detail)
        }
        DirectError::WrongLength { announced, actual } => {
            let detail = format!(
                "The file has {actual} bytes; {announced} were announced. Send the whole file that was announced."
            );
            Problem::new(app, Code::WrongFile, detail)
                .with("announced", Value::from(*announced))
                .with("actual", Value::from(*actual))
        }
        DirectError::WrongHash { announced, actual } => {
            let detail = format!(
                "The file's SHA-256 is {actual}; {announced} was announced. Send the file that was announced."
            );
            Problem::new(app, Code::WrongFile, detail)
                .with("announced", announced.to_string())
                .with("actual", actual.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_named_by_its_id_its_key_or_its_address() {
        let id = "a".repeat(22);
        for named in [
            id.clone(),
            format!("incoming/{id}"),
            format!("https://img.example.org/uploads/{id}?X-Amz-Signature=0/1"),
            format!("/uploads/{id}#x"),
        ] {
            let found = direct_name(&named);
            assert!(matches!(&found, Some(DirectName::Id(found)) if found.expose() == id), "{named}");
        }
        let hash = ContentHash([0xab; 32]);
        let named = format!("https://s3.example.org/images/incoming/{hash}?X-Amz-Signature=0");
        assert!(matches!(direct_name(&named), Some(DirectName::Object(found)) if found == hash));
        for named in ["", "/", "incoming/", "init", "../../etc/passwd"] {
            assert!(direct_name(named).is_none(), "{named}");
        }
    }

    #[test]
    fn digests_are_read_in_hex_and_base64() {
        let hash = ContentHash([0xab; 32]);
        assert_eq!(digest(&hash.to_hex()), Some(hash));
        assert_eq!(digest(&hash.to_hex().to_uppercase()), Some(hash));
        assert_eq!(digest(&BASE64_STANDARD.encode(hash.0)), Some(hash));
        assert_eq!(digest("abc"), None);
    }
}
