//! `GET /{named path}`, and everything else that no route answers

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use percent_encoding::percent_decode_str;
use tintype_app::{
    Image,
    authorize::Denial,
    headers::{Lasting, cache_control},
    path::Named,
    purge::{image_tag, path_tag},
    serve::ServeError,
    text,
    types::Visibility,
};

use super::refuse;
use crate::{
    Http,
    caller::Caller,
    deliver::{deliver, open_to_all, tag},
    links, media, negotiate,
    origin::At,
    pages::{self, Look},
    problem::{Code, Problem},
    routes::page::{folder, share::in_place_of_bytes},
};

/// An image at a path of its owner's choice, or a folder of them. Whatever is no such path is not there.
pub(crate) async fn named(State(http): State<Http>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let decoded = percent_decode_str(parts.uri.path()).decode_utf8().ok();
    let is_media = super::at(&http, &parts) == At::Media;
    let wants_page = pages::wants_html(&parts.headers) && !is_media;
    let Some(path) = decoded.as_deref().and_then(|path| text::named_path(path).ok()) else {
        let page = match decoded.as_deref().filter(|_| http.config.folder_index) {
            Some(path) if is_media => to_folder(&http, &parts, path),
            Some(path) => folder::index(&http, &parts, path).await,
            None => None,
        };
        return match page {
            Some(page) => page,
            None if wants_page => pages::missing(&Look::of(&parts), Denial::NotFound),
            None => Problem::not_found(&http.app).into_response(),
        };
    };
    if parts.method == Method::OPTIONS {
        return super::preflight().await;
    }
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return method_not_allowed(&http);
    }
    match answer(&http, &parts, &path).await {
        Ok(response) => response,
        Err(problem) if wants_page && matches!(problem.code, Code::Gone | Code::NotFound) => {
            let denial = if problem.code == Code::Gone { Denial::Gone } else { Denial::NotFound };
            pages::missing(&Look::of(&parts), denial)
        }
        Err(problem) => refuse(problem),
    }
}

/// The media host has no pages: what may be a folder is looked for at the site.
fn to_folder(http: &Http, parts: &Parts, path: &str) -> Option<Response> {
    let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
    text::named_folder(path).ok().filter(|_| is_read).map(|_| media::lead_to_site(http, &parts.uri))
}

async fn answer(http: &Http, parts: &Parts, path: &str) -> Result<Response, Problem> {
    let caller = super::caller(http, parts)?;
    let actor = caller.actor(&http.app).await?;
    match http
        .app
        .named(&actor, path)
        .await
        .map_err(|error: ServeError| Problem::from_serve(&http.app, &error))?
    {
        Named::Original(stored) if super::wants_page(http, parts) => {
            Ok(in_place_of_bytes(http, &caller, &stored, parts).await)
        }
        Named::Original(stored) => {
            if let Some(response) = media::redirect(&caller.origin, &parts.uri, stored.visibility) {
                return Ok(response);
            }
            let mut response =
                deliver(&http.app, &parts.method, &parts.headers, &stored, Lasting::Movable, Some(path))
                    .await;
            if stored.visibility != Visibility::Private {
                tag(&http.app, response.headers_mut(), &path_tag(path));
            }
            if http.config.negotiate {
                negotiate::mark(response.headers_mut());
            }
            Ok(response)
        }
        Named::Moved { to, image } => Ok(moved(http, &caller, parts, path, &to, &image)),
    }
}

/// Sends a reader on to where an image was moved: for as long as a reader may keep what stands there, for the old path may
/// be given to another picture.
fn moved(http: &Http, caller: &Caller, parts: &Parts, from: &str, to: &str, image: &Image) -> Response {
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    let left = image.expires_at.map(|end| http.app.clock().now().seconds_until(end));
    let caching = cache_control(image.visibility, left, Lasting::Movable, http.app.is_purged());
    let media = http.config.media_url.as_deref().filter(|_| image.visibility != Visibility::Private);
    let location =
        links::onward(media.or(http.config.base_url.as_deref()), &caller.origin, parts.uri.path(), to);
    let headers = response.headers_mut();
    for (name, value) in [(header::LOCATION, location), (header::CACHE_CONTROL, caching.into_owned())] {
        headers
            .insert(name, HeaderValue::try_from(value).expect("encoded paths and numbers are visible ASCII"));
    }
    if image.visibility != Visibility::Private {
        open_to_all(headers);
        tag(&http.app, headers, &image_tag(image.id));
        tag(&http.app, headers, &path_tag(from));
    }
    response
}

fn method_not_allowed(http: &Http) -> Response {
    let detail = "A named path takes GET and HEAD. Publish by PUT to /api/v1/files/ and the path.";
    let mut response = Problem::new(&http.app, Code::MethodNotAllowed, detail).into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    response
}
