//! What proxies say of the request that they pass on: for whom, to which host, over HTTPS or not.
//!
//! Only the headers of one kind are read, as `server.forwarded` says, because a proxy that writes one kind hands on what the
//! client wrote in the other.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, header};

use crate::{
    base_path,
    caller::Client,
    config::{ForwardedBy, HttpConfig},
    gate,
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// Whoever asks: the peer, unless it is a trusted proxy that says for whom it asks. Of the addresses that are named the last one
/// that is no trusted proxy's counts, because everything before it is the client's word. Where there is none, the peer counts:
/// the chain's beginning may be the client's word too.
pub(crate) fn client(config: &HttpConfig, headers: &HeaderMap, peer: IpAddr) -> Client {
    let peer = peer.to_canonical();
    if !config.trusts(peer) {
        return Client { address: peer, exempt: false };
    }
    let says_for_whom = match config.forwarded {
        ForwardedBy::XForwarded => &X_FORWARDED_FOR,
        ForwardedBy::Forwarded => &header::FORWARDED,
    };
    if !headers.contains_key(says_for_whom) {
        return Client { address: peer, exempt: true };
    }
    let named = match config.forwarded {
        _ if !believes(config, headers, peer) => None,
        ForwardedBy::XForwarded => {
            let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
            // In bytes: what the client wrote before our proxy's word may be none of any alphabet.
            let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
            let addresses =
                hops.map_while(|hop| str::from_utf8(hop).ok().and_then(|hop| address(hop.trim())));
            addresses.map_while(|hop| of_elsewhere(peer, hop)).find(|hop| !config.trusts(*hop))
        }
        ForwardedBy::Forwarded => outermost(config, headers, peer).0,
    };
    Client { address: named.unwrap_or(peer), exempt: false }
}

/// Whether what a peer says of others counts: a trusted proxy's word, and where the CDN has to show a secret, none without it.
fn believes(config: &HttpConfig, headers: &HeaderMap, peer: IpAddr) -> bool {
    config.trusts(peer) && gate::knows_secret(config, headers)
}

/// An address that a proxy names. This machine's own is none that a proxy elsewhere can have seen.
fn of_elsewhere(peer: IpAddr, hop: IpAddr) -> Option<IpAddr> {
    (!hop.is_loopback() || peer.is_loopback()).then_some(hop)
}

/// Whether a proxy passed the request on, whatever kind of header it writes, and whether or not it is trusted.
pub(crate) fn is_passed_on(headers: &HeaderMap) -> bool {
    [header::FORWARDED, header::VIA, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO, X_FORWARDED_PREFIX]
        .iter()
        .any(|name| headers.contains_key(name))
}

/// What the client asked the outermost trusted proxy for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The host, not validated.
    pub(crate) host: Option<String>,
    /// Whether by HTTPS.
    pub(crate) https: Option<bool>,
    /// The path before ours that the proxy took away, validated, without a slash at its end. `Forwarded` has no word for it.
    pub(crate) prefix: Option<String>,
}

/// What trusted proxies say that the client asked for.
pub(crate) fn asked(config: &HttpConfig, headers: &HeaderMap, peer: IpAddr) -> Asked {
    let peer = peer.to_canonical();
    if !believes(config, headers, peer) {
        return Asked::default();
    }
    match config.forwarded {
        ForwardedBy::XForwarded => {
            let last = |name: &HeaderName| {
                let line = headers.get_all(name).iter().next_back()?.as_bytes();
                // The last value is the one that our own proxy wrote.
                str::from_utf8(line.rsplit(|byte| *byte == b',').next()?).ok().map(str::trim)
            };
            Asked {
                host: last(&X_FORWARDED_HOST).map(str::to_owned),
                https: last(&X_FORWARDED_PROTO).map(|proto| proto.eq_ignore_ascii_case("https")),
                prefix: last(&X_FORWARDED_PREFIX)
                    .map(|path| path.strip_suffix('/').unwrap_or(path))
                    .filter(|path| base_path::is_path(path))
                    .map(str::to_owned),
            }
        }
        ForwardedBy::Forwarded => outermost(config, headers, peer).1,
    }
}

/// Follows `Forwarded` (RFC 7239) from the nearest proxy outwards for as long as each hop is trusted: the first that is not, and
/// what was asked of the outermost proxy. An element that cannot be read ends the way, like one that hides its sender.
fn outermost(config: &HttpConfig, headers: &HeaderMap, peer: IpAddr) -> (Option<IpAddr>, Asked) {
    let mut asked = Asked::default();
    for line in headers.get_all(header::FORWARDED).iter().rev() {
        let mut rest = Some(line.as_bytes());
        while let Some(line) = rest {
            let last;
            (rest, last) = cut_last(line);
            let Some(element) = str::from_utf8(last).ok().and_then(element) else { return (None, asked) };
            asked = Asked {
                host: element.host,
                https: element.proto.map(|proto| proto.eq_ignore_ascii_case("https")),
                prefix: None,
            };
            let hop = element.sender.as_deref().and_then(address).and_then(|hop| of_elsewhere(peer, hop));
            let Some(hop) = hop else { return (None, asked) };
            if !config.trusts(hop) {
                return (Some(hop), asked);
            }
        }
    }
    (None, asked)
}

/// One proxy's word.
#[derive(Default)]
struct Element {
    sender: Option<String>,
    host: Option<String>,
    proto: Option<String>,
}

/// The last element of a `Forwarded` line, and what stands before its comma. Read from the right end, where our own proxy wrote:
/// whatever the client wrote before it, a quotation without an end too, hides nothing of that. A quotation begins at `="`,
/// which stands in none without a backslash.
fn cut_last(line: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let mut quoted = false;
    for (at, byte) in line.iter().enumerate().rev() {
        match byte {
            b'"' if !quoted => quoted = true,
            b'"' if line[..at].ends_with(b"=") => quoted = false,
            b',' if !quoted => return (Some(&line[..at]), &line[at + 1..]),
            _ => {}
        }
    }
    (None, line)
}

/// One element of a `Forwarded` line (RFC 7239, section 4); `None` where it is none.
fn element(text: &str) -> Option<Element> {
    let mut element = Element::default();
    let mut rest = text.trim();
    loop {
        let (name, after) = rest.trim_start().split_once('=')?;
        let value;
        (value, rest) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (token, rest) = after.split_at(after.find([';', ' ', '\t']).unwrap_or(after.len()));
                (Some(token).filter(|token| !token.contains('"'))?.to_owned(), rest)
            }
        };
        if name.eq_ignore_ascii_case("for") {
            element.sender = Some(value);
        } else if name.eq_ignore_ascii_case("host") {
            element.host = Some(value);
        } else if name.eq_ignore_ascii_case("proto") {
            element.proto = Some(value);
        }
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some(element);
        }
        rest = rest.strip_prefix(';')?;
    }
}

/// What stands before the closing quote, without its escapes, and what stands behind it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            c => value.push(c),
        }
    }
    None
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let plain =
        text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(text, |(inside, _)| inside);
    plain
        .parse()
        .or_else(|_| plain.parse::<std::net::SocketAddr>().map(|with_port| with_port.ip()))
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(forwarded: ForwardedBy) -> HttpConfig {
        HttpConfig {
            trusted_proxies: vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
            forwarded,
            ..HttpConfig::default()
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.as_bytes().try_into().unwrap());
        }
        headers
    }

    #[track_caller]
    fn check(by: ForwardedBy, peer: &str, pairs: &[(&'static str, &str)], expected: &str) {
        let client = client(&config(by), &headers(pairs), peer.parse().unwrap());
        assert_eq!(client.address, expected.parse::<IpAddr>().unwrap(), "{pairs:?}");
    }

    #[track_caller]
    fn x(peer: &str, lines: &[&str], expected: &str) {
        let pairs: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        check(ForwardedBy::XForwarded, peer, &pairs, expected);
    }

    #[track_caller]
    fn rfc(peer: &str, lines: &[&str], expected: &str) {
        let pairs: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
        check(ForwardedBy::Forwarded, peer, &pairs, expected);
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        x("192.0.2.1", &["203.0.113.9"], "192.0.2.1");
        x("127.0.0.1", &[], "127.0.0.1");
        x("127.0.0.1", &["203.0.113.9"], "203.0.113.9");
        x("::ffff:127.0.0.1", &["203.0.113.9:4711"], "203.0.113.9");
        x("127.0.0.1", &["[2001:db8::1]:443"], "2001:db8::1");
        rfc("192.0.2.1", &["for=203.0.113.9"], "192.0.2.1");
        rfc("127.0.0.1", &["For=203.0.113.9;proto=https"], "203.0.113.9");
        rfc("127.0.0.1", &["for=\"[2001:db8:cafe::17]:4711\""], "2001:db8:cafe::17");
        rfc("127.0.0.1", &["by=10.1.1.1 ; for=\"203.0.113.9:80\" ,for=10.0.0.3"], "203.0.113.9");
    }

    #[test]
    fn what_the_client_wrote_itself_does_not_count() {
        x("127.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9");
        x("127.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.7"], "203.0.113.9");
        x("127.0.0.1", &["1.1.1.1", "203.0.113.9, 10.0.0.7"], "203.0.113.9");
        // Nor does it hide what our proxy wrote behind it.
        x("127.0.0.1", &["\u{ff}, 203.0.113.9"], "203.0.113.9");
        x("127.0.0.1", &["127.0.0.1, \u{ff}, 203.0.113.9"], "203.0.113.9");
        for client in
            ["for=\"x", "\u{ff}", "for=x\"", "for=\"", "\\", "for=\"a\\\"", "\"", "=\"", ",", "for=1.1.1.1;"]
        {
            let line = format!("{client}, for=203.0.113.9;host=\"img.example.org\"");
            rfc("127.0.0.1", &[&line], "203.0.113.9");
            rfc("127.0.0.1", &[client, "for=203.0.113.9"], "203.0.113.9");
        }
        // A name that the client asked for, quoted by our proxy.
        for host in
            ["a, for=10.0.0.7", "a\\\", for=10.0.0.7;x=\\\"", "a;for=10.0.0.7", ",=,", "=\\\",", "\\\\"]
        {
            rfc("127.0.0.1", &[&format!("for=203.0.113.9;host=\"{host}\"")], "203.0.113.9");
            rfc("127.0.0.1", &[&format!("for=1.1.1.1, host=\"{host}\";for=203.0.113.9")], "203.0.113.9");
        }
        x("127.0.0.1", &["unknown"], "127.0.0.1");
        x("127.0.0.1", &["203.0.113.9, <script>, 10.0.0.7"], "127.0.0.1");
        rfc("127.0.0.1", &["for=1.1.1.1, for=203.0.113.9, for=10.0.0.7"], "203.0.113.9");
        rfc("127.0.0.1", &["for=1.1.1.1", "for=203.0.113.9,for=10.0.0.7"], "203.0.113.9");
        rfc("127.0.0.1", &["for=1.1.1.1, for=unknown"], "127.0.0.1");
        rfc("127.0.0.1", &["for=1.1.1.1, for=_hidden, for=10.0.0.7"], "127.0.0.1");
        for broken in ["for=\"1.1.1.1", "for", "for=1.1.1.1 x", "", ";", "for=\"1.1.1.1\\"] {
            rfc("127.0.0.1", &[broken], "127.0.0.1");
            rfc("127.0.0.1", &["for=1.1.1.1", broken], "127.0.0.1");
        }
    }

    #[test]
    fn no_proxy_elsewhere_makes_somebody_this_machine() {
        for own in ["127.0.0.1", "::1", "[::1]:80", "127.9.9.9", "::ffff:127.0.0.1"] {
            x("10.0.0.5", &[own], "10.0.0.5");
            x("10.0.0.5", &[&format!("203.0.113.9, {own}")], "10.0.0.5");
            x("10.0.0.5", &[&format!("{own}, 203.0.113.9")], "203.0.113.9");
            rfc("10.0.0.5", &[&format!("for=\"{own}\"")], "10.0.0.5");
            rfc("10.0.0.5", &[&format!("for=203.0.113.9, for=\"{own}\"")], "10.0.0.5");
        }
        // One on this machine may well have met another here.
        x("127.0.0.1", &["203.0.113.9, 127.0.0.1"], "203.0.113.9");
    }

    #[test]
    fn a_chain_of_trusted_proxies_has_limits() {
        x("10.0.0.5", &["10.0.0.9"], "10.0.0.5");
        x("127.0.0.1", &["10.0.0.9, 10.0.0.7"], "127.0.0.1");
        rfc("10.0.0.5", &["for=10.0.0.9"], "10.0.0.5");
        let exempt = |by, peer: &str, pairs: &[(&'static str, &str)]| {
            client(&config(by), &headers(pairs), peer.parse().unwrap()).exempt
        };
        let (x, rfc) = (ForwardedBy::XForwarded, ForwardedBy::Forwarded);
        assert!(
            exempt(x, "127.0.0.1", &[]) && exempt(x, "10.0.0.5", &[]) && exempt(rfc, "::ffff:10.0.0.5", &[])
        );
        for named in ["10.0.0.9", "127.0.0.1", "203.0.113.9", "unknown", ""] {
            assert!(!exempt(x, "10.0.0.5", &[("x-forwarded-for", named)]), "{named}");
            assert!(!exempt(rfc, "10.0.0.5", &[("forwarded", &format!("for={named}"))]), "{named}");
        }
        assert!(!exempt(x, "192.0.2.1", &[]));
    }

    #[test]
    fn where_the_cdn_has_a_secret_nothing_counts_without_it() {
        let secret = tintype_app::cdn::Secret::new("0123456789abcdef");
        let config = HttpConfig { origin_secrets: vec![secret], ..config(ForwardedBy::XForwarded) };
        let peer = "10.0.0.5".parse().unwrap();
        let said = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-host", "img.example.org")];
        let shown = [&said[..], &[("x-origin-secret", "0123456789abcdef")]].concat();
        let seen = |pairs: &[_]| {
            let headers = headers(pairs);
            (client(&config, &headers, peer).address, asked(&config, &headers, peer).host)
        };
        assert_eq!(seen(&said), (peer, None));
        assert_eq!(seen(&shown), ("203.0.113.9".parse().unwrap(), Some("img.example.org".to_owned())));
    }

    #[test]
    fn only_headers_of_the_kind_that_the_proxy_writes_are_read() {
        let both = [
            ("forwarded", "for=1.1.1.1;host=evil.example;proto=https"),
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-host", "img.example.org"),
            ("x-forwarded-proto", "http"),
        ];
        check(ForwardedBy::XForwarded, "127.0.0.1", &both, "203.0.113.9");
        check(ForwardedBy::Forwarded, "127.0.0.1", &both, "1.1.1.1");
        let asked = |by, peer: &str| asked(&config(by), &headers(&both), peer.parse().unwrap());
        let x = Asked { host: Some("img.example.org".to_owned()), https: Some(false), prefix: None };
        assert_eq!(asked(ForwardedBy::XForwarded, "127.0.0.1"), x);
        let rfc = Asked { host: Some("evil.example".to_owned()), https: Some(true), prefix: None };
        assert_eq!(asked(ForwardedBy::Forwarded, "127.0.0.1"), rfc);
        assert_eq!(asked(ForwardedBy::Forwarded, "192.0.2.1"), Asked::default());
    }

    #[test]
    fn the_outermost_trusted_proxy_says_what_was_asked_for() {
        let lines = [(
            "forwarded",
            "for=1.1.1.1;host=evil.example, for=203.0.113.9;host=img.example.org;proto=https, for=10.0.0.7;host=inner;proto=http",
        )];
        let asked = asked(&config(ForwardedBy::Forwarded), &headers(&lines), "127.0.0.1".parse().unwrap());
        assert_eq!(
            asked,
            Asked { host: Some("img.example.org".to_owned()), https: Some(true), prefix: None }
        );
    }
}
