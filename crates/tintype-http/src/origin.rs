//! The address under which a request reached us: what links are built of.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, Uri, header};

use crate::{config::HttpConfig, forwarded, links::Base};

/// Scheme and host of the request, validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// What links begin with.
    pub(crate) base: Base,
    /// The path that browsers see before every address of ours, such as `/pictures`; mostly nothing.
    pub(crate) prefix: String,
    /// The Host that the request was sent to, to compare an `Origin` header with.
    pub(crate) host: String,
    /// Whether the browser speaks HTTPS.
    pub(crate) https: bool,
    /// To which of our hosts it was sent.
    pub(crate) at: At,
    /// Whether `base` comes from the settings. If not, it comes from the request and nothing made of it may be stored.
    pub(crate) fixed: bool,
}

/// To which of our hosts a request was sent. Where there is no media host, all are the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// The one of `server.base_url`: pages, cookies, and the way to pictures at their own host.
    Site,
    /// The one of `server.media_url`, which has pictures and nothing else, and no cookies.
    Media,
    /// Another name, such as that by which a CDN in front of either knows this server. Whoever asks may be reading at the
    /// media host, so that pictures are not redirected there, and look alike to everybody.
    Elsewhere,
}

/// The Host is missing or not a host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidHost;

impl Origin {
    /// What trusted proxies say that was asked for counts before what they ask for themselves. `secure` says that the request
    /// came over TLS of our own.
    pub(crate) fn of(
        config: &HttpConfig,
        headers: &HeaderMap,
        uri: &Uri,
        peer: SocketAddr,
        secure: bool,
    ) -> Result<Self, InvalidHost> {
        let asked = forwarded::asked(config, headers, peer.ip());
        let sent = sent_to(headers, uri);
        let host = asked.host.as_deref().or(sent).filter(|host| is_host(host)).ok_or(InvalidHost)?;
        let host = host.to_ascii_lowercase();
        let https = match &config.base_url {
            Some(base) => base.starts_with("https://"),
            None => asked.https.unwrap_or(secure),
        };
        let scheme = if https { "https" } else { "http" };
        let prefix = match &config.base_url {
            Some(_) => config.base_path().to_owned(),
            None => asked.prefix.unwrap_or_default(),
        };
        let site = config.base_url.clone().unwrap_or_else(|| format!("{scheme}://{host}{prefix}"));
        let at = which(config, sent, Some(&host));
        let base = Base {
            site,
            media: config.media_url.clone(),
            copies: config.copies_url.clone(),
            negotiate: config.negotiate,
        };
        Ok(Self { base, prefix, host, https, at, fixed: config.base_url.is_some() })
    }
}

/// The host that the request itself names: in its target (HTTP/2, and HTTP/1.1 to a proxy), else in `Host`.
fn sent_to<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let target = uri.authority().map(http::uri::Authority::as_str);
    target.or_else(|| headers.get(header::HOST)?.to_str().ok())
}

/// Whether there is one line `Host` at most: with two, what stands in front may have looked at the other (RFC 9112, 3.2).
pub(crate) fn names_one_host(headers: &HeaderMap) -> bool {
    headers.get_all(header::HOST).iter().nth(1).is_none()
}

/// To which of our hosts a request was sent: what [`Origin::of`] says, for less.
pub(crate) fn at(config: &HttpConfig, headers: &HeaderMap, uri: &Uri, peer: IpAddr) -> At {
    if config.media_url.is_none() {
        return At::Site;
    }
    which(config, sent_to(headers, uri), forwarded::asked(config, headers, peer).host.as_deref())
}

/// What the request names itself counts first where it is one of our hosts: whoever forges what a proxy hands on turns neither
/// into the other.
fn which(config: &HttpConfig, sent: Option<&str>, asked: Option<&str>) -> At {
    if config.media_url.is_none() {
        return At::Site;
    }
    let known = |host: &str| {
        let site = config.is_site_host(host).then_some(At::Site);
        if config.is_media_host(host) { Some(At::Media) } else { site }
    };
    sent.and_then(known).or_else(|| asked.and_then(known)).unwrap_or(At::Elsewhere)
}

/// A name, an IPv4 address or an IPv6 address in brackets, with or without a port; nothing else (RFC 9110, 7.2).
fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => ("v6", port),
            _ => return false,
        },
        None => match host.find(':') {
            Some(colon) => host.split_at(colon),
            None => (host, ""),
        },
    };
    let name_ok = !name.is_empty()
        && name.len() <= 253
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let port_ok = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| {
            digits.bytes().all(|byte| byte.is_ascii_digit())
                && (digits.parse::<u16>().is_ok() || digits.is_empty())
        });
    name_ok && port_ok
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn base(config: &HttpConfig, pairs: &[(&'static str, &str)], peer: &str) -> Result<String, InvalidHost> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        Origin::of(config, &headers, &Uri::from_static("/"), peer.parse().unwrap(), false)
            .map(|origin| origin.base.site)
    }

    #[test]
    fn hosts_are_validated() {
        for host in ["localhost", "img.example.org:8080", "127.0.0.1", "[::1]:80", "[::1]", "a_b.example"] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "",
            "a b",
            "a/b",
            "a@b",
            "a:b",
            "a:99999",
            "[::1",
            "<script>",
            "a\"b",
            "ex\u{e4}mple",
            "[x]",
            "a,b",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn forwarded_headers_count_from_trusted_proxies_alone() {
        let config = HttpConfig::default();
        let pairs =
            [("host", "inner:1"), ("x-forwarded-host", "img.example.org"), ("x-forwarded-proto", "https")];
        assert_eq!(base(&config, &pairs, "127.0.0.1:5"), Ok("https://img.example.org".to_owned()));
        assert_eq!(base(&config, &pairs, "192.0.2.7:5"), Ok("http://inner:1".to_owned()));
        assert_eq!(base(&config, &[("host", "evil\"><script>")], "127.0.0.1:5"), Err(InvalidHost));
        assert_eq!(base(&config, &[], "127.0.0.1:5"), Err(InvalidHost));
    }

    #[test]
    fn a_base_url_alone_builds_links() {
        let config =
            HttpConfig { base_url: Some("https://img.example.org".to_owned()), ..HttpConfig::default() };
        assert_eq!(
            base(&config, &[("host", "evil.example")], "127.0.0.1:5"),
            Ok("https://img.example.org".to_owned())
        );
    }
}
