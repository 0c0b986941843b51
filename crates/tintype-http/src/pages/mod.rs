//! Pages that the server renders: no framework, no script, one small stylesheet.

pub(crate) mod delete;
pub(crate) mod docs;
pub(crate) mod folder;
pub(crate) mod report;
pub(crate) mod result;
pub(crate) mod share;

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use tintype_app::{authorize::Denial, config::AppConfig};

use crate::{Http, assets, caller::cookie, config::Robots, problem::size, routes::ops::config::Store};

/// What a page may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scripts {
    /// Nothing.
    None,
    /// The web app's own files.
    App,
}

const CSP_APP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default";
const CSP_PLAIN: &str = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page with the headers that every page has.
pub(crate) fn respond(page: String, scripts: Scripts) -> Response {
    let mut response = Response::new(Body::from(page));
    let headers = response.headers_mut();
    let csp = match scripts {
        Scripts::None => CSP_PLAIN,
        Scripts::App => CSP_APP,
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // Pages hold links made of the request's own Host, or are one person's: none is ever kept by a cache.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

/// A page that shows pictures, or sends them: both may lie at the object storage's own address.
pub(crate) fn respond_for(http: &Http, page: String, scripts: Scripts) -> Response {
    let mut response = respond(page, scripts);
    if http.config.robots == Robots::None {
        response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    }
    let copies = http.config.copies_url.as_deref().map(origin_of);
    let store = http.app.store_origin();
    let pictures = [store.as_deref(), copies, http.config.media_url.as_deref()];
    if pictures.iter().any(Option::is_some) {
        let csp = match scripts {
            Scripts::None => CSP_PLAIN,
            Scripts::App => CSP_APP,
        };
        let csp = csp
            .replace("img-src 'self'", &with("img-src 'self'", pictures))
            .replace("connect-src 'self'", &with("connect-src 'self'", pictures));
        if let Ok(csp) = HeaderValue::from_str(&csp) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, csp);
        }
    }
    response
}

fn with(directive: &str, origins: [Option<&str>; 3]) -> String {
    origins.into_iter().flatten().fold(directive.to_owned(), |all, origin| format!("{all} {origin}"))
}

/// Scheme and host of an address.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or(url, |end| &url[..host + end])
}

/// Whether a person with a browser is asking.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// How a page is written for whoever asks.
pub(crate) struct Look {
    /// The theme that the person chose: `light`, `dark`, or `auto` for the system's.
    pub(crate) theme: &'static str,
    /// What leads from the page's own address to the start page, such as `../`: right under any path that a proxy puts
    /// before ours.
    pub(crate) root: String,
}

impl Look {
    pub(crate) fn of(parts: &Parts) -> Self {
        let theme = match cookie(&parts.headers, "tintype_theme") {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "auto",
        };
        let depth = parts.uri.path().bytes().filter(|byte| *byte == b'/').count().saturating_sub(1);
        Self { theme, root: if depth == 0 { "./".to_owned() } else { "../".repeat(depth) } }
    }
}

/// The frame of every page.
pub(crate) fn frame(look: &Look, title: &str, head: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=(look.theme) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" type="image/svg+xml" href={ (look.root) "icon.svg" };
                link rel="stylesheet" href={ (look.root) (assets::page_css()) };
                (head)
            }
            body { (body) }
        }
    }
}

/// The mark and the name, which lead home.
pub(crate) fn brand(look: &Look) -> Markup {
    html! {
        a class="brand" href=(look.root) {
            svg viewBox="0 0 32 32" aria-hidden="true" {
                path class="mark-plate" d="M8 2h16l4 4v20l-4 4H8l-4-4V6z" {}
                path class="mark-window" d="M16 7c4 0 6.5 3.1 6.5 7.6V24h-13v-9.4C9.5 10.1 12 7 16 7z" {}
            }
            span { "Tintype" }
        }
    }
}

/// Nothing here, or nothing any more.
pub(crate) fn missing(look: &Look, denial: Denial) -> Response {
    let (status, title, text) = match denial {
        Denial::Gone => (StatusCode::GONE, "This picture is gone", "It was deleted, or its time is over."),
        _ => (
            StatusCode::NOT_FOUND,
            "There is nothing here",
            "The link may be wrong, or the picture is not for everybody.",
        ),
    };
    let body = html! {
        header class="bar" { (brand(look)) }
        main class="page note" {
            div class="empty-mat" aria-hidden="true" { i {} i {} }
            h1 { (title) }
            p { (text) }
            p { a class="button" href=(look.root) { "Upload a picture" } }
        }
    };
    let head = html! { meta name="robots" content="noindex"; };
    let mut response = respond(frame(look, title, &head, &body).into_string(), Scripts::None);
    *response.status_mut() = status;
    response
}

/// What stands at the start page where the web app was not built into the program.
pub(crate) fn unbuilt(look: &Look) -> Response {
    let body = html! {
        main class="page" {
            h1 { "The web app is not part of this build" }
            p { "The server works: upload by POST to " code { "/api/v1/images" } ". To have the web app, run npm ci and npm run build in web/, then build the program again; ./run does all of it." }
        }
    };
    respond(frame(look, "Tintype", &html! {}, &body).into_string(), Scripts::None)
}

/// The settings for the web app, as data that no browser runs.
pub(crate) fn config_script(json: &str) -> Markup {
    // Inside a script element only `<` could end it.
    let json = json.replace('<', "\\u003c");
    html! { script id="config" type="application/json" { (PreEscaped(json)) } }
}

/// The form that uploads without JavaScript, under a line that says where pictures stay.
pub(crate) fn upload_form(look: &Look, config: &AppConfig, store: Store) -> Markup {
    let names: Vec<&str> = config.accepted.iter().map(|media| media.name()).collect();
    let types: Vec<&str> = config.accepted.iter().map(|media| media.mime()).collect();
    let lead = match store {
        Store::Folder => "Everything stays on this server.",
        Store::S3 => "Pictures are kept in this server’s object storage.",
    };
    html! {
        p class="lead" { (lead) }
        form class="plain-form" action={ (look.root) "new" } method="post" enctype="multipart/form-data" {
            label for="plain-file" { "Choose pictures" }
            input id="plain-file" type="file" name="file" accept=(types.join(",")) multiple required;
            p class="hint" { (names.join(", ")) " · up to " (size(config.upload_bytes_max)) " each" }
            button class="button primary" { "Upload" }
        }
    }
}

/// A link to copy: a field that selects as a whole.
pub(crate) fn copy_field(id: &str, label: &str, value: &str) -> Markup {
    html! {
        p class="copy-field" {
            label for=(id) { (label) }
            input id=(id) type="text" readonly value=(value) dir="ltr" spellcheck="false";
        }
    }
}
