//! What readers of a picture are told besides its bytes, wherever these come from: this server, a signed address, a copy in
//! a public bucket.

use std::{
    borrow::Cow,
    time::{Duration, UNIX_EPOCH},
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tintype_types::{UnixMillis, Visibility};

const YEAR: i64 = 31_536_000;
const DAY: i64 = 86_400;

/// How an address may be cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// The address always leads to these bytes.
    Immutable,
    /// The address may lead elsewhere tomorrow: a named path.
    Movable,
    /// The address always leads to these bytes, and is one of so many that do that no cache can be told of it.
    Unlisted,
}

/// How long a movable address may be kept without asking.
const MOVABLE: i64 = 300;

/// `Cache-Control` of an image that has so many seconds left, or no end. `max-age` never passes the end of the image's life.
///
/// Shared caches that are not `purged` ask again after a day, and after five minutes at movable addresses; those that are
/// keep pictures for a year, and for a day where the address may move. A movable address may be shown for a minute more
/// while it is asked for anew (`stale-while-revalidate`, RFC 5861), and no longer: what a browser shows so is what its owner
/// may have deleted, and nobody can purge it there.
pub fn cache_control(
    visibility: Visibility,
    left: Option<i64>,
    lasting: Lasting,
    purged: bool,
) -> Cow<'static, str> {
    if visibility == Visibility::Private {
        return "private, no-store".into();
    }
    let shared = if purged { YEAR } else { DAY };
    match (left, lasting) {
        (None, Lasting::Immutable) if purged => "public, max-age=31536000, immutable".into(),
        (None, Lasting::Immutable) => "public, max-age=31536000, s-maxage=86400, immutable".into(),
        (None, Lasting::Movable) if purged => {
            "public, max-age=300, s-maxage=86400, stale-while-revalidate=60".into()
        }
        (None, Lasting::Movable) => "public, max-age=300, stale-while-revalidate=60".into(),
        (Some(left), Lasting::Immutable) => {
            format!("public, max-age={}, s-maxage={}", left.min(YEAR), left.min(shared)).into()
        }
        (None, Lasting::Unlisted) => "public, max-age=31536000, s-maxage=0, immutable".into(),
        (Some(left), Lasting::Unlisted) => format!("public, max-age={}, s-maxage=0", left.min(YEAR)).into(),
        (Some(left), Lasting::Movable) => format!("public, max-age={}", left.min(MOVABLE)).into(),
    }
}

/// `Cache-Control` of the answer that an image is gone. Short, because a delete can be undone.
pub const GONE: &str = "public, max-age=60";

/// A time as HTTP writes it (RFC 9110, 5.6.7), such as `Sun, 22 Nov 2026 12:00:00 GMT`.
pub fn http_date(time: UnixMillis) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(u64::try_from(time.0).unwrap_or(0)))
}

/// What RFC 8187 allows plainly in `filename*`.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// `Content-Disposition`: `inline` with the name to save under (RFC 6266), in an ASCII form for old clients and whole,
/// percent-encoded.
pub fn disposition(file_name: Option<&str>) -> Cow<'static, str> {
    let Some(name) = file_name else { return "inline".into() };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '(' | ')');
    if name.chars().all(plain) {
        return format!("inline; filename=\"{name}\"").into();
    }
    let ascii: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    format!("inline; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(name, ATTR_CHAR)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_inject_headers() {
        let check = |name: &str, expected: &str| assert_eq!(disposition(Some(name)), expected);
        check("sunset 1.jpg", "inline; filename=\"sunset 1.jpg\"");
        check("a\"; x=\".jpg", "inline; filename=\"a__ x__.jpg\"; filename*=UTF-8''a%22%3B%20x%3D%22.jpg");
        check("ü\r\nX: 1.jpg", "inline; filename=\"___X_ 1.jpg\"; filename*=UTF-8''%C3%BC%0D%0AX%3A%201.jpg");
        assert_eq!(disposition(None), "inline");
    }

    #[test]
    fn nothing_is_kept_longer_than_it_lives() {
        let of = |left, lasting| cache_control(Visibility::Unlisted, left, lasting, false);
        assert_eq!(of(Some(100), Lasting::Immutable), "public, max-age=100, s-maxage=100");
        assert_eq!(of(Some(100), Lasting::Movable), "public, max-age=100");
        assert_eq!(of(None, Lasting::Movable), "public, max-age=300, stale-while-revalidate=60");
        for purged in [false, true] {
            let private = cache_control(Visibility::Private, Some(100), Lasting::Immutable, purged);
            assert_eq!(private, "private, no-store");
            let ending = cache_control(Visibility::Public, Some(100_000), Lasting::Movable, purged);
            assert_eq!(ending, "public, max-age=300");
        }
        let purged = cache_control(Visibility::Public, Some(100_000), Lasting::Immutable, true);
        assert_eq!(purged, "public, max-age=100000, s-maxage=100000");
    }
}
