//! `GET /robots.txt`

use std::fmt::Write as _;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::header;

use crate::{Http, cards::CARD_READERS, config::Robots};

/// What crawlers have no business with: forms, the app's own pages, and addresses that are secrets. A `$` ends an address
/// (RFC 9309, section 2.2.3): `/images/` leads to pictures.
const NOT_FOR_CRAWLERS: [&str; 9] =
    ["/api/", "/d/", "/images$", "/images?", "/new", "/report/", "/settings", "/upload", "/metrics"];

/// What crawlers may ask for (RFC 9309). It counts at the root of a host alone; under a sub-path its lines are for the file
/// that stands there.
pub(crate) async fn robots(State(http): State<Http>) -> Response {
    answer(rules(http.config.robots, http.config.base_path()))
}

/// The same at the media host, which has nothing but pictures, at its root.
pub(crate) async fn robots_of_media(State(http): State<Http>) -> Response {
    let text = match http.config.robots {
        Robots::None => rules(Robots::None, ""),
        Robots::Public => "User-agent: *\nDisallow:\n".to_owned(),
    };
    answer(text)
}

fn answer(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, text).into_response()
}

fn rules(robots: Robots, base: &str) -> String {
    let mut text = String::new();
    if robots == Robots::None {
        // Cards are no index: whoever pastes a link wants it shown.
        for reader in CARD_READERS {
            let _ = writeln!(text, "User-agent: {reader}");
        }
        for path in ["/p/", "/i/", "/oembed"] {
            let _ = writeln!(text, "Allow: {base}{path}");
        }
        let _ = writeln!(text, "Disallow: {base}/\n\nUser-agent: *\nDisallow: {base}/");
        return text;
    }
    text.push_str("User-agent: *\n");
    for path in NOT_FOR_CRAWLERS {
        let _ = writeln!(text, "Disallow: {base}{path}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_pictures_are_for_crawlers_unless_nothing_is() {
        let text = rules(Robots::Public, "");
        assert!(text.starts_with("User-agent: *\nDisallow: /api/\nDisallow: /d/\n"), "{text}");
        assert!(!text.contains("/p/") && !text.contains("/i/") && !text.contains("/images\n"), "{text}");
        let none = rules(Robots::None, "");
        assert!(none.ends_with("\n\nUser-agent: *\nDisallow: /\n"), "{none}");
        assert!(rules(Robots::Public, "/pictures").contains("\nDisallow: /pictures/api/\n"));
        assert!(none.contains("User-agent: Twitterbot\n") && none.contains("Allow: /p/\n"), "{none}");
    }
}
