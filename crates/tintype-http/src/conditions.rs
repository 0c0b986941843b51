//! Conditional and range requests (RFC 9110, chapters 13 and 14): a pure decision, rendered elsewhere.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tintype_app::{PathCondition, Tags};

/// What to answer a GET or HEAD of bytes that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// 200 with everything.
    Full,
    /// 206 with the bytes from `start` to before `end`.
    Range { start: u64, end: u64 },
    /// 304.
    NotModified,
    /// 412.
    Changed,
    /// 416.
    Unsatisfiable,
}

impl Decision {
    /// The bytes that are sent of `len`; none where there is no body.
    pub(crate) fn range(self, len: u64) -> Option<std::ops::Range<u64>> {
        match self {
            Self::Full => Some(0..len),
            Self::Range { start, end } => Some(start..end),
            Self::NotModified | Self::Changed | Self::Unsatisfiable => None,
        }
    }
}

/// Decides by the request's headers, the strong entity tag (with quotes) and the length.
///
/// One range is answered; several, or a unit other than bytes, get everything, so that a header with thousands of ranges
/// costs no more than one. `If-Range` counts only with the strong tag.
pub(crate) fn decide(headers: &HeaderMap, etag: &str, len: u64) -> Decision {
    // First (RFC 9110, 13.2.2), for the tag of a part that is to be joined to others.
    if headers.contains_key(header::IF_MATCH) && !is_expected(headers, etag) {
        return Decision::Changed;
    }
    if headers.get(header::IF_NONE_MATCH).is_some_and(|value| matches_any(value, etag)) {
        return Decision::NotModified;
    }
    let Some(range) = headers.get(header::RANGE) else { return Decision::Full };
    if headers.get(header::IF_RANGE).is_some_and(|value| value.as_bytes() != etag.as_bytes()) {
        return Decision::Full;
    }
    range.to_str().map_or(Decision::Full, |range| decide_range(range, len))
}

/// The strong comparison of RFC 9110, 13.1.1: a list of tags, or `*`.
fn is_expected(headers: &HeaderMap, etag: &str) -> bool {
    let lists = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).any(|tag| tag == "*" || tag == etag)
}

/// The weak comparison of RFC 9110, 13.1.2: a list of tags, or `*`.
fn matches_any(value: &HeaderValue, etag: &str) -> bool {
    let Ok(list) = value.to_str() else { return false };
    list.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// What a PUT expects at its path: `If-Match`, compared strongly, and `If-None-Match`, weakly (RFC 9110, 13.1).
pub(crate) fn of_path(headers: &HeaderMap) -> PathCondition {
    let tags = |name: HeaderName, weak: bool| {
        let list = headers.get(name)?.to_str().unwrap_or_default();
        if list.trim() == "*" {
            return Some(Tags::Any);
        }
        let plain = |tag: &str| -> Option<String> {
            let tag = tag.trim();
            let tag = if weak { tag.strip_prefix("W/").unwrap_or(tag) } else { tag };
            // A tag of ours is 32 hex digits of the hash; a shorter beginning would name other files too.
            let hex = tag.strip_prefix('"')?.strip_suffix('"')?;
            (hex.len() == 32).then(|| hex.to_owned())
        };
        Some(Tags::Of(list.split(',').filter_map(plain).collect()))
    };
    PathCondition { matches: tags(header::IF_MATCH, false), differs: tags(header::IF_NONE_MATCH, true) }
}

fn decide_range(range: &str, len: u64) -> Decision {
    let Some(spec) = range.strip_prefix("bytes=") else { return Decision::Full };
    if spec.contains(',') {
        return Decision::Full;
    }
    let Some((first, last)) = spec.trim().split_once('-') else { return Decision::Full };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok());
    match (first.is_empty(), last.is_empty()) {
        (true, true) => Decision::Full,
        // The last n bytes.
        (true, false) => match number(last) {
            Some(count) => {
                satisfiable(len.saturating_sub(count.unwrap_or(u64::MAX)), len, len, count != Some(0))
            }
            None => Decision::Full,
        },
        (false, _) => match (number(first), number(last)) {
            (Some(start), Some(end)) => {
                let start = start.unwrap_or(u64::MAX);
                let end =
                    if last.is_empty() { len } else { end.unwrap_or(u64::MAX).saturating_add(1).min(len) };
                let backwards = !last.is_empty() && end <= start && start < len;
                if backwards { Decision::Full } else { satisfiable(start, end, len, true) }
            }
            _ => Decision::Full,
        },
    }
}

fn satisfiable(start: u64, end: u64, len: u64, wanted: bool) -> Decision {
    if wanted && start < len { Decision::Range { start, end } } else { Decision::Unsatisfiable }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: &str = "\"abc\"";

    fn check(pairs: &[(header::HeaderName, &str)], expected: Decision) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(decide(&headers, ETAG, 100), expected, "{pairs:?}");
    }

    #[test]
    fn tags_are_compared_weakly_and_in_lists() {
        check(&[], Decision::Full);
        for value in ["\"abc\"", "W/\"abc\"", "*", "\"x\", \"abc\"", "\"x\",W/\"abc\""] {
            check(&[(header::IF_NONE_MATCH, value)], Decision::NotModified);
        }
        check(&[(header::IF_NONE_MATCH, "\"x\"")], Decision::Full);
        check(&[(header::IF_NONE_MATCH, "abc")], Decision::Full);
        check(&[(header::IF_NONE_MATCH, "\"abc\""), (header::RANGE, "bytes=0-1")], Decision::NotModified);
    }

    #[test]
    fn if_match_comes_first_and_is_compared_strongly() {
        for value in ["\"abc\"", "*", "\"x\", \"abc\""] {
            check(&[(header::IF_MATCH, value)], Decision::Full);
            check(&[(header::IF_MATCH, value), (header::IF_NONE_MATCH, ETAG)], Decision::NotModified);
        }
        for value in ["\"x\"", "W/\"abc\"", "abc", ""] {
            check(&[(header::IF_MATCH, value)], Decision::Changed);
            check(&[(header::IF_MATCH, value), (header::IF_NONE_MATCH, ETAG)], Decision::Changed);
            check(&[(header::IF_MATCH, value), (header::RANGE, "bytes=0-1")], Decision::Changed);
        }
    }

    #[test]
    fn a_put_expects_tags_or_nothing() {
        let tag = "0123456789abcdef0123456789abcdef";
        let of = |name, value: &str| {
            let headers = HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())]);
            of_path(&headers)
        };
        assert_eq!(of_path(&HeaderMap::new()), PathCondition::default());
        assert_eq!(of(header::IF_NONE_MATCH, "*").differs, Some(Tags::Any));
        let one = Some(Tags::Of(vec![tag.to_owned()]));
        assert_eq!(of(header::IF_MATCH, &format!("\"x\", \"{tag}\"")).matches, one);
        assert_eq!(of(header::IF_NONE_MATCH, &format!("W/\"{tag}\"")).differs, one);
        for unmet in [format!("W/\"{tag}\""), "\"\"".to_owned(), tag.to_owned(), String::new()] {
            assert_eq!(of(header::IF_MATCH, &unmet).matches, Some(Tags::Of(Vec::new())), "{unmet}");
        }
    }

    #[test]
    fn one_range_is_answered() {
        for (value, expected) in [
            ("bytes=0-0", Decision::Range { start: 0, end: 1 }),
            ("bytes=0-", Decision::Range { start: 0, end: 100 }),
            ("bytes=10-19", Decision::Range { start: 10, end: 20 }),
            ("bytes=90-500", Decision::Range { start: 90, end: 100 }),
            ("bytes=-5", Decision::Range { start: 95, end: 100 }),
            ("bytes=-500", Decision::Range { start: 0, end: 100 }),
            ("bytes=99999999999999999999-", Decision::Unsatisfiable),
            ("bytes=0-99999999999999999999", Decision::Range { start: 0, end: 100 }),
            ("bytes=100-", Decision::Unsatisfiable),
            ("bytes=-0", Decision::Unsatisfiable),
            ("bytes=5-4", Decision::Full),
            ("bytes=0-1,3-4", Decision::Full),
            ("bytes=a-b", Decision::Full),
            ("bytes=-", Decision::Full),
            ("chars=0-1", Decision::Full),
        ] {
            check(&[(header::RANGE, value)], expected);
        }
    }

    #[test]
    fn if_range_needs_the_strong_tag() {
        check(
            &[(header::RANGE, "bytes=0-1"), (header::IF_RANGE, ETAG)],
            Decision::Range { start: 0, end: 2 },
        );
        check(&[(header::RANGE, "bytes=0-1"), (header::IF_RANGE, "W/\"abc\"")], Decision::Full);
        check(&[(header::RANGE, "bytes=0-1"), (header::IF_RANGE, "\"old\"")], Decision::Full);
    }
}
