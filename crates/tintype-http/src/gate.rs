//! Who may ask this server at all: where it stands behind a CDN, the CDN alone.

use std::net::IpAddr;

use http::{HeaderMap, header, request::Parts};
use subtle::ConstantTimeEq as _;

use tintype_app::{cdn::Secret, types::secret::ApiToken};

use crate::{config::HttpConfig, forwarded, tls::CHALLENGES};

/// What is answered to everybody: machines that look whether the server lives, the server's own guard of its metrics, and
/// authorities that prove whose the domain is.
const OPEN: [&str; 3] = ["/health", "/ready", "/metrics"];
/// What the operator's commands ask for, from this machine and with a token, which is looked at there.
const API: &str = "/api/v1/";

/// Whether a request that came from `peer`, the connection's other end, may be answered.
pub(crate) fn is_open(config: &HttpConfig, parts: &Parts, peer: IpAddr) -> bool {
    if knows_secret(config, &parts.headers) {
        return true;
    }
    let path = parts.uri.path();
    // A proxy on this machine asks from there for everybody.
    let is_command = || {
        peer.to_canonical().is_loopback()
            && path.starts_with(API)
            && shows_token(&parts.headers)
            && !forwarded::is_passed_on(&parts.headers)
    };
    OPEN.contains(&path) || path.starts_with(CHALLENGES) || is_command()
}

/// Whether one of the secrets is shown, or there is none to show.
pub(crate) fn knows_secret(config: &HttpConfig, headers: &HeaderMap) -> bool {
    if config.origin_secrets.is_empty() {
        return true;
    }
    let shown = headers.get(&config.origin_header).map_or(&[][..], |value| value.as_bytes());
    let matches = |secret: &Secret| bool::from(secret.expose().as_bytes().ct_eq(shown));
    config.origin_secrets.iter().fold(false, |knows, secret| knows | matches(secret))
}

/// Whether there is what has a token's shape; whether it is one is looked at by the routes.
fn shows_token(headers: &HeaderMap) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    shown.and_then(|text| text.strip_prefix("Bearer ")).and_then(ApiToken::parse).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, header: Option<(&str, &str)>, peer: &str, open: bool) {
        check_all(path, header.as_slice(), peer, open);
    }

    #[track_caller]
    fn check_all(path: &str, headers: &[(&str, &str)], peer: &str, open: bool) {
        let secrets = ["0123456789abcdef", "fedcba9876543210"].map(Secret::new).to_vec();
        let config = HttpConfig { origin_secrets: secrets, ..HttpConfig::default() };
        let mut request = http::Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(is_open(&config, &parts, peer.parse().unwrap()), open, "{path} {headers:?} {peer}");
        assert!(is_open(&HttpConfig::default(), &parts, peer.parse().unwrap()));
    }

    #[test]
    fn only_who_knows_a_secret_is_answered() {
        let stranger = "192.0.2.1";
        for path in ["/i/11111111111111111.jpg", "/", "/api/v1/images", "/p/11111111111111111", "/health/x"] {
            check(path, None, stranger, false);
            check(path, Some(("x-origin-secret", "0123456789abcdef")), stranger, true);
            check(path, Some(("x-origin-secret", "fedcba9876543210")), stranger, true);
            for wrong in ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeF"] {
                check(path, Some(("x-origin-secret", wrong)), stranger, false);
            }
            check(path, Some(("x-secret", "0123456789abcdef")), stranger, false);
        }
        for path in ["/health", "/ready", "/metrics", "/.well-known/acme-challenge/token"] {
            check(path, None, stranger, true);
        }
        check("/.well-known/other", None, stranger, false);
    }

    #[test]
    fn commands_of_this_machine_come_with_a_token() {
        let text = format!("Bearer {}", ApiToken::generate(|| 1).expose());
        let token = Some(("authorization", text.as_str()));
        check("/api/v1/images/11111111111111111", token, "127.0.0.1", true);
        check("/api/v1/images/11111111111111111", token, "::ffff:127.0.0.1", true);
        check("/api/v1/images/11111111111111111", token, "192.0.2.1", false);
        check("/api/v1/images/11111111111111111", None, "127.0.0.1", false);
        check("/i/11111111111111111.jpg", token, "127.0.0.1", false);
        for (name, value) in [
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("via", "1.1 varnish"),
        ] {
            let passed_on = [("authorization", text.as_str()), (name, value)];
            check_all("/api/v1/images/11111111111111111", &passed_on, "127.0.0.1", false);
        }
        for no_token in ["Bearer x", "Basic x", &text[7..]] {
            check("/api/v1/images", Some(("authorization", no_token)), "127.0.0.1", false);
        }
    }
}
