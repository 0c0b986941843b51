//! `GET /api/v1/config`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Http, caller::Caller, problem::Problem, reply::ProblemDocument, routes::image::upload::no_store,
};

/// What this server takes, for clients to check before they send.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConfigReply {
    name: &'static str,
    version: &'static str,
    upload: UploadConfig,
    image_limits: ImageLimitsReply,
    /// Where originals are kept.
    store: Store,
    /// How long a delete can be undone, in seconds.
    trash_keep_seconds: i64,
}

/// What may be uploaded, and by whom.
#[derive(Serialize, ToSchema)]
#[schema(as = UploadConfig)]
pub(crate) struct UploadConfig {
    /// Largest file in bytes.
    bytes_max: u64,
    /// Most files in one request.
    files_max: usize,
    accepted: Vec<AcceptedType>,
    /// `anyone` or `token`.
    who: &'static str,
    /// Whether `/uploads/init` gives addresses of an object storage, so that files need not pass through this server.
    direct: bool,
}

/// A format that is taken in.
#[derive(Serialize, ToSchema)]
pub(crate) struct AcceptedType {
    media_type: &'static str,
    name: &'static str,
    extensions: Vec<&'static str>,
}

/// What a picture may ask of the server.
#[derive(Serialize, ToSchema)]
#[schema(as = ImageLimits)]
pub(crate) struct ImageLimitsReply {
    side_max: u32,
    pixels_max: u64,
    frames_max: u32,
}

/// Where originals are kept: in a folder of the server, or in an object storage (S3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Store {
    Folder,
    S3,
}

impl Store {
    pub(crate) fn of(http: &Http) -> Self {
        if http.app.keeps_in_bucket() { Self::S3 } else { Self::Folder }
    }
}

impl ConfigReply {
    pub(crate) fn new(http: &Http) -> Self {
        let config = http.app.config();
        let accepted = config.accepted.iter().map(|media| AcceptedType {
            media_type: media.mime(),
            name: media.name(),
            extensions: match media.extension() {
                "jpg" => vec!["jpg", "jpeg"],
                extension => vec![extension],
            },
        });
        Self {
            name: "Tintype",
            version: http.config.version,
            upload: UploadConfig {
                bytes_max: config.upload_bytes_max,
                files_max: config.upload_files_max,
                accepted: accepted.collect(),
                who: config.uploaders.as_str(),
                direct: http.app.takes_direct(),
            },
            image_limits: ImageLimitsReply {
                side_max: config.limits.side_max,
                pixels_max: config.limits.pixels_max,
                frames_max: config.limits.frames_max,
            },
            store: Store::of(http),
            trash_keep_seconds: config.trash_keep,
        }
    }
}

/// What this server takes. Makes a browser that asks an owner, so that its first uploads share one.
#[utoipa::path(
    get,
    path = "/api/v1/config",
    tag = "server",
    operation_id = "getConfig",
    responses(
        (status = 200, description = "What this server takes", body = ConfigReply),
        (status = "4XX", description = "The request's head is not valid", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn config(State(http): State<Http>, mut caller: Caller) -> Result<Response, Problem> {
    let mut response = no_store(Json(ConfigReply::new(&http)).into_response());
    if let Some(cookie) = caller.become_owner(&http.app) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
