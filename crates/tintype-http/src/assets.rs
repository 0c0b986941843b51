//! The built web app, inside the program.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};

use crate::place::Place;

struct Asset {
    /// Path below `web/dist`, such as `assets/index-1a2b3c.js`.
    path: &'static str,
    etag: &'static str,
    etag_gzip: &'static str,
    bytes: &'static [u8],
    /// Present where it is clearly smaller.
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

fn find(path: &str) -> Option<&'static Asset> {
    FILES.binary_search_by(|asset| asset.path.cmp(path)).ok().map(|place| &FILES[place])
}

/// The web app's page, if the web app was built.
pub(crate) fn index() -> Option<&'static str> {
    std::str::from_utf8(find("index.html")?.bytes).ok()
}

/// The address of the stylesheet of the pages that the server renders, from the start page, with its tag, so that it may be cached for good.
pub(crate) fn page_css() -> String {
    let tag = find("assets/page.css").map_or("none", |asset| asset.etag.trim_matches('"'));
    format!("assets/page.css?v={tag}")
}

/// `GET /assets/{file}`
pub(crate) async fn asset(Place(file): Place<String>, request: Request) -> Response {
    serve(&format!("assets/{file}"), &request, "public, max-age=31536000, immutable")
}

/// `GET /icon.svg`, `/favicon.ico` and the like
pub(crate) async fn root_file(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    serve(&path, &request, "public, max-age=86400")
}

fn serve(path: &str, request: &Request, cache: &'static str) -> Response {
    let Some(asset) = find(path) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = request.headers();
    let accepts_gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim().split(';').next() == Some("gzip")));
    let packed = asset.gzip.filter(|_| accepts_gzip);
    let etag = if packed.is_some() { asset.etag_gzip } else { asset.etag };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response =
        Response::new(if known { Body::empty() } else { Body::from(packed.unwrap_or(asset.bytes)) });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::ETAG, HeaderValue::from_static(etag));
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if packed.is_some() && !known {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if asset.gzip.is_some() {
        out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        Some("webmanifest") => "application/manifest+json",
        Some("html") => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}
