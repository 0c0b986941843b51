//! The shapes of the API's replies.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Serialize;
use tintype_app::{
    File, Image,
    types::{MediaType, UnixMillis, Visibility, secret::DeleteToken},
};
use utoipa::ToSchema;

use crate::{
    links::{self, Base},
    problem::Code,
};

/// An image, as the API tells of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Image)]
pub(crate) struct ImageReply {
    /// 17 characters of base58.
    #[schema(example = "9f3kQ2mZ7xWb4TnRa")]
    #[schema(pattern = "^[1-9A-HJ-NP-Za-km-z]{17}$")]
    id: String,
    /// When it was uploaded (RFC 3339, UTC).
    #[schema(example = "2026-11-21T20:15:02Z", format = DateTime)]
    created_at: String,
    title: Option<String>,
    description: Option<String>,
    /// What stands for the picture where it cannot be seen.
    alt: Option<String>,
    tags: Vec<String>,
    /// The name of the uploaded file, made harmless.
    file_name: Option<String>,
    #[schema(example = "image/jpeg")]
    media_type: &'static str,
    /// Bytes of the published file.
    bytes: u64,
    /// Width in pixels as shown.
    width: u32,
    /// Height in pixels as shown.
    height: u32,
    /// Frames; 1 for a still picture.
    frames: u32,
    /// ThumbHash of the picture, in base64.
    thumbhash: String,
    #[schema(value_type = VisibilityWord, example = "unlisted")]
    visibility: Visibility,
    /// When it stops being served.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// The uploader's own string.
    label: Option<String>,
    /// The named path that leads to it.
    path: Option<String>,
    /// Whether the upload was of an image that was already there.
    duplicate: bool,
    links: Links,
    embed: Embed,
    /// Deletes the image, whoever shows it. Shown once, in the upload's reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_token: Option<String>,
}

/// Who may see an image: `public` and `unlisted` everybody who has the link, `private` its owner. Pages of folders show what is `public` alone.
#[derive(ToSchema)]
#[schema(as = Visibility, rename_all = "lowercase")]
#[expect(dead_code, reason = "describes words for the API's description")]
pub(crate) enum VisibilityWord {
    Public,
    Unlisted,
    Private,
}

/// Addresses of an image.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Links {
    /// The picture itself.
    image: String,
    /// The page to share.
    page: String,
    /// A small WebP of at most 320 × 320 pixels.
    thumb: String,
    /// The named path, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// A page that deletes the image. Shown once, in the upload's reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    delete: Option<String>,
}

/// The picture's link, dressed for where it is pasted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Embed {
    markdown: String,
    html: String,
    bbcode: String,
}

impl ImageReply {
    /// Tells of `image` with links that begin with `base`.
    pub(crate) fn new(base: &Base, image: &Image, token: Option<&DeleteToken>, duplicate: bool) -> Self {
        let link = links::image(base, image);
        let caption = links::caption(image);
        Self {
            id: image.id.to_string(),
            created_at: rfc3339(image.created_at),
            title: image.title.clone(),
            description: image.description.clone(),
            alt: image.alt.clone(),
            tags: image.tags.clone(),
            file_name: image.file_name.clone(),
            media_type: MediaType::mime(image.media_type),
            bytes: image.blob.as_ref().map_or(0, |blob| blob.bytes),
            width: image.width,
            height: image.height,
            frames: image.frames,
            thumbhash: BASE64_STANDARD.encode(&image.thumbhash),
            visibility: image.visibility,
            expires_at: image.expires_at.map(rfc3339),
            label: image.label.clone(),
            path: image.path.clone(),
            duplicate,
            embed: Embed {
                markdown: links::markdown(&link, caption),
                html: links::html(&link, caption, image),
                bbcode: links::bbcode(&link),
            },
            links: Links {
                page: links::page(base, image),
                thumb: links::thumb(base, image),
                path: image.path.as_deref().map(|path| links::named(base, image, path)),
                delete: token.map(|token| links::delete(base, token)),
                image: link,
            },
            delete_token: token.map(|token| token.expose().to_owned()),
        }
    }
}

/// A file at a named path, as the API tells of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = File)]
pub(crate) struct FileReply {
    #[schema(example = "blog/sunset.jpg")]
    path: String,
    /// The image that stands there.
    #[schema(pattern = "^[1-9A-HJ-NP-Za-km-z]{17}$")]
    id: String,
    #[schema(example = "image/jpeg")]
    media_type: &'static str,
    /// Bytes of the published file.
    bytes: u64,
    /// SHA-256 of the published file, in hex.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// Bytes of the file as it was sent, before metadata was removed.
    received_bytes: u64,
    /// SHA-256 of the file as it was sent: what to compare a local file with.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    received_sha256: String,
    /// Width in pixels as shown.
    width: u32,
    /// Height in pixels as shown.
    height: u32,
    #[schema(value_type = VisibilityWord, example = "unlisted")]
    visibility: Visibility,
    /// When the path was led to this image (RFC 3339, UTC).
    #[schema(format = DateTime)]
    updated_at: String,
    /// When it stops being served.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    links: Links,
}

impl FileReply {
    /// Tells of `file` with links that begin with `base`.
    pub(crate) fn new(base: &Base, file: &File) -> Self {
        let image = &file.image;
        Self {
            path: file.path.clone(),
            id: image.id.to_string(),
            media_type: MediaType::mime(image.media_type),
            bytes: image.blob.as_ref().map_or(0, |blob| blob.bytes),
            sha256: image.blob.as_ref().map_or_else(String::new, |blob| blob.hash.to_hex()),
            received_bytes: image.received_bytes,
            received_sha256: image.received_hash.to_hex(),
            width: image.width,
            height: image.height,
            visibility: image.visibility,
            updated_at: rfc3339(file.updated_at),
            expires_at: image.expires_at.map(rfc3339),
            links: Links {
                image: links::image(base, image),
                page: links::page(base, image),
                thumb: links::thumb(base, image),
                path: Some(links::named(base, image, &file.path)),
                delete: None,
            },
        }
    }
}

/// A page of what stands in a folder, in the order of the paths.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FolderList {
    /// The folder, with a slash at its end; empty for the root.
    #[schema(example = "blog/")]
    pub(crate) folder: String,
    /// Folders directly below, each with a slash at its end; none in a recursive list.
    #[schema(example = json!(["blog/2026/"]))]
    pub(crate) folders: Vec<String>,
    pub(crate) files: Vec<FileReply>,
    /// What to send as `cursor` for the next page; null on the last.
    pub(crate) next_cursor: Option<String>,
}

/// A time as RFC 3339 in UTC, to the second.
pub(crate) fn rfc3339(time: UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(time.0)
        .map_or_else(|_| String::new(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A picture's file as it is.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes bodies for the API's description; they are read piece by piece")]
pub(crate) struct FileBytes(Vec<u8>);

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageList {
    pub(crate) images: Vec<ImageReply>,
    /// What to send as `cursor` for the next page; null on the last.
    pub(crate) next_cursor: Option<String>,
    /// Images in the whole list.
    pub(crate) total: i64,
}

/// What became of several files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Batch {
    pub(crate) images: Vec<ImageReply>,
    pub(crate) problems: Vec<FileProblem>,
}

/// A file of several that was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileProblem {
    pub(crate) file_name: Option<String>,
    #[schema(value_type = ProblemDocument)]
    pub(crate) problem: serde_json::Value,
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    /// Always `about:blank`: the code says more.
    r#type: String,
    /// A short title, the same for every problem of this code.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What was wrong, the limit or the accepted values, and what to do next.
    detail: String,
    /// A stable word that programs may branch on.
    code: Code,
    /// What to quote to the operator.
    request_id: String,
}
