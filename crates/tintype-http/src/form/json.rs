//! JSON uploads: `{"image": "<base64>", …fields}`.

use std::{borrow::Cow, collections::BTreeMap, pin::pin};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::Value;
use tintype_app::text::InvalidField;
use tintype_app::upload::{Admission, Received, UploadError};

use super::{
    FieldSet, File,
    body::{self, Pieces},
    not_supported,
};
use crate::{
    Http,
    problem::{Code, Problem, size},
};

/// Largest JSON body.
const JSON_BYTES_MAX: usize = 16 << 20;
/// Base64 characters that are decoded at a time; a multiple of 4.
const BASE64_CHUNK: usize = 256 << 10;

/// Standard base64, with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Deserialize)]
struct Upload<'a> {
    #[serde(borrow)]
    image: Option<Cow<'a, str>>,
    url: Option<Value>,
    #[serde(flatten)]
    fields: BTreeMap<String, Value>,
}

pub(super) async fn read(
    http: &Http,
    admission: &Admission,
    body: impl Pieces,
    mut fields: FieldSet,
) -> Result<(Vec<File>, FieldSet), Problem> {
    // The whole text stands in memory, so only a few are read at once; further ones wait here.
    let _turn = http.json_uploads.acquire().await;
    let text = collect(http, body, JSON_BYTES_MAX).await?;
    let upload: Upload<'_> = serde_json::from_slice(&text).map_err(|error| {
        let detail =
            format!("The body is not the JSON of an upload ({error}). Send {{\"image\": \"<base64>\"}}.");
        Problem::new(&http.app, Code::MalformedBody, detail)
    })?;
    if upload.url.is_some() {
        return Err(not_supported(http, "fetching from a url", "Send the image itself."));
    }
    let mut name = None;
    for (field, value) in &upload.fields {
        match (field.as_str(), value) {
            (_, Value::Null) => {}
            ("file_name", Value::String(text)) => name = tintype_app::text::file_name(text),
            ("file_name", _) => {
                let invalid = InvalidField::new("file_name", "is no text; send the file's name as a string");
                return Err(Problem::from_field(&http.app, &invalid));
            }
            (_, value) => fields.set(http, field, &plain(value))?,
        }
    }
    let Some(image) = upload.image else {
        let detail = "The JSON has no image. Send {\"image\": \"<base64>\"}.";
        return Err(Problem::new(&http.app, Code::MissingFile, detail));
    };
    let received = decode(http, admission, &image).await?;
    Ok((vec![File { name, received }], fields))
}

/// Reads the image of `{"Image64": "<base64>", "Extension": "png"}`. Names count whatever their case, as they did for the
/// function that this stands for.
pub(super) async fn read_image64(
    http: &Http,
    admission: &Admission,
    body: impl Pieces,
) -> Result<Vec<File>, Problem> {
    let _turn = http.json_uploads.acquire().await;
    let text = collect(http, body, JSON_BYTES_MAX).await?;
    let shape = "Send {\"Image64\": \"<base64>\", \"Extension\": \"png\"}.";
    let members: BTreeMap<Cow<'_, str>, Value> = serde_json::from_slice(&text).map_err(|error| {
        let detail = format!("The body is not the JSON of an upload ({error}). {shape}");
        Problem::new(&http.app, Code::MalformedBody, detail)
    })?;
    drop(text);
    let image = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("image64"));
    let Some((_, Value::String(image))) = image else {
        return Err(Problem::new(&http.app, Code::MissingFile, format!("The JSON has no Image64. {shape}")));
    };
    let received = decode(http, admission, image).await?;
    Ok(vec![File { name: None, received }])
}

/// Reads a whole body of at most `max` bytes into memory.
pub(super) async fn collect(http: &Http, body: impl Pieces, max: usize) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::new();
    let mut body = pin!(body);
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| body::problem(http, &error))?;
        if text.len() + piece.len() > max {
            let limit = size(max as u64);
            let detail = format!("A JSON body takes {limit} here. Send larger files as multipart/form-data.");
            return Err(Problem::new(&http.app, Code::FileTooLarge, detail).with("limit", max));
        }
        text.extend_from_slice(&piece);
    }
    Ok(text)
}

/// A field's value as the text that forms send.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

async fn decode(
    http: &Http,
    admission: &Admission,
    text: &str,
) -> Result<Result<Received, UploadError>, Problem> {
    // `data:image/png;base64,…` is what browsers make of a file.
    let text = match text.strip_prefix("data:") {
        Some(data) => data.split_once(',').map_or(data, |(_, data)| data),
        None => text,
    };
    let mut receiving = match http.app.receive(admission).await {
        Ok(receiving) => receiving,
        Err(error) => return Ok(Err(error)),
    };
    for chunk in text.as_bytes().chunks(BASE64_CHUNK) {
        let bytes = BASE64.decode(chunk).map_err(|error| {
            let detail = format!(
                "The image is not base64 ({error}). Encode it by RFC 4648, chapter 4, without line breaks."
            );
            Problem::new(&http.app, Code::MalformedBody, detail)
        })?;
        if let Err(error) = receiving.write(Bytes::from(bytes)).await {
            return Ok(Err(error));
        }
    }
    Ok(receiving.finish().await)
}
