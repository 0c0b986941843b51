//! Problem documents (RFC 9457): the one shape of every error of the API.

use std::borrow::Cow;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use tintype_app::{
    App, Trouble,
    actor::IdentifyError,
    authorize::Denial,
    file::{FileError, MOVE_MAX},
    image::ImageError,
    serve::ServeError,
    text::InvalidField,
    types::{Refusal, recipe::InvalidRecipe, refusal::LimitKind},
    upload::UploadError,
};

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::{
    access_log::{Note, Refused},
    limit::Kind,
};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $status:ident, $title:literal;)+) => {
        /// Every code that a problem may carry. Codes are stable: programs may branch on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code as it stands in a document.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The status that goes with it.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// A short title, the same for every problem of this code.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// When it is answered, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_start(),)+ }
            }
        }
    };
}

codes! {
    /// The body, the form or the JSON cannot be read.
    MalformedBody = "malformed_body", BAD_REQUEST, "The body cannot be read";
    /// A form without a part named `file`, or a body without bytes.
    MissingFile = "missing_file", BAD_REQUEST, "There is no file in the request";
    /// A file without bytes.
    EmptyFile = "empty_file", BAD_REQUEST, "The file is empty";
    /// A field with a value that is not taken.
    InvalidField = "invalid_field", BAD_REQUEST, "A field is not valid";
    /// A field that does not exist.
    UnknownField = "unknown_field", BAD_REQUEST, "There is no such field";
    /// Something that exists in the API's design but not in this version.
    NotSupported = "not_supported", BAD_REQUEST, "This is not supported by this version";
    /// The ops of a variant's address are not valid.
    InvalidRecipe = "invalid_recipe", BAD_REQUEST, "The variant's address is not valid";
    /// The Host header is missing or not a host.
    InvalidHost = "invalid_host", BAD_REQUEST, "The Host header is not valid";
    /// Too many files in one request.
    TooManyFiles = "too_many_files", BAD_REQUEST, "Too many files in one request";
    /// The token is unknown, revoked or expired.
    InvalidToken = "invalid_token", UNAUTHORIZED, "The token is not valid";
    /// The action needs a token or the browser that owns the image.
    Forbidden = "forbidden", FORBIDDEN, "You may not do this";
    /// The operator banned this content, or this address.
    Banned = "banned", FORBIDDEN, "This is banned here";
    /// The server answers the CDN in front of it alone.
    BehindCdn = "behind_cdn", FORBIDDEN, "Only the CDN may ask here";
    /// The token lacks a scope.
    MissingScope = "missing_scope", FORBIDDEN, "The token lacks a scope";
    /// There is nothing here.
    NotFound = "not_found", NOT_FOUND, "There is nothing here";
    /// The address exists, but not for this method.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not allowed here";
    /// The sender stopped sending.
    Timeout = "timeout", REQUEST_TIMEOUT, "The upload stopped";
    /// The path belongs to another owner.
    PathTaken = "path_taken", CONFLICT, "The path is taken";
    /// One of your own images stands at the path.
    PathOccupied = "path_occupied", CONFLICT, "An image stands at the path";
    /// Something else stands at the path than `If-Match` or `If-None-Match` expects.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "The file is not as expected";
    /// The image was deleted.
    Gone = "gone", GONE, "The image was deleted";
    /// The image was deleted too long ago.
    TooLate = "too_late", GONE, "The image can no longer be restored";
    /// The time to send a direct upload is over, or it was published.
    UploadOver = "upload_over", CONFLICT, "The upload is over";
    /// A direct upload's file has not come yet.
    NotSent = "not_sent", CONFLICT, "The file was not sent yet";
    /// An Idempotency-Key that was used for another file.
    KeyReused = "key_reused", UNPROCESSABLE_ENTITY, "The Idempotency-Key was used for another file";
    /// Another file than was announced.
    WrongFile = "wrong_file", UNPROCESSABLE_ENTITY, "This is not the file that was announced";
    /// More bytes than the limit.
    FileTooLarge = "file_too_large", PAYLOAD_TOO_LARGE, "The file is too large";
    /// The picture asks for more than is allowed.
    PictureTooLarge = "picture_too_large", PAYLOAD_TOO_LARGE, "The picture asks for too much";
    /// Not an image of an accepted type.
    UnsupportedType = "unsupported_type", UNSUPPORTED_MEDIA_TYPE, "This type is not accepted";
    /// The body's content type is none that uploads have.
    UnsupportedBody = "unsupported_body", UNSUPPORTED_MEDIA_TYPE, "This kind of body is not accepted";
    /// The range lies outside the file.
    RangeNotSatisfiable = "range_not_satisfiable", RANGE_NOT_SATISFIABLE, "The range lies outside the file";
    /// The file ends before the picture does, or is damaged.
    DamagedFile = "damaged_file", UNPROCESSABLE_ENTITY, "The file is damaged";
    /// No decoder could make a picture of the file.
    DecodeFailed = "decode_failed", UNPROCESSABLE_ENTITY, "The file could not be decoded";
    /// The image has as many variants as it may.
    TooManyVariants = "too_many_variants", UNPROCESSABLE_ENTITY, "The image has too many variants";
    /// More than one client may ask for in that time.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests";
    /// The server failed.
    Internal = "internal", INTERNAL_SERVER_ERROR, "The server has a problem";
    /// Stored bytes are missing or damaged.
    Damaged = "damaged", INTERNAL_SERVER_ERROR, "The stored image is damaged";
    /// A format that oEmbed's `format` cannot ask for here.
    UnsupportedFormat = "unsupported_format", NOT_IMPLEMENTED, "There is no such format";
    /// Too much to do.
    Busy = "busy", SERVICE_UNAVAILABLE, "The server is busy";
    /// The object storage does not answer, or refuses.
    StoreUnavailable = "store_unavailable", SERVICE_UNAVAILABLE, "The object storage does not answer";
    /// The storage takes no writes.
    ReadOnly = "read_only", SERVICE_UNAVAILABLE, "The storage takes no writes";
    /// The disk is full.
    StorageFull = "storage_full", INSUFFICIENT_STORAGE, "The storage is full";
}

/// A problem on its way to whoever caused or met it.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What kind.
    pub(crate) code: Code,
    /// What was wrong, the limit or the accepted values, and what to do next.
    pub(crate) detail: String,
    /// Further members.
    pub(crate) members: Map<String, Value>,
    /// What the sender quotes to the operator. The same id stands in the log where the server is to blame.
    pub(crate) request_id: String,
    retry_after: Option<u32>,
}

impl Problem {
    /// A problem with its sentence.
    pub(crate) fn new(app: &App, code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            members: Map::new(),
            request_id: app.request_id(),
            retry_after: None,
        }
    }

    /// Adds a member.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The document.
    pub(crate) fn to_json(&self) -> Value {
        let mut document = self.members.clone();
        document.insert("type".to_owned(), "about:blank".into());
        document.insert("title".to_owned(), self.code.title().into());
        document.insert("status".to_owned(), self.code.status().as_u16().into());
        document.insert("detail".to_owned(), self.detail.clone().into());
        document.insert("code".to_owned(), self.code.as_str().into());
        document.insert("request_id".to_owned(), self.request_id.clone().into());
        Value::Object(document)
    }

    /// A client asked for more than it may.
    pub(crate) fn limited(app: &App, kind: Kind, wait: std::time::Duration) -> Self {
        let what = match kind {
            Kind::Requests => "requests",
            Kind::Uploads => "uploads",
            Kind::UploadBytes => "bytes",
            Kind::Misses => "addresses that lead nowhere",
        };
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        let detail =
            format!("Too many {what} came from your address. Wait {seconds} seconds and go on more slowly.");
        let mut problem = Self::new(app, Code::RateLimited, detail).with("limit", kind.as_str());
        problem.retry_after = Some(seconds);
        problem
    }

    /// Turns the server's own trouble into a problem, and writes the whole cause to the log, once.
    pub(crate) fn from_trouble(app: &App, trouble: &Trouble) -> Self {
        let (code, detail) = match trouble {
            Trouble::Busy => {
                (Code::Busy, "The server has too much to do just now. Try again in a few seconds.")
            }
            Trouble::StorageFull(_) => (
                Code::StorageFull,
                "The server's storage is full. Nothing was stored; its operator has to make room.",
            ),
            Trouble::StorageReadOnly(_) => (
                Code::ReadOnly,
                "The server's storage takes no writes just now. Nothing was stored; try again later.",
            ),
            Trouble::StoreUnavailable(_) => (
                Code::StoreUnavailable,
                "The server's object storage does not answer just now. Nothing was changed; try again in a moment.",
            ),
            Trouble::Damaged(_) => {
                (Code::Damaged, "The stored image is missing or damaged. Tell the operator the request id.")
            }
            Trouble::Internal { .. } => (
                Code::Internal,
                "Something failed on the server. Try again; if it stays, tell the operator the request id.",
            ),
        };
        let mut problem = Self::new(app, code, detail);
        match trouble {
            Trouble::Busy => problem.retry_after = Some(3),
            _ => tracing::error!(
                request_id = problem.request_id,
                code = code.as_str(),
                cause = chain(trouble),
                "a request failed"
            ),
        }
        match trouble {
            Trouble::StorageReadOnly(_) | Trouble::StorageFull(_) => problem.retry_after = Some(60),
            Trouble::StoreUnavailable(_) => problem.retry_after = Some(10),
            _ => {}
        }
        problem
    }

    /// Why an actor may not do something.
    pub(crate) fn from_denial(app: &App, denial: Denial) -> Self {
        match denial {
            Denial::NotFound => {
                Self::new(app, Code::NotFound, "There is no such image, or it is not yours to see.")
            }
            Denial::Gone => Self::new(app, Code::Gone, "This image was deleted, or its time is over."),
            Denial::NeedsIdentity => Self::new(
                app,
                Code::Forbidden,
                "This needs a token with the right scope, the browser that uploaded the image, or the image's delete token.",
            ),
            Denial::NeedsScope(scope) => {
                let detail =
                    format!("The token lacks the scope {0}. Make one with --scope {0}.", scope.as_str());
                Self::new(app, Code::MissingScope, detail).with("scope", scope.as_str())
            }
        }
    }

    /// Why a credential stands for nobody.
    pub(crate) fn from_identify(app: &App, error: &IdentifyError) -> Self {
        match error {
            IdentifyError::Trouble(trouble) => Self::from_trouble(app, trouble),
            error => {
                let renewal = match error {
                    IdentifyError::ExpiredToken => " The operator can renew it: tintype token renew.",
                    _ => "",
                };
                let detail = format!(
                    "In the header Authorization, {error}. Send a valid token, or no such header.{renewal}"
                );
                Self::new(app, Code::InvalidToken, detail)
            }
        }
    }

    /// Why an upload was not taken.
    pub(crate) fn from_upload(app: &App, error: &UploadError) -> Self {
        match error {
            UploadError::Denied(denial) => Self::from_denial(app, *denial),
            UploadError::TooLarge { max } => Self::new(
                app,
                Code::FileTooLarge,
                format!("The file is larger than {}, the limit of one file.", size(*max)),
            )
            .with("limit", *max),
            UploadError::Refused(refusal) => Self::from_refusal(app, refusal),
            UploadError::Undecodable => Self::new(
                app,
                Code::DecodeFailed,
                "No picture could be made of this file. Open it in an image editor and save it anew.",
            ),
            UploadError::Banned => Self::new(
                app,
                Code::Banned,
                "The operator of this server does not take this picture. Write to them if you think that is wrong.",
            ),
            UploadError::KeyReused => Self::new(
                app,
                Code::KeyReused,
                "This Idempotency-Key was used for another file. Send a new key with each new file.",
            ),
            UploadError::PathTaken => Self::new(
                app,
                Code::PathTaken,
                "This path belongs to another owner's image. Choose another path, or send that owner's token; the operator can \
                 renew one that has ended.",
            ),
            UploadError::PathChanged => Self::path_changed(app),
            UploadError::Trouble(trouble) => Self::from_trouble(app, trouble),
        }
    }

    fn from_refusal(app: &App, refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Empty => {
                Self::new(app, Code::EmptyFile, "The file is empty. Choose a file that holds a picture.")
            }
            Refusal::Unsupported { looks_like } => {
                let accepted = &app.config().accepted;
                let names: Vec<&str> = accepted.iter().map(|media| media.name()).collect();
                let what = looks_like.as_ref().map_or_else(
                    || "This is not an image that is known here".to_owned(),
                    |name| format!("This looks like {name}"),
                );
                let types: Vec<&str> = accepted.iter().map(|media| media.mime()).collect();
                Self::new(app, Code::UnsupportedType, format!("{what}. Accepted are {}.", names.join(", ")))
                    .with("accepted", types)
            }
            Refusal::Truncated { .. } | Refusal::Corrupt { .. } => {
                let detail =
                    format!("{}. Send the whole, undamaged file.", capitalised(&refusal.to_string()));
                Self::new(app, Code::DamagedFile, detail)
            }
            Refusal::Limit { kind, actual, max } => {
                let advice = match kind {
                    LimitKind::Side | LimitKind::Pixels | LimitKind::DecodedBytes => "Make it smaller.",
                    LimitKind::Frames | LimitKind::FramePixels => "Shorten the animation or make it smaller.",
                    LimitKind::Scans | LimitKind::MetadataBytes => "Save it anew in an image editor.",
                };
                Self::new(
                    app,
                    Code::PictureTooLarge,
                    format!("{}. {advice}", capitalised(&refusal.to_string())),
                )
                .with("limit", *max)
                .with("actual", *actual)
            }
        }
    }

    /// Why nothing was served.
    pub(crate) fn from_serve(app: &App, error: &ServeError) -> Self {
        match error {
            ServeError::Denied(denial) => Self::from_denial(app, *denial),
            ServeError::Unrenderable => Self::new(
                app,
                Code::DecodeFailed,
                "This picture cannot be rendered. Its original is served as it is.",
            ),
            ServeError::TooManyVariants { max } => {
                let detail = format!(
                    "This image already has {max} variants, the limit. Use one of the sizes that exist."
                );
                Self::new(app, Code::TooManyVariants, detail).with("limit", *max)
            }
            ServeError::Trouble(trouble) => Self::from_trouble(app, trouble),
        }
    }

    /// Why an image was not read, changed, deleted or restored.
    pub(crate) fn from_image(app: &App, error: &ImageError) -> Self {
        match error {
            ImageError::Denied(denial) => Self::from_denial(app, *denial),
            ImageError::TooLate => Self::new(
                app,
                Code::TooLate,
                "This image was deleted too long ago; its bytes may be gone. Upload the file again.",
            ),
            ImageError::InvalidCursor => Self::from_field(
                app,
                &InvalidField::new(
                    "cursor",
                    "is not one that a list gave out; leave it away to begin at the newest image",
                ),
            ),
            ImageError::Trouble(trouble) => Self::from_trouble(app, trouble),
        }
    }

    /// Why a file at a named path was not listed, described, deleted or moved.
    pub(crate) fn from_file(app: &App, error: &FileError) -> Self {
        match error {
            FileError::Denied(denial) => Self::from_denial(app, *denial),
            FileError::Elsewhere(to) => {
                Self::new(app, Code::NotFound, format!("This file was moved to {to}. Ask for it there."))
                    .with("moved_to", to.as_str())
            }
            FileError::Taken(path) => {
                let detail = format!(
                    "The path {path} belongs to another owner. Choose another path, or send that owner's token."
                );
                Self::new(app, Code::PathTaken, detail).with("path", path.as_str())
            }
            FileError::Occupied(path) => {
                let detail = format!(
                    "An image stands at {path}. Choose another path, or send \"overwrite\": true to replace it."
                );
                Self::new(app, Code::PathOccupied, detail).with("path", path.as_str())
            }
            FileError::Changed => Self::path_changed(app),
            FileError::TooMany => {
                let detail = format!(
                    "The folder holds more than {MOVE_MAX} files, the limit of one move. Move the folders in it one by one."
                );
                Self::new(app, Code::TooManyFiles, detail).with("limit", MOVE_MAX)
            }
            FileError::Trouble(trouble) => Self::from_trouble(app, trouble),
        }
    }

    /// A field that is not taken.
    pub(crate) fn from_field(app: &App, field: &InvalidField) -> Self {
        Self::new(app, Code::InvalidField, format!("The field {field}.")).with("field", field.field)
    }

    /// A variant's address that is not valid.
    pub(crate) fn from_recipe(app: &App, error: &InvalidRecipe) -> Self {
        Self::new(app, Code::InvalidRecipe, format!("{}.", capitalised(&error.to_string())))
    }

    fn path_changed(app: &App) -> Self {
        let detail = "What stands at this path is not what If-Match or If-None-Match expects. Read it anew, then decide.";
        Self::new(app, Code::PreconditionFailed, detail)
    }

    /// Nothing at this address.
    pub(crate) fn not_found(app: &App) -> Self {
        Self::new(app, Code::NotFound, "There is nothing at this address.")
    }

    /// No host, or what is none, or several.
    pub(crate) fn invalid_host(app: &App) -> Self {
        let detail = "Send one Host header with a name or an address, and a port if need be.";
        Self::new(app, Code::InvalidHost, detail)
    }
}

impl Problem {
    /// The same refusal in a body of another shape: `response` gets the status and the headers.
    pub(crate) fn in_words_of(self, mut response: Response) -> Response {
        let (parts, _) = self.into_response().into_parts();
        *response.status_mut() = parts.status;
        for name in [
            header::CACHE_CONTROL,
            header::X_CONTENT_TYPE_OPTIONS,
            header::WWW_AUTHENTICATE,
            header::RETRY_AFTER,
        ] {
            if let Some(value) = parts.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        if let Some(note) = parts.extensions.get::<Note>() {
            response.extensions_mut().insert(note.clone());
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_json().to_string()));
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.code == Code::InvalidToken {
            headers
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let refused = Refused { code: self.code.as_str(), request_id: self.request_id, detail: self.detail };
        response.extensions_mut().insert(Note { image: None, refused: Some(refused) });
        response
    }
}

/// An error and all that caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// A number of bytes for people: `100 MB`, `3.3 MB` (binary, rounded, as the web app shows them).
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let mut unit = 0;
    // Tenths of the unit, rounded.
    let mut tenths = (u128::from(bytes) * 10 + 512) / 1024;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        unit += 1;
        tenths = (u128::from(bytes) * 10 + (512 << (10 * unit))) >> (10 * (unit + 1));
    }
    match (tenths / 10, tenths % 10) {
        (whole @ 0..10, tenth @ 1..) => format!("{whole}.{tenth} {}", UNITS[unit]),
        (whole, tenth) => format!("{} {}", whole + u128::from(tenth >= 5), UNITS[unit]),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

/// The words of all codes, as a shape of its own: a macro's words do not reach the derived one.
impl utoipa::PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A stable word that programs may branch on."))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl utoipa::ToSchema for Code {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ProblemCode")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_for_people() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 kB"),
            (736_469, "719 kB"),
            (3_435_264, "3.3 MB"),
            (104_857_600, "100 MB"),
            (16 << 20, "16 MB"),
            (5 << 40, "5 TB"),
            (u64::MAX, "16777216 TB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn codes_are_told_apart() {
        let words: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
    }
}
