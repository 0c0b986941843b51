//! Bytes of images: originals, variants, named paths.

pub(crate) mod named;
pub(crate) mod original;
pub(crate) mod variant;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use tintype_app::{Credential, purge::image_tag, types::ImageId};

use crate::{
    Http,
    caller::{Caller, Peer},
    deliver::{gone, open_to_all},
    negotiate,
    origin::{self, At},
    problem::Problem,
};

/// Who asks for bytes. At a host that is none of ours no cookie counts: a cache may stand there that keeps one answer for all.
fn caller(http: &Http, parts: &Parts) -> Result<Caller, Problem> {
    let mut caller = Caller::of(http, parts)?;
    if caller.origin.at == At::Elsewhere && matches!(caller.credential, Credential::Browser(_)) {
        caller.credential = Credential::Nothing;
    }
    Ok(caller)
}

/// To which of our hosts a request was sent.
fn at(http: &Http, parts: &Parts) -> At {
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
    peer.map_or(At::Elsewhere, |peer| origin::at(&http.config, &parts.headers, &parts.uri, peer))
}

/// Whether whoever asks is to get a page at a picture's own address, for the same reason nobody at such a host.
fn wants_page(http: &Http, parts: &Parts) -> bool {
    http.config.negotiate && negotiate::wants_page(parts) && at(http, parts) != At::Elsewhere
}

/// A refusal that pages of other sites may read too.
pub(crate) fn refuse(problem: Problem) -> Response {
    let mut response = problem.into_response();
    open_to_all(response.headers_mut());
    response
}

/// The same at an image's own address: caches may keep for a little that it is gone, where nobody in particular has asked.
/// The owner of an image whose time is over hears that it is gone, and strangers that there is none.
pub(crate) fn refuse_of(http: &Http, problem: Problem, id: ImageId, asked: &HeaderMap) -> Response {
    let mut response = refuse(problem);
    let by_nobody = !asked.contains_key(header::AUTHORIZATION) && !asked.contains_key(header::COOKIE);
    if response.status() == StatusCode::GONE && by_nobody {
        gone(&http.app, response.headers_mut(), &image_tag(id));
    }
    response
}

/// The answer to a browser that asks whether it may read bytes from another site's page.
pub(crate) async fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    open_to_all(headers);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Range, If-Match, If-None-Match, If-Range"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// The `id` and the extension of `{id}.{ext}` or `{id}`.
pub(crate) fn split(name: &str) -> (&str, Option<&str>) {
    name.split_once('.').map_or((name, None), |(id, extension)| (id, Some(extension)))
}

pub(crate) fn not_found(http: &Http) -> Response {
    refuse(Problem::from_denial(&http.app, tintype_app::authorize::Denial::NotFound))
}
