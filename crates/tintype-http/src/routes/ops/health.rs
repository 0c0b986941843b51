//! `GET /health`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tintype_app::{App, SelfTest, Status};
use utoipa::ToSchema;

use crate::{Http, reply::ProblemDocument, routes::image::upload::no_store};

/// How the server is.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthReply {
    /// `ok`, or `degraded` where it works with less than it should have.
    status: &'static str,
    /// What is wrong, in plain words.
    notes: Vec<String>,
    sandbox: SandboxReply,
    storage: StorageReply,
}

/// How untrusted pictures are kept in.
#[derive(Serialize, ToSchema)]
#[schema(as = SandboxHealth)]
pub(crate) struct SandboxReply {
    /// `ok`, `degraded` (a layer is missing), `off`, `starting` or `broken`.
    status: &'static str,
    /// Why the status is what it is, where there is something to say.
    detail: Option<String>,
    /// The kernel's Landlock: `abi` and a number, `absent` or `off`.
    landlock: String,
    /// The system call filter: `on`, `absent` or `off`.
    seccomp: String,
    /// What came of rendering a built-in picture after the start.
    self_test: String,
    /// Workers started so far.
    workers_started: u64,
    /// Workers that died of what they were given.
    deaths: u64,
}

/// How the storage is.
#[derive(Serialize, ToSchema)]
#[schema(as = StorageHealth)]
pub(crate) struct StorageReply {
    /// Bytes free; null where the system does not say.
    free_bytes: Option<u64>,
    /// Whether uploads are refused for lack of room.
    full: bool,
}

/// How the server is. Answers 200 as long as it serves.
#[utoipa::path(
    get,
    path = "/health",
    tag = "server",
    operation_id = "getHealth",
    responses(
        (status = 200, description = "It serves", body = HealthReply),
        (status = "4XX", description = "Too many requests", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn health(State(http): State<Http>) -> Response {
    let health = http.app.health();
    let sandbox = SandboxReply {
        status: status_word(health.sandbox.status),
        landlock: health.sandbox.landlock,
        seccomp: health.sandbox.seccomp,
        self_test: match &health.sandbox.self_test {
            SelfTest::Pending => "pending".to_owned(),
            SelfTest::Passed => "passed".to_owned(),
            SelfTest::Failed(why) => format!("failed: {why}"),
        },
        detail: health.sandbox.detail,
        workers_started: health.sandbox.workers_started,
        deaths: health.sandbox.deaths,
    };
    let mut notes = Vec::new();
    if health.storage_full {
        notes.push("storage: less is free than upload.free_min; uploads are refused, reads go on".to_owned());
    }
    if !matches!(sandbox.status, "ok" | "starting") {
        notes.push(format!(
            "sandbox: {} (landlock: {}, seccomp: {}); see docs/operate.md",
            sandbox.status, sandbox.landlock, sandbox.seccomp
        ));
    }
    if http.app.is_paused() {
        notes.push(
            "catalogue: another server has taken it over; uploads and changes are refused, reads go on"
                .to_owned(),
        );
    }
    if let Some(keys) = &http.keys {
        notes.extend(keys.notes(http.app.clock().now()));
    }
    notes.extend(cdn_note(&http.app).await);
    let status = if notes.is_empty() { "ok" } else { "degraded" };
    let storage = StorageReply { free_bytes: health.free_bytes, full: health.storage_full };
    super::readable(no_store(Json(HealthReply { status, notes, sandbox, storage }).into_response()))
}

/// What is to be said of caches in front that have not forgotten what they should.
async fn cdn_note(app: &App) -> Option<String> {
    let troubled = match app.troubled_caches().await {
        Ok(troubled) => troubled,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the catalogue does not answer");
            return None;
        }
    };
    let names: Vec<&str> = troubled.iter().map(|cache| cache.name.as_str()).collect();
    let names = names.join(", ");
    (!names.is_empty())
        .then(|| format!("cdn: {names} may still show what is gone; `tintype purge list` says why"))
}

const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Starting => "starting",
        Status::Ok => "ok",
        Status::Degraded => "degraded",
        Status::Off => "off",
        Status::Broken => "broken",
    }
}
