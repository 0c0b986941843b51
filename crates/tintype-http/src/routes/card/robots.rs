//! `GET /robots.txt`

use std::fmt::Write as _;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::header;

use crate::{Http, cards::CARD_READERS, config::Robots};

/// What crawlers have no business with: forms, the app's own pages, and addresses that are secrets.
const NOT_FOR_CRAWLERS: [&str; 3] = ["/api/", "/d/", "/report/"];
/// The same, each one address with any query. A `$` ends an address (RFC 9309, section 2.2.3): a rule is a prefix, `/images/`
/// leads to pictures and `/news/` is somebody's folder. The `*` says nothing; without it Python's `urllib.robotparser` drops
/// the `?` before it.
const PAGES: [&str; 5] = ["/images", "/metrics", "/new", "/settings", "/upload"];

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
    match robots {
        Robots::Public => text.push_str("User-agent: *\n"),
        // Cards are no index: whoever pastes a link wants it shown.
        Robots::None => {
            for reader in CARD_READERS {
                let _ = writeln!(text, "User-agent: {reader}");
            }
        }
    }
    for path in NOT_FOR_CRAWLERS {
        let _ = writeln!(text, "Disallow: {base}{path}");
    }
    for page in PAGES {
        let _ = writeln!(text, "Disallow: {base}{page}$\nDisallow: {base}{page}?*");
    }
    if robots == Robots::None {
        let _ = writeln!(text, "\nUser-agent: *\nDisallow: {base}/");
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
        let none = rules(Robots::None, "");
        assert!(none.ends_with("\n\nUser-agent: *\nDisallow: /\n"), "{none}");
        assert!(rules(Robots::Public, "/pictures").contains("\nDisallow: /pictures/api/\n"));
        // Readers of cards may have what crawlers have elsewhere: pages, and pictures at whatever path.
        let (readers, everybody) = none.split_once("\n\n").unwrap();
        assert!(
            readers.starts_with("User-agent: ") && readers.contains("User-agent: Twitterbot\n"),
            "{none}"
        );
        assert!(text.ends_with(&format!("{}\n", readers.split_once("\nDisallow").unwrap().1)), "{none}");
        assert_eq!(everybody, "User-agent: *\nDisallow: /\n");
    }

    /// Whether a rule holds for an address: from its beginning, to its end where the rule ends in `$`. A `*` at its end stands
    /// for any rest.
    fn holds(rule: &str, address: &str) -> bool {
        match rule.strip_suffix('$') {
            Some(whole) => address == whole,
            None => address.starts_with(rule.strip_suffix('*').unwrap_or(rule)),
        }
    }

    /// What `urllib.robotparser` makes of a rule, by which many crawlers go: a prefix, in which `$` and `*` are letters and
    /// from which an empty query is dropped.
    fn holds_plainly(rule: &str, address: &str) -> bool {
        address.starts_with(rule.strip_suffix('?').unwrap_or(rule))
    }

    #[test]
    fn folders_of_pictures_are_kept_from_nobody() {
        for base in ["", "/pictures"] {
            let text = rules(Robots::Public, base);
            let rules: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("Disallow: ")).collect();
            let plain = |rule: &&str| !rule.trim_end_matches(['$', '*']).contains(['$', '*']);
            assert!(!rules.is_empty() && rules.iter().all(plain), "{text}");
            let check = |path: &str, refused: bool| {
                let address = format!("{base}{path}");
                assert_eq!(rules.iter().any(|rule| holds(rule, &address)), refused, "{address} {text}");
            };
            for path in ["/new", "/new?x=1", "/upload", "/settings", "/metrics", "/images", "/images?q=a"] {
                check(path, true);
            }
            for path in ["/api/v1/images", "/d/token", "/report/x"] {
                check(path, true);
            }
            let pages = ["/", "/p/x", "/i/x.png", "/images/x.png", "/news/a.png", "/newsletter/1/b.png"];
            let more = ["/uploader/a.png", "/settings-of-mine/a.png", "/metrics2/a.png", "/days/a.png"];
            for path in pages.into_iter().chain(more) {
                check(path, false);
                let address = format!("{base}{path}");
                assert!(!rules.iter().any(|rule| holds_plainly(rule, &address)), "{address} {text}");
            }
        }
    }
}
