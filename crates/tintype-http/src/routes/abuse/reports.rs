//! `GET /api/v1/reports`, `POST /api/v1/reports/{id}/close`

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tintype_app::{Report, authorize::Denial};
use utoipa::ToSchema;

use crate::{
    Http,
    caller::Caller,
    links::{self, Base},
    place::Place,
    problem::{Code, Problem},
    reply::{ProblemDocument, rfc3339},
    routes::image::upload::no_store,
};

/// A report of an image.
#[derive(Serialize, ToSchema)]
#[schema(as = Report)]
pub(crate) struct ReportReply {
    id: i64,
    /// The image's page.
    page: String,
    /// The image's id.
    image: String,
    /// Whether the image is deleted by now.
    image_deleted: bool,
    #[schema(example = "privacy")]
    reason: String,
    detail: Option<String>,
    /// How to reach whoever reported.
    contact: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was dealt with.
    #[schema(format = DateTime)]
    closed_at: Option<String>,
}

/// Reports, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportList {
    reports: Vec<ReportReply>,
}

/// Which reports to show.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportParams {
    /// Whether to show those that were dealt with, too.
    #[serde(default)]
    all: bool,
    /// How many: 1 to 1000, 100 where it is left away. What lies beyond is taken for the nearer end.
    #[param(minimum = 0, maximum = 4_294_967_295_u32, format = Int64, nullable = false)]
    limit: Option<u32>,
}

/// List reports of images, newest first. Needs the scope `admin`.
#[utoipa::path(
    get,
    path = "/api/v1/reports",
    tag = "operator",
    operation_id = "listReports",
    params(ReportParams),
    responses(
        (status = 200, description = "The reports", body = ReportList),
        (status = "4XX", description = "Not an admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn list(
    State(http): State<Http>,
    caller: Caller,
    params: Result<Query<ReportParams>, QueryRejection>,
) -> Result<Response, Problem> {
    let app = &http.app;
    let Query(params) = params.map_err(|error| {
        let detail = format!(
            "The query cannot be read ({}). It takes all=true and limit (1 to 1000).",
            error.body_text()
        );
        Problem::new(app, Code::InvalidField, detail)
    })?;
    let actor = caller.actor(app).await?;
    let found = app.reports(&actor, params.all, params.limit.unwrap_or(100)).await;
    let found = found.map_err(|error| Problem::from_image(app, &error))?;
    let base = &caller.origin.base;
    let reports = found.into_iter().map(|report| reply(base, report)).collect();
    Ok(no_store(Json(ReportList { reports }).into_response()))
}

/// Mark a report as dealt with. Needs the scope `admin`.
#[utoipa::path(
    post,
    path = "/api/v1/reports/{id}/close",
    tag = "operator",
    operation_id = "closeReport",
    params(("id" = String, Path, description = "The report's number")),
    responses(
        (status = 204, description = "It is closed"),
        (status = "4XX", description = "None of this number waits (404), not an admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn close(
    State(http): State<Http>,
    caller: Caller,
    Place(id): Place<String>,
) -> Result<Response, Problem> {
    let app = &http.app;
    let actor = caller.actor(app).await?;
    // What is no number is the number of no report.
    let closed = app.close_report(&actor, id.parse().unwrap_or(-1)).await;
    closed.map_err(|error| match &error {
        tintype_app::image::ImageError::Denied(Denial::NotFound) => {
            Problem::new(app, Code::NotFound, "No report of this number waits. List them at /api/v1/reports.")
        }
        error => Problem::from_image(app, error),
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn reply(base: &Base, report: Report) -> ReportReply {
    ReportReply {
        id: report.id,
        page: links::page_of(base, report.image),
        image: report.image.to_string(),
        image_deleted: report.image_deleted,
        reason: report.reason,
        detail: report.detail,
        contact: report.contact,
        created_at: rfc3339(report.created_at),
        closed_at: report.closed_at.map(rfc3339),
    }
}
