//! One address for both (`links.negotiate`): a page that shows the picture gets its bytes, whoever opens the address, or
//! makes a card of it, gets the page about it.
//!
//! The page is never stored (`no-store`, as all pages). The bytes are `private`: readers' own browsers keep them, told apart by
//! `Vary`, but no cache that serves many does, because few of those heed `Vary` on these fields, and one that does not would
//! hand the one reader what was meant for the other. Variants, and a copy in a public bucket, have one form alone and stay
//! public.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts};

use crate::cards::CARD_READERS;

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The query that asks for the bytes, whoever asks.
pub(crate) const RAW: &str = "raw=1";

/// Whether whoever sends this request is to get the page.
pub(crate) fn wants_page(parts: &Parts) -> bool {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return false;
    }
    if parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == RAW)) {
        return false;
    }
    let headers = &parts.headers;
    // Browsers say what they fetch for (Fetch Metadata); those of old, and all on plain HTTP, by what they prefer.
    match headers.get(SEC_FETCH_DEST) {
        Some(what) => what == "document",
        None => is_card_reader(headers) || prefers_html(headers),
    }
}

fn is_card_reader(headers: &HeaderMap) -> bool {
    let Some(agent) = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes) else { return false };
    CARD_READERS.iter().any(|reader| {
        let reader = reader.as_bytes();
        agent.windows(reader.len()).any(|part| part.eq_ignore_ascii_case(reader))
    })
}

/// Whether `Accept` names HTML, and no image with a higher weight (RFC 9110, 12.5.1).
fn prefers_html(headers: &HeaderMap) -> bool {
    let (mut html, mut image) = (0, 0);
    for line in headers.get_all(header::ACCEPT) {
        for range in line.to_str().unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            let weight = weight.map_or(1_000, thousandths);
            if name == "text/html" || name == "application/xhtml+xml" {
                html = html.max(weight);
            } else if name.starts_with("image/") {
                image = image.max(weight);
            }
        }
    }
    html > 0 && html >= image
}

/// A weight of at most three digits after the point; what is none counts as nothing.
fn thousandths(weight: &str) -> u16 {
    let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = rest.len() <= 3 && rest.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" => 1_000,
        "0" if digits => format!("{rest:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

/// Marks bytes of an address that has a page too: for the reader's own cache alone.
pub(crate) fn mark(headers: &mut HeaderMap) {
    vary(headers);
    let kept = headers.get(header::CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kept.contains("no-store") {
        return;
    }
    let own =
        kept.split(',').map(str::trim).filter(|word| word.starts_with("max-age=") || *word == "immutable");
    let own = own.fold("private".to_owned(), |all, word| format!("{all}, {word}"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_str(&own).expect("made of what a header held"));
}

/// Names what the choice hangs on.
pub(crate) fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("Sec-Fetch-Dest, Accept, User-Agent"));
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[track_caller]
    fn check(target: &str, fields: &[(&str, &str)], page: bool) {
        let mut request = Request::get(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(wants_page(&parts), page, "{target} {fields:?}");
    }

    const FIREFOX: &str =
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
    const CHROME_IMG: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

    #[test]
    fn browsers_say_what_they_fetch_for() {
        check("/i/a.jpg", &[("sec-fetch-dest", "document"), ("accept", FIREFOX)], true);
        for what in ["image", "empty", "iframe", "embed", "object", "video", "nonsense"] {
            check("/i/a.jpg", &[("sec-fetch-dest", what), ("accept", FIREFOX)], false);
        }
        check("/i/a.jpg", &[("accept", FIREFOX)], true);
        check("/i/a.jpg", &[("accept", CHROME_IMG)], false);
    }

    #[test]
    fn others_get_what_they_prefer() {
        for (accept, page) in [
            ("*/*", false),
            ("", false),
            ("image/webp,*/*", false),
            ("text/html", true),
            ("TEXT/HTML;q=0.5", true),
            ("text/html;q=0", false),
            ("text/html;q=0.8, image/*", false),
            ("text/html;q=0.8, image/png;q=0.801", false),
            ("text/html;q=0.8, image/png; q=0.8", true),
            ("text/html;q=2", false),
            ("text/html;q=0.", false),
            ("application/json, text/html;q=x", false),
        ] {
            check("/i/a.jpg", &[("accept", accept)], page);
        }
        check("/i/a.jpg", &[], false);
    }

    #[test]
    fn readers_of_cards_get_the_page_and_raw_is_raw() {
        for agent in [
            "Twitterbot/1.0",
            "WhatsApp/2.23",
            "Mozilla/5.0 (compatible; discordbot/2.0; +https://d.example)",
        ] {
            check("/i/a.jpg", &[("user-agent", agent), ("accept", "*/*")], true);
            check("/i/a.jpg?raw=1", &[("user-agent", agent)], false);
        }
        check("/i/a.jpg", &[("user-agent", "Slack-ImgProxy (+https://api.slack.com/robots)")], false);
        check("/i/a.jpg", &[("user-agent", "curl/8.5.0"), ("accept", "*/*")], false);
        check("/i/a.jpg?raw=1", &[("sec-fetch-dest", "document")], false);
        check("/i/a.jpg?x=raw=1", &[("sec-fetch-dest", "document")], true);
    }

    #[test]
    fn what_many_read_from_keeps_nothing() {
        for (before, after) in [
            ("public, max-age=31536000, s-maxage=86400, immutable", "private, max-age=31536000, immutable"),
            ("public, max-age=300", "private, max-age=300"),
            ("private, no-store", "private, no-store"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(before));
            mark(&mut headers);
            assert_eq!(headers[header::CACHE_CONTROL], after);
            assert_eq!(headers[header::VARY], "Sec-Fetch-Dest, Accept, User-Agent");
        }
    }
}
