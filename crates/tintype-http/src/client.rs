//! The address of whoever asks, past proxies that are trusted.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};

use crate::config::HttpConfig;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address: the peer's own, unless the peer is a trusted proxy that says for whom it asks. Of the addresses
/// in `X-Forwarded-For` the last one that is no trusted proxy's counts, because everything before it is the client's word.
pub(crate) fn address(config: &HttpConfig, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    let mut client = peer.to_canonical();
    if !config.trusts(client) {
        return client;
    }
    for line in headers.get_all(X_FORWARDED_FOR).iter().rev() {
        for hop in line.to_str().unwrap_or_default().rsplit(',') {
            let Some(address) = parse(hop.trim()) else { return client };
            client = address;
            if !config.trusts(client) {
                return client;
            }
        }
    }
    client
}

/// An address, with or without a port.
fn parse(text: &str) -> Option<IpAddr> {
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

    #[track_caller]
    fn check(peer: &str, lines: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        let config = HttpConfig {
            trusted_proxies: vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
            ..HttpConfig::default()
        };
        assert_eq!(
            address(&config, &headers, peer.parse().unwrap()),
            expected.parse::<IpAddr>().unwrap(),
            "{lines:?}"
        );
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        check("192.0.2.1", &["203.0.113.9"], "192.0.2.1");
        check("127.0.0.1", &[], "127.0.0.1");
        check("127.0.0.1", &["203.0.113.9"], "203.0.113.9");
        check("::ffff:127.0.0.1", &["203.0.113.9:4711"], "203.0.113.9");
        check("127.0.0.1", &["[2001:db8::1]:443"], "2001:db8::1");
    }

    #[test]
    fn what_the_client_wrote_itself_does_not_count() {
        check("127.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9");
        check("127.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.7"], "203.0.113.9");
        check("127.0.0.1", &["1.1.1.1", "203.0.113.9, 10.0.0.7"], "203.0.113.9");
        check("127.0.0.1", &["unknown"], "127.0.0.1");
        check("127.0.0.1", &["203.0.113.9, <script>, 10.0.0.7"], "10.0.0.7");
    }
}
