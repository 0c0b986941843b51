//! Reading uploads in every form that people send them in: multipart, raw, JSON.

mod body;
mod fields;
mod json;
mod multipart;

use axum::body::Body;
use http::{HeaderMap, header, request::Parts};
use serde_json::{Map, Value};
use tintype_app::{
    Actor,
    upload::{Admission, IdempotencyKey, Received, UploadError, UploadFields},
};

use crate::{
    Http,
    caller::Client,
    conditions,
    limit::Kind,
    problem::{Code, Problem},
};

pub(crate) use fields::FieldSet;

/// Most characters of an `Idempotency-Key`.
const IDEMPOTENCY_KEY_MAX: usize = 255;

/// Largest JSON body that holds no file.
const SMALL_JSON_BYTES_MAX: usize = 64 << 10;

/// Counts the bytes of an upload for its client's limit: what came is charged, whatever becomes of it.
pub(crate) struct Meter {
    http: Http,
    client: Client,
    bytes: u64,
}

impl Meter {
    /// Begins an upload.
    ///
    /// # Errors
    /// The client uploaded too often or too much of late.
    pub(crate) fn start(http: &Http, parts: &Parts) -> Result<Option<Self>, Problem> {
        let Some(client) = parts.extensions.get::<Client>().copied() else { return Ok(None) };
        http.limit(Kind::Uploads, client, 1)?;
        http.limit(Kind::UploadBytes, client, 0)?;
        Ok(Some(Self { http: http.clone(), client, bytes: 0 }))
    }

    /// So many bytes came.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if !self.client.exempt {
            self.http.limiter.charge(Kind::UploadBytes, self.client.address, self.bytes);
        }
    }
}

/// What a request brought.
pub(crate) struct Intake {
    /// Each file with what became of its bytes.
    pub(crate) files: Vec<File>,
    /// What is said about them.
    pub(crate) fields: UploadFields,
    _admission: Admission,
}

/// One file of a request.
pub(crate) struct File {
    /// Its name, made harmless.
    pub(crate) name: Option<String>,
    /// Its bytes, or why they were not taken.
    pub(crate) received: Result<Received, UploadError>,
}

/// Reads the files and fields of a `POST /api/v1/images` or of the plain form.
///
/// # Errors
/// A problem with the request as a whole. What is wrong with one file of several is that file's.
pub(crate) async fn intake(http: &Http, actor: &Actor, parts: &Parts, body: Body) -> Result<Intake, Problem> {
    let app = &http.app;
    let meter = Meter::start(http, parts)?;
    let fields = FieldSet::from_query(http, parts.uri.query().unwrap_or_default())?;
    let declared = content_length(&parts.headers);
    let admission = app
        .admit_upload(actor, fields.has_path(), declared)
        .map_err(|error| Problem::from_upload(app, &error))?;
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let body = body::paced(body, http.config.body_timeout, meter);
    let (files, fields) = match media.as_str() {
        "multipart/form-data" => multipart::read(http, &admission, content_type, body, fields).await?,
        "application/json" => json::read(http, &admission, body, fields).await?,
        "application/x-www-form-urlencoded" => {
            return Err(not_supported(
                http,
                "a form without files",
                "Send multipart/form-data with parts named file.",
            ));
        }
        media if media.starts_with("image/") || media == "application/octet-stream" => {
            (vec![raw(http, &admission, declared, body, None).await?], fields)
        }
        _ => {
            let detail = format!(
                "The Content-Type {media:?} is none that uploads have. Send multipart/form-data with parts named file, an image as it is with its image type, or JSON {{\"image\": \"<base64>\"}}."
            );
            return Err(Problem::new(app, Code::UnsupportedBody, detail));
        }
    };
    let mut fields = fields.finish();
    fields.idempotency = idempotency(http, parts)?;
    Ok(Intake { files, fields, _admission: admission })
}

/// The key by which the sender may repeat the request.
fn idempotency(http: &Http, parts: &Parts) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = parts.headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim_matches('"');
    if text.is_empty() || text.len() > IDEMPOTENCY_KEY_MAX {
        let detail = format!(
            "The header Idempotency-Key takes 1 to {IDEMPOTENCY_KEY_MAX} characters of ASCII. Send a random text, such as a UUID."
        );
        return Err(Problem::new(&http.app, Code::InvalidField, detail).with("field", "Idempotency-Key"));
    }
    let nobody =
        parts.extensions.get::<Client>().map(|client| client.address.to_string()).unwrap_or_default();
    Ok(Some(IdempotencyKey { text: text.to_owned(), nobody, index: 0 }))
}

/// Reads a body that is one file, as `PUT /api/v1/files/{path}` takes it.
///
/// # Errors
/// As [`intake`].
pub(crate) async fn intake_raw(
    http: &Http,
    actor: &Actor,
    parts: &Parts,
    body: Body,
    path: &str,
) -> Result<Intake, Problem> {
    let app = &http.app;
    let meter = Meter::start(http, parts)?;
    let mut fields = FieldSet::from_query(http, parts.uri.query().unwrap_or_default())?;
    fields.set(http, "path", path)?;
    let declared = content_length(&parts.headers);
    let admission =
        app.admit_upload(actor, true, declared).map_err(|error| Problem::from_upload(app, &error))?;
    let mut fields = fields.finish();
    fields.idempotency = idempotency(http, parts)?;
    fields.path_condition = conditions::of_path(&parts.headers);
    // A repeated request meets what it published itself; publishing looks at the key first.
    if let (Some(path), None) = (&fields.path, &fields.idempotency) {
        let expected = app.expect_at_path(actor, path, &fields.path_condition).await;
        expected.map_err(|error| Problem::from_upload(app, &error))?;
    }
    let body = body::paced(body, http.config.body_timeout, meter);
    let name = tintype_app::text::file_name(path);
    let files = vec![raw(http, &admission, declared, body, name).await?];
    Ok(Intake { files, fields, _admission: admission })
}

/// Reads a form whose one file may stand in a part of any name, as the dialects at `/upload` send it. Other parts and the
/// query are not looked at: those systems did not know them either.
///
/// # Errors
/// As [`intake`]; a body that is no form has no file.
pub(crate) async fn intake_one(
    http: &Http,
    actor: &Actor,
    parts: &Parts,
    body: Body,
) -> Result<Intake, Problem> {
    let app = &http.app;
    let meter = Meter::start(http, parts)?;
    let declared = content_length(&parts.headers);
    let admission =
        app.admit_upload(actor, false, declared).map_err(|error| Problem::from_upload(app, &error))?;
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        return Err(multipart::missing(http));
    }
    let body = body::paced(body, http.config.body_timeout, meter);
    let files = multipart::read_one(http, &admission, content_type, body).await?;
    let fields = UploadFields { return_duplicates: Some(false), ..UploadFields::default() };
    Ok(Intake { files, fields, _admission: admission })
}

/// Reads `{"Image64": "<base64>"}`, as the dialect at `POST /` sends it.
///
/// # Errors
/// As [`intake`].
pub(crate) async fn intake_base64(
    http: &Http,
    actor: &Actor,
    parts: &Parts,
    body: Body,
) -> Result<Intake, Problem> {
    let app = &http.app;
    let meter = Meter::start(http, parts)?;
    let declared = content_length(&parts.headers);
    let admission =
        app.admit_upload(actor, false, declared).map_err(|error| Problem::from_upload(app, &error))?;
    let body = body::paced(body, http.config.body_timeout, meter);
    let files = json::read_image64(http, &admission, body).await?;
    let fields = UploadFields { return_duplicates: Some(false), ..UploadFields::default() };
    Ok(Intake { files, fields, _admission: admission })
}

/// Reads a whole body as one file. The outer error is about the request, the inner one about the file.
///
/// # Errors
/// The sender stopped or broke off.
pub(crate) async fn receive_all(
    http: &Http,
    admission: &Admission,
    parts: &Parts,
    body: Body,
) -> Result<Result<Received, UploadError>, Problem> {
    let (meter, declared) = (Meter::start(http, parts)?, content_length(&parts.headers));
    let body = body::paced(body, http.config.body_timeout, meter);
    Ok(raw(http, admission, declared, body, None).await?.received)
}

/// Takes the fields of an image from a JSON object that has other members too; members that are null, and those that are
/// no fields of an image, are passed over.
///
/// # Errors
/// A field whose value is not taken.
pub(crate) fn fields_of(
    http: &Http,
    members: &std::collections::BTreeMap<String, Value>,
) -> Result<UploadFields, Problem> {
    let mut set = FieldSet::default();
    for (name, value) in members {
        if !value.is_null() {
            set.set_known(http, name, &json::plain(value))?;
        }
    }
    Ok(set.finish())
}

/// Reads a small JSON body. `shape` says what it looks like.
///
/// # Errors
/// A body that is too large, or is not that JSON.
pub(crate) async fn small_json<T: serde::de::DeserializeOwned>(
    http: &Http,
    body: Body,
    shape: &str,
) -> Result<T, Problem> {
    let text =
        json::collect(http, body::paced(body, http.config.body_timeout, None), SMALL_JSON_BYTES_MAX).await?;
    // By way of an object, because the fields of a struct are also taken from an array, by their order.
    let read = serde_json::from_slice::<Map<String, Value>>(&text)
        .and_then(|object| serde_json::from_value(Value::Object(object)));
    read.map_err(|error| {
        let detail = format!("The body is not the JSON that this takes ({error}). Send {shape}.");
        Problem::new(&http.app, Code::MalformedBody, detail)
    })
}

/// Reads a small body of text.
///
/// # Errors
/// A body that is too large or broke off.
pub(crate) async fn small_text(http: &Http, body: Body) -> Result<String, Problem> {
    let bytes =
        json::collect(http, body::paced(body, http.config.body_timeout, None), SMALL_JSON_BYTES_MAX).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn raw(
    http: &Http,
    admission: &Admission,
    declared: Option<u64>,
    body: impl body::Pieces,
    name: Option<String>,
) -> Result<File, Problem> {
    let max = http.app.config().upload_bytes_max;
    if declared.is_some_and(|bytes| bytes > max) {
        return Err(Problem::from_upload(&http.app, &UploadError::TooLarge { max }));
    }
    let received = body::receive(http, admission, body).await?;
    Ok(File { name, received })
}

/// The length that a request declares.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pub(crate) fn not_supported(http: &Http, what: &str, advice: &str) -> Problem {
    Problem::new(&http.app, Code::NotSupported, format!("This version does not support {what}. {advice}"))
}
