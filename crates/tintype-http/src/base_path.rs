//! Hosting under a sub-path: the path of `server.base_url` stands before every address of ours. Some proxies pass it on and
//! some take it away; both are answered alike.

use bytes::Bytes;
use http::{Method, Response, StatusCode, Uri, header, uri::PathAndQuery};

/// The path of an address such as `https://example.org/pictures`: `/pictures`, or nothing.
pub fn of(base_url: &str) -> &str {
    let host = base_url.find("://").map_or(0, |at| at + 3);
    base_url[host..].find('/').map_or("", |slash| &base_url[host + slash..])
}

/// What becomes of a request's target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// It has no such path before it: the proxy took it away.
    AsItIs,
    /// The path before it was taken away.
    Below(Uri),
    /// It is the path itself, without the slash: pages and cookies are below it.
    Bare,
}

/// Takes `base` away from the path of `uri`, where it is there.
pub(crate) fn target(base: &str, uri: &Uri) -> Target {
    let Some(whole) = uri.path_and_query() else { return Target::AsItIs };
    let Some(rest) = whole.as_str().strip_prefix(base) else { return Target::AsItIs };
    if rest.is_empty() || rest.starts_with('?') {
        return Target::Bare;
    }
    if !rest.starts_with('/') {
        return Target::AsItIs;
    }
    let mut parts = uri.clone().into_parts();
    let below = PathAndQuery::from_maybe_shared(Bytes::copy_from_slice(rest.as_bytes()));
    parts.path_and_query = below.ok();
    Uri::from_parts(parts).map_or(Target::AsItIs, Target::Below)
}

/// Whether a named path begins with the words of `base`, or a folder may hold such paths: behind a proxy that takes the path
/// away they could not be told from what a proxy passes on whole.
pub(crate) fn hides(base: &str, path: &str) -> bool {
    let Some(words) = base.strip_prefix('/') else { return false };
    let is_around = path.ends_with('/') && words.starts_with(path);
    is_around || path.strip_prefix(words).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Leads from the bare path to the start page below it; what is not asked for by GET or HEAD stays what it is (RFC 9110,
/// 15.4.9).
pub(crate) fn to_start<B: Default>(base: &str, method: &Method, uri: &Uri) -> Response<B> {
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let is_read = method == Method::GET || method == Method::HEAD;
    let status = if is_read { StatusCode::MOVED_PERMANENTLY } else { StatusCode::PERMANENT_REDIRECT };
    let mut response = Response::new(B::default());
    *response.status_mut() = status;
    if let Ok(location) = format!("{base}/{query}").parse() {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Whether a proxy may name this as the path before ours (`X-Forwarded-Prefix`): it becomes part of links and of a cookie.
pub(crate) fn is_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain);
    path.len() <= 128 && path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_what_follows_the_host() {
        assert_eq!(of("https://example.org/pictures"), "/pictures");
        assert_eq!(of("https://example.org:8443/a/b"), "/a/b");
        assert_eq!((of("https://example.org"), of("http://[::1]:80")), ("", ""));
    }

    #[test]
    fn it_is_taken_away_where_it_is_there() {
        let below = |text: &str| Target::Below(text.parse().unwrap());
        for (uri, expected) in [
            ("/pictures/i/a.jpg?x=1", below("/i/a.jpg?x=1")),
            ("/pictures/", below("/")),
            ("/pictures/pictures/a.jpg", below("/pictures/a.jpg")),
            ("http://h:8080/pictures/p/a", below("http://h:8080/p/a")),
            ("/pictures", Target::Bare),
            ("/pictures?x", Target::Bare),
            ("/pictures.jpg", Target::AsItIs),
            ("/picturesque/a", Target::AsItIs),
            ("/i/a.jpg", Target::AsItIs),
            ("/", Target::AsItIs),
            ("*", Target::AsItIs),
        ] {
            assert_eq!(target("/pictures", &uri.parse().unwrap()), expected, "{uri}");
        }
        // Still a path, and no other host.
        let Target::Below(uri) = target("/pictures", &"/pictures//evil.example/a".parse().unwrap()) else {
            panic!()
        };
        assert_eq!((uri.path(), uri.authority()), ("//evil.example/a", None));
    }

    #[test]
    fn it_hides_what_begins_with_its_own_words() {
        for path in ["pictures/a.jpg", "pictures/", "pictures"] {
            assert!(hides("/pictures", path) && !hides("", path), "{path}");
        }
        for path in ["picturesque/a.jpg", "pictures.jpg", "blog/pictures/a.jpg", ""] {
            assert!(!hides("/pictures", path), "{path}");
        }
        assert!(hides("/a/b", "a/b/c.jpg") && !hides("/a/b", "a/c.jpg"));
        assert!(hides("/a/b", "a/") && !hides("/a/b", "b/"));
    }

    #[test]
    fn proxies_name_plain_paths_alone() {
        assert!(is_path("/pictures") && is_path("/a/b-c.d_e~f"));
        for path in [
            "", "/", "pictures", "/a/", "//a", "/a//b", "/..", "/a/./b", "/a b", "/a\"b", "/a;b", "/%61",
            "/ü",
        ] {
            assert!(!is_path(path), "{path}");
        }
    }
}
