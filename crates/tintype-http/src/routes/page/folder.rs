//! `GET /{folder}/`, where folders show their public pictures

use axum::{
    extract::Query,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use serde::Deserialize;
use tintype_app::text;

use crate::{
    Http,
    caller::Caller,
    links,
    pages::{self, Look, Scripts},
    problem::Problem,
};

#[derive(Deserialize)]
struct Place {
    /// The last entry of the page before.
    after: Option<String>,
}

/// The page of the folder at a decoded path, or the way there where only the slash at its end is missing; `None` where no
/// folder with public pictures is there.
pub(crate) async fn index(http: &Http, parts: &Parts, path: &str) -> Option<Response> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return None;
    }
    let folder = text::named_folder(path).ok().filter(|folder| !folder.is_empty())?;
    let is_page = path.ends_with('/');
    let after = Query::<Place>::try_from_uri(&parts.uri).ok().and_then(|Query(place)| place.after);
    let after =
        after.filter(|after| is_page && after.starts_with(&folder) && !after.contains(char::is_control));
    let entries = match http.app.index(&folder, after).await {
        Ok(entries) => entries,
        Err(error) => return Some(Problem::from_file(&http.app, &error).into_response()),
    };
    if entries.is_empty() {
        return None;
    }
    let origin = match Caller::of(http, parts) {
        Ok(caller) => caller.origin,
        Err(problem) => return Some(problem.into_response()),
    };
    if !is_page {
        let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
        let to = links::onward(http.config.base_url.as_deref(), &origin, parts.uri.path(), &folder);
        response.headers_mut().insert(header::LOCATION, HeaderValue::try_from(to).ok()?);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        return Some(response);
    }
    let page = pages::folder::page(&Look::of(parts), &origin.base, &folder, &entries);
    Some(pages::respond_for(http, page.into_string(), Scripts::None))
}
