//! `GET /metrics`

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, header};
use tintype_app::{Actor, types::Scope};

use crate::{
    Http,
    caller::{Caller, Client},
    forwarded,
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
    let client = parts.extensions.get::<Client>();
    if !client.is_some_and(|client| is_near(&http, &parts.headers, client.address)) {
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

/// Whether somebody may read without a token. What a proxy passes on is not its own, nor this machine's.
fn is_near(http: &Http, headers: &HeaderMap, client: IpAddr) -> bool {
    let is_ours = client.is_loopback() || http.config.trusts(client);
    let is_allowed = http.config.metrics_allow.iter().any(|net| net.contains(&client));
    is_allowed && !(is_ours && forwarded::is_passed_on(headers))
}
