//! Port 80 of a server with HTTPS: leads everybody there but an authority that looks for a challenge.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::SocketAddr,
    sync::Arc,
    time::Instant,
};

use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper::body::Incoming;

use super::{FrontBody, challenge, front::Front};
use crate::{
    base_path::{self, Target},
    origin,
    tls::Keys,
};

/// A connection that is led elsewhere.
pub(super) struct Redirect {
    front: Front,
    keys: Arc<Keys>,
    peer: SocketAddr,
}

impl Redirect {
    pub(super) fn new(front: Front, keys: Arc<Keys>, peer: SocketAddr) -> Self {
        Self { front, keys, peer }
    }

    fn answer<B>(&self, request: &Request<B>) -> Response<FrontBody> {
        if let Some(response) = challenge::answer(&self.keys, request.method(), request.uri()) {
            return response;
        }
        let sent = request.uri().authority().map(http::uri::Authority::as_str);
        let host = sent.or_else(|| request.headers().get(header::HOST)?.to_str().ok());
        let host = host.filter(|_| origin::names_one_host(request.headers()));
        let Some(name) = host.map(name_of) else {
            return text(
                StatusCode::BAD_REQUEST,
                "Send one Host header with the name of this site.\n".to_owned(),
            );
        };
        let Some(site) = self.site(&name) else {
            let names = self.names().join(", ");
            let words =
                format!("Nothing is served under this name. This server answers to {names}, over https.\n");
            return text(StatusCode::MISDIRECTED_REQUEST, words);
        };
        let target = format!("{site}{}", rest(request.uri()));
        let Ok(target) = HeaderValue::try_from(target) else {
            return text(StatusCode::BAD_REQUEST, "This address cannot be redirected to https.\n".to_owned());
        };
        let mut response = text(StatusCode::PERMANENT_REDIRECT, format!("This site is at {site}.\n"));
        response.headers_mut().insert(header::LOCATION, target);
        response
    }

    /// What an address of this name begins with, if it is one of ours: by the settings, or by the operator's own certificate.
    fn site(&self, name: &str) -> Option<String> {
        let host = self.base_host();
        if let Some(host) = host.filter(|host| name_of(host) == name) {
            return Some(format!("https://{host}"));
        }
        let is_ours = self.keys.domains().iter().any(|domain| domain == name)
            || self.keys.own().is_some_and(|own| own.is_for(name));
        is_ours.then(|| format!("https://{name}"))
    }

    /// Host and port of `base_url`. Its path, if it has one, is in what was asked for already.
    fn base_host(&self) -> Option<&str> {
        self.front.http.config.base_url.as_deref()?.strip_prefix("https://")?.split('/').next()
    }

    /// The names that are led to HTTPS.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.base_host().map(name_of).into_iter().collect();
        let own = self.keys.own().map(|own| own.names).unwrap_or_default();
        for name in self.keys.domains().iter().chain(&own) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

/// A host without its port, in lower case, without the dot at its end.
fn name_of(host: &str) -> String {
    let name = host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(host, |(name, _)| name);
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Path and query of a request.
fn rest(uri: &Uri) -> &str {
    uri.path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str)
        .strip_prefix('*')
        .map_or_else(|| uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str), |_| "/")
}

pub(super) fn text(status: StatusCode, words: String) -> Response<FrontBody> {
    let mut response = Response::new(FrontBody::from(Bytes::from(words)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

impl hyper::service::Service<Request<Incoming>> for Redirect {
    type Response = Response<FrontBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let begun = Instant::now();
        let client = self.front.client(request.headers(), self.peer);
        let response = match self.front.admit(client) {
            Ok(()) => self.answer(&request),
            Err(problem) => problem.into_response().map(FrontBody::from),
        };
        // The log knows our addresses by what stands behind the path.
        let below = match base_path::target(&self.front.base_path, request.uri()) {
            Target::Below(uri) => Some(uri),
            Target::AsItIs | Target::Bare => None,
        };
        let uri = below.as_ref().unwrap_or_else(|| request.uri());
        self.front.note(client, request.method(), uri, &response, begun);
        ready(Ok(response))
    }
}
