//! How much one client may ask for in a time.

use tintype_testkit::build;

use super::LIMIT_ALL;
use crate::support::{Form, Reply, Server};

fn server(flags: &[&str]) -> Server {
    Server::with(&[&LIMIT_ALL, flags].concat())
}

#[track_caller]
fn limited(reply: Reply, limit: &str) {
    let reply = reply.expect_problem(429, "rate_limited");
    assert_eq!(reply.at("/limit"), limit);
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    assert!(wait > 0);
}

#[test]
fn requests_are_limited_whatever_a_client_says_of_itself() {
    let server = server(&["--limit-requests", "5/1h"]);
    for _ in 0..5 {
        server.client().get("/version").expect(200);
    }
    limited(server.client().get("/version"), "requests");
    for forged in ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP"] {
        limited(server.client().get_with("/version", &[(forged, "203.0.113.9")]), "requests");
    }
}

#[test]
fn a_trusted_proxy_says_for_whom_it_asks() {
    let server = Server::with(&["--limit-requests", "2/1h"]);
    let from = |client: &str| server.client().get_with("/version", &[("x-forwarded-for", client)]);
    for client in ["203.0.113.1", "203.0.113.2", "2001:db8::1"] {
        from(client).expect(200);
        from(client).expect(200);
        limited(from(client), "requests");
    }
    limited(from("2001:db8::2"), "requests");
    limited(from("1.2.3.4, 203.0.113.1"), "requests");
    // This machine itself, and a proxy that does not say for whom, are not one client.
    for _ in 0..5 {
        server.client().get("/version").expect(200);
    }
}

#[test]
fn uploads_and_their_bytes_are_limited_and_reading_goes_on() {
    let picture = build::png(60, 60, 1);
    let server = server(&["--limit-uploads", "2/1h"]);
    let client = server.client();
    let link = client.upload("a.png", &picture).expect(201).at("/links/image");
    let form = Form::new().file("a.png", &picture);
    client.post("/upload", &form.content_type(), &form.body()).expect(200);
    limited(client.upload("a.png", &picture), "uploads");
    let refused = client.post("/upload", &form.content_type(), &form.body()).expect(429);
    assert!(!refused.header("retry-after").is_empty() && !refused.at("/error").is_empty());
    client.post("/v0", "application/json", b"{}").expect(429);
    client.get(&link).expect(200);

    let server = self::server(&["--limit-upload-bytes", "1kB/1h"]);
    let client = server.client();
    client.upload("a.png", &vec![0; 3_000]).expect(415);
    limited(client.upload("a.png", &picture), "upload_bytes");
    client.get("/").expect(200);
}

#[test]
fn whoever_tries_addresses_is_slowed_down() {
    let server = server(&["--limit-misses", "4/1h"]);
    let client = server.client();
    for number in 0..4 {
        client.get(&format!("/i/{number}")).expect(404);
    }
    limited(client.get("/i/5"), "misses");
    limited(client.get("/version"), "misses");
}
