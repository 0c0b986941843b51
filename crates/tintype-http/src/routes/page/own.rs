//! Pages of the operator's own, from the folder `web.dir`: they stand before the web app and before named paths.

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use tower_http::services::ServeDir;

use crate::{Http, caller::Caller, config::Robots};

/// What the program answers itself, whatever lies in the folder.
const ALWAYS_OURS: [&str; 12] = [
    "/api/",
    "/i/",
    "/p/",
    "/d/",
    "/images/",
    "/oembed",
    "/uploads/",
    "/upload/",
    "/health",
    "/ready",
    "/metrics",
    "/version",
];

/// Answers with a file of the folder, if there is one of that path.
pub(crate) async fn own(State(http): State<Http>, request: Request, next: Next) -> Response {
    let Some(dir) = http.config.web_dir.as_ref().filter(|_| may_be_a_file(&request)) else {
        return next.run(request).await;
    };
    let mut wanted = Request::new(Body::empty());
    *wanted.method_mut() = request.method().clone();
    *wanted.uri_mut() = request.uri().clone();
    *wanted.headers_mut() = request.headers().clone();
    let Ok(answer) = ServeDir::new(dir).try_call(wanted).await else { return next.run(request).await };
    if answer.status() == StatusCode::NOT_FOUND {
        return next.run(request).await;
    }
    let mut response = answer.map(Body::new);
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Asked for anew each time: the operator may change it, and a page makes the browser an owner.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let is_page =
        headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let (parts, _) = request.into_parts();
    let caller = Caller::of(&http, &parts).ok();
    if let (Some(location), Some(caller)) = (headers.get(header::LOCATION), &caller)
        && let Some(below) = below(&caller.origin.prefix, location)
    {
        headers.insert(header::LOCATION, below);
    }
    if is_page {
        if http.config.robots == Robots::None {
            headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
        }
        // As the web app's page does, so that parallel first uploads of a browser share one owner.
        if let Some(cookie) = caller.and_then(|mut caller| caller.become_owner(&http.app)) {
            let headers = response.headers_mut();
            headers.insert(header::SET_COOKIE, cookie);
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
    }
    response
}

/// The way to a folder below the path that browsers see before ours. Two slashes at its beginning would be another host.
fn below(prefix: &str, location: &HeaderValue) -> Option<HeaderValue> {
    let path = location.to_str().ok()?.strip_prefix('/')?.trim_start_matches('/');
    HeaderValue::try_from(format!("{prefix}/{path}")).ok()
}

fn may_be_a_file(request: &Request) -> bool {
    let path = request.uri().path();
    // What is hidden, such as `.env` or `.git`, was not meant for readers.
    let hidden =
        || percent_decode_str(path).decode_utf8_lossy().split(['/', '\\']).any(|part| part.starts_with('.'));
    (request.method() == Method::GET || request.method() == Method::HEAD)
        && !ALWAYS_OURS.iter().any(|ours| path.starts_with(ours))
        && !hidden()
}
