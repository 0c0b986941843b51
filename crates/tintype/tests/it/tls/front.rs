//! Certificates of a server that others speak HTTPS in front of.

use tintype_testkit::{
    engine::{Authority, PATIENCE, Pebble, PebbleOptions, front},
    ports, wait,
};

use super::support::{ONE, Ports, Secure, folder, skipped};
use crate::support::Raw;

/// What an authority sees of a server behind a CDN: neither its handshakes nor its port 80.
#[test]
fn a_challenge_is_answered_at_the_door_that_the_cdn_asks_at() {
    let test = "a_challenge_is_answered_at_the_door_that_the_cdn_asks_at";
    if skipped(test) {
        return;
    }
    let dir = folder();
    let pair = Authority::new(dir.path()).issue("cdn", &[&format!("DNS:{ONE}")]);
    let (outside, origin) = (Ports::free(), format!("127.0.0.1:{}", ports::free()));
    let Some(_front) = front(test, outside.http, outside.https, &pair, &origin) else { return };
    let options = PebbleOptions::new(outside.http, outside.https);
    let Some(pebble) = Pebble::start(test, options) else { return };
    // Its addresses are below a path, and the authority asks at the root.
    let base = format!("https://{ONE}/pictures");
    let flags = ["--listen", &origin, "--base-url", &base];
    let secure = Secure::with_pebble(&pebble, folder(), Ports::free(), &[ONE], &flags);
    secure.wait_for(super::support::TAKEN, 1);
    secure.curl(&pebble.issuing_root(), ONE).ask(&[], "/pictures/").expect(200);
    wait::until("the challenge in the access log", PATIENCE, || {
        secure.server.access_log().contains("/.well-known/acme-challenge/")
    });
}

#[test]
fn every_door_answers_alike_where_no_challenge_stands() {
    if skipped("every_door_answers_alike_where_no_challenge_stands") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let pair = authority.issue("own", &[&format!("DNS:{ONE}")]);
    let flags = [
        "--tls-certificate",
        pair.certificate.to_str().unwrap(),
        "--tls-key",
        pair.key.to_str().unwrap(),
        "--server-media-url",
        "https://media.example.test",
    ];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    let (path, words) =
        ("/.well-known/acme-challenge/token", "No certificate is being ordered with this token.");
    let redirect = format!("127.0.0.1:{}", secure.ports.http);
    for address in [secure.server.address(), &redirect] {
        for host in [ONE, "media.example.test"] {
            let reply =
                Raw::ask_at(address, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")).expect(404);
            assert!(reply.text().contains(words), "{address} {host}: {}", reply.text());
        }
    }
    for version in ["--http1.1", "--http2"] {
        let reply = secure.curl(&authority.root(), ONE).ask(&[version], path).expect(404);
        assert!(reply.text().contains(words), "{version}: {}", reply.text());
    }
}
