//! The address under which a request reached us: what links are built of.

use std::net::SocketAddr;

use http::{HeaderMap, Uri, header};

use crate::{base_path, config::HttpConfig, links::Base};

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
    /// Whether `base` comes from the settings. If not, it comes from the request and nothing made of it may be stored.
    pub(crate) fixed: bool,
}

/// The Host is missing or not a host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidHost;

impl Origin {
    /// `X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-Prefix` count only from trusted proxies.
    pub(crate) fn of(
        config: &HttpConfig,
        headers: &HeaderMap,
        uri: &Uri,
        peer: SocketAddr,
    ) -> Result<Self, InvalidHost> {
        let trusted = config.trusts(peer.ip());
        let forwarded = |name: &str| {
            let value = headers.get(name).filter(|_| trusted)?.to_str().ok()?;
            // The last value is the one that our own proxy wrote.
            Some(value.rsplit(',').next().unwrap_or(value).trim())
        };
        let sent = uri.authority().map(http::uri::Authority::as_str);
        let host =
            forwarded("x-forwarded-host").or(sent).or_else(|| headers.get(header::HOST)?.to_str().ok());
        let host = host.filter(|host| is_host(host)).ok_or(InvalidHost)?.to_ascii_lowercase();
        let https = match &config.base_url {
            Some(base) => base.starts_with("https://"),
            None => forwarded("x-forwarded-proto") == Some("https"),
        };
        let scheme = if https { "https" } else { "http" };
        let prefix = match &config.base_url {
            Some(_) => config.base_path(),
            None => forwarded("x-forwarded-prefix")
                .map(|path| path.strip_suffix('/').unwrap_or(path))
                .filter(|path| base_path::is_path(path))
                .unwrap_or_default(),
        };
        let prefix = prefix.to_owned();
        let site = config.base_url.clone().unwrap_or_else(|| format!("{scheme}://{host}{prefix}"));
        let base = Base { site, copies: config.copies_url.clone(), negotiate: config.negotiate };
        Ok(Self { base, prefix, host, https, fixed: config.base_url.is_some() })
    }
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
        Origin::of(config, &headers, &Uri::from_static("/"), peer.parse().unwrap())
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
