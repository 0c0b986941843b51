//! Port 80 of a server with HTTPS.

use tintype_testkit::{
    engine::{Authority, PATIENCE},
    wait,
};

use super::support::{ONE, Ports, Secure, TWO, folder, skipped};
use crate::support::{Raw, Reply};

fn ask(secure: &Secure, request: &str) -> Reply {
    let mut raw = Raw::connect_to(&format!("127.0.0.1:{}", secure.ports.http));
    raw.send(request.as_bytes());
    raw.reply()
}

#[test]
fn plain_http_is_led_to_https_under_names_that_are_ours() {
    if skipped("plain_http_is_led_to_https_under_names_that_are_ours") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let pair = authority.issue("own", &[&format!("DNS:{ONE}"), &format!("DNS:{TWO}")]);
    let flags = [
        "--domain",
        &format!("{ONE},{TWO}"),
        "--base-url",
        &format!("https://{TWO}:8443"),
        "--tls-certificate",
        pair.certificate.to_str().unwrap(),
        "--tls-key",
        pair.key.to_str().unwrap(),
    ];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    for (line, host, target) in [
        ("GET / HTTP/1.1", ONE.to_owned(), format!("https://{ONE}/")),
        ("GET /i/x?a=%2F%0d%0a HTTP/1.1", format!("{ONE}:80"), format!("https://{ONE}/i/x?a=%2F%0d%0a")),
        ("POST /api/v1/images HTTP/1.1", ONE.to_uppercase(), format!("https://{ONE}/api/v1/images")),
        ("GET //evil.example/ HTTP/1.1", format!("{ONE}."), format!("https://{ONE}//evil.example/")),
        ("OPTIONS * HTTP/1.1", ONE.to_owned(), format!("https://{ONE}/")),
        // The settings know another port of this name.
        ("GET / HTTP/1.1", TWO.to_owned(), format!("https://{TWO}:8443/")),
    ] {
        let reply = ask(&secure, &format!("{line}\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n")).expect(308);
        assert_eq!(reply.header("location"), target, "{line} {host}");
        assert_eq!(reply.header("strict-transport-security"), "");
    }
    for host in ["evil.example", "127.0.0.1", &format!("{ONE}.evil.example"), "[::1]:80", ""] {
        let reply = ask(&secure, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).expect(421);
        assert!(
            reply.header("location").is_empty() && reply.text().contains(ONE),
            "{host}: {}",
            reply.text()
        );
    }
    ask(&secure, "GET / HTTP/1.0\r\n\r\n").expect(400);
    let target = "/.well-known/acme-challenge/../../etc/passwd";
    ask(&secure, &format!("GET {target} HTTP/1.1\r\nHost: {ONE}\r\n\r\n")).expect(404);
}

#[test]
fn a_secret_stays_out_of_the_log_below_a_path_too() {
    if skipped("a_secret_stays_out_of_the_log_below_a_path_too") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let pair = authority.issue("own", &[&format!("DNS:{ONE}")]);
    let flags = [
        "--domain",
        ONE,
        "--base-url",
        &format!("https://{ONE}/pictures"),
        "--tls-certificate",
        pair.certificate.to_str().unwrap(),
        "--tls-key",
        pair.key.to_str().unwrap(),
    ];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    let path = "/pictures/d/4kQ2mZ7xWb4TnRa9f3kQ2m";
    let reply = ask(&secure, &format!("GET {path} HTTP/1.1\r\nHost: {ONE}\r\n\r\n")).expect(308);
    assert_eq!(reply.header("location"), format!("https://{ONE}{path}"));
    wait::until("the line of the access log", PATIENCE, || {
        secure.server.access_log().contains(" 308 ") || secure.server.access_log().contains("\"status\":308")
    });
    let log = secure.server.access_log();
    assert!(log.contains("/d/…") && !log.contains("4kQ2mZ7xWb4TnRa9f3kQ2m"), "{log}");
}
