//! `GET /{folder}/`, where folders show their public pictures

use axum::{
    extract::Query,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use serde::Deserialize;
use tintype_app::{FolderPage, file::INDEX_PAGE, text};

use crate::{
    Http,
    caller::Caller,
    links,
    pages::{self, Look, Scripts},
    problem::Problem,
};

#[derive(Default, Deserialize)]
struct Place {
    /// The last entry of the page before.
    after: Option<String>,
    /// The same, where it is sealed because it may be no public picture.
    from: Option<String>,
}

/// The page of the folder at a decoded path, or the way there where only the slash at its end is missing; `None` where no
/// folder with public pictures is there.
pub(crate) async fn index(http: &Http, parts: &Parts, path: &str) -> Option<Response> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return None;
    }
    let folder = text::named_folder(path).ok().filter(|folder| !folder.is_empty())?;
    let is_page = path.ends_with('/');
    let place = Query::<Place>::try_from_uri(&parts.uri).ok().filter(|_| is_page);
    let Place { after, from } = place.map_or_else(Place::default, |Query(place)| place);
    let from = from.and_then(|from| http.sealer.open(&folder, &from));
    // Whoever has a sealed place came from a page that was there.
    let is_onward = from.is_some();
    let after = after.filter(|after| after.starts_with(&folder) && !after.contains(char::is_control));
    let FolderPage { mut entries, next } = match http.app.index(&folder, from.or(after)).await {
        Ok(page) => page,
        Err(error) => return Some(Problem::from_file(&http.app, &error).into_response()),
    };
    if entries.is_empty() && !is_onward {
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
    let is_full = entries.len() > INDEX_PAGE as usize;
    entries.truncate(INDEX_PAGE as usize);
    let next = match entries.last().filter(|_| is_full) {
        Some(last) => Some(format!("after={}", text::address_of_path(last.path()).trim_start_matches('/'))),
        None => next.map(|next| format!("from={}", http.sealer.seal(&http.app, &folder, &next))),
    };
    let page = pages::folder::page(&Look::of(parts), &origin.base, &folder, &entries, next.as_deref());
    Some(pages::respond_for(http, page.into_string(), Scripts::None))
}
