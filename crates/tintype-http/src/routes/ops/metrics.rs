//! `GET /metrics`

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};
use tintype_app::{Actor, types::Scope};

use crate::{
    Http,
    caller::{Caller, Client},
    problem::Problem,
    reply::ProblemDocument,
};

/// Counters and gauges in the text format of OpenMetrics, which Prometheus reads.
///
/// Answered to the addresses in `metrics.allow` (this machine, where nothing else is set) and to tokens with the scope
/// `admin`; to everybody else there is nothing here.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "server",
    operation_id = "getMetrics",
    responses(
        (status = 200, description = "The metrics", body = String, content_type = "application/openmetrics-text"),
        (status = "4XX", description = "Not for the asker", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn metrics(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let near = parts
        .extensions
        .get::<Client>()
        .is_some_and(|client| http.config.metrics_allow.iter().any(|net| net.contains(&client.0)));
    if !near {
        let actor = Caller::of(&http, &parts)?.actor(&http.app).await?;
        if !matches!(&actor, Actor::Token { scopes, .. } if scopes.allows(Scope::Admin)) {
            return Err(Problem::not_found(&http.app));
        }
    }
    let purges = http.app.purge_counts().await.map_err(|error| Problem::from_trouble(&http.app, &error))?;
    let mut response =
        http.metrics.text(&http.app, purges, http.keys.as_deref(), http.config.version).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
