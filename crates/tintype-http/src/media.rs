//! A host of its own for pictures: an origin that never has a cookie, so that nothing that a stranger uploaded is ever shown
//! where people are known.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderValue, StatusCode, Uri, header};
use tintype_app::types::Visibility;

use crate::{
    Http,
    deliver::open_to_all,
    origin::{At, Origin},
    problem::Problem,
    router,
    routes::{bytes, card, ops},
};

/// What the media host answers: pictures, and whether it is there. Everything else is the site's.
pub(crate) fn router(http: Http) -> Router {
    let preflight = axum::routing::options(bytes::preflight);
    Router::new()
        .route("/i/{file}", get(bytes::original::original).merge(preflight.clone()))
        .route("/i/{id}/{variant}", get(bytes::variant::variant).merge(preflight.clone()))
        .route("/images/{file}", get(bytes::original::under_images).merge(preflight))
        .route("/", get(to_site))
        .route("/p/{id}", get(to_site))
        .route("/robots.txt", get(card::robots::robots_of_media))
        .route("/health", get(ops::health::health))
        .route("/ready", get(ops::ready::ready))
        .fallback(bytes::named::named)
        .method_not_allowed_fallback(router::method_not_allowed)
        .with_state(http)
}

/// A page of the site that somebody looks for here.
async fn to_site(State(http): State<Http>, uri: Uri) -> Response {
    lead_to_site(&http, &uri)
}

/// The same address at the site.
pub(crate) fn lead_to_site(http: &Http, uri: &Uri) -> Response {
    let Some(base) = &http.config.base_url else { return Problem::not_found(&http.app).into_response() };
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let Ok(to) = HeaderValue::from_str(&format!("{base}{path}")) else {
        return Problem::not_found(&http.app).into_response();
    };
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (StatusCode::TEMPORARY_REDIRECT, headers).into_response()
}

/// The way to a picture that needs no identity and was asked for at the site's own host.
pub(crate) fn redirect(origin: &Origin, uri: &Uri, visibility: Visibility) -> Option<Response> {
    let media = origin.base.media.as_deref()?;
    if origin.at != At::Site || visibility == Visibility::Private {
        return None;
    }
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(&format!("{media}{path}")).ok()?);
    // Not for caches on the way: one that somebody made mix up the hosts would send everybody in circles.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
    open_to_all(headers);
    Some(response)
}
