//! Senders that are slow, stall or vanish.

use std::time::{Duration, Instant};

use tintype_testkit::{build, wait};

use crate::support::{Form, Raw, Server, picture};

const SOON: Duration = Duration::from_secs(30);

/// The head of an upload of `length` bytes.
fn head(kind: &str, length: usize) -> Vec<u8> {
    format!(
        "POST /api/v1/images HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes()
}

#[test]
fn a_body_that_stalls_is_given_up() {
    let server = Server::with(&["--server-body-timeout", "1s"]);
    let picture = build::png(80, 80, 1);
    let form = Form::new().file("a.png", &picture);
    let json = b"{\"image\": \"iVBORw0KGgo".to_vec();
    for (kind, body) in [
        ("image/png".to_owned(), picture),
        (form.content_type(), form.body()),
        ("application/json".to_owned(), json),
    ] {
        let mut raw = Raw::connect(&server);
        assert!(raw.send(&head(&kind, body.len() + 100)) && raw.send(&body[..body.len() / 2]));
        let reply = raw.reply().expect_problem(408, "timeout");
        assert!(reply.at("/detail").contains("1 seconds"), "{kind}: {}", reply.text());
    }
    server.settle();
    assert_eq!(server.originals(), 0);
    server.assert_clean();
}

#[test]
fn a_slow_body_that_goes_on_is_taken() {
    let server = Server::with(&["--server-body-timeout", "4s"]);
    let picture = build::png(80, 80, 1);
    let mut raw = Raw::connect(&server);
    assert!(raw.send(&head("image/png", picture.len())));
    let begun = Instant::now();
    for piece in picture.chunks(picture.len() / 12 + 1) {
        // Between two pieces others are answered: all of them together last longer than one may stay away.
        let since = Instant::now();
        while since.elapsed() < Duration::from_millis(450) {
            server.client().get("/health").expect(200);
        }
        assert!(raw.send(piece));
    }
    assert!(begun.elapsed() > Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(raw.reply().expect(201).at("/width"), "80");
}

#[test]
fn a_head_that_does_not_come_costs_its_connection() {
    let server = Server::with(&["--server-header-timeout", "1s"]);
    let mut raw = Raw::connect(&server);
    assert!(raw.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "));
    assert!(raw.closed(), "the server hangs up");
    let idle = Raw::connect(&server);
    assert!(idle.closed(), "one that says nothing, too");
    server.client().get("/health").expect(200);
}

#[test]
fn senders_that_vanish_leave_nothing() {
    let server = Server::start();
    let picture = picture::noise(400, 400, 1);
    let form = Form::new().file("a.png", &picture).file("b.png", &picture);
    let (kind, body) = (form.content_type(), form.body());
    for (kind, body) in [("image/png", &picture), (kind.as_str(), &body)] {
        for percent in [1, 30, 60, 99] {
            let mut raw = Raw::connect(&server);
            assert!(raw.send(&head(kind, body.len())) && raw.send(&body[..body.len() * percent / 100]));
            if percent > 1 {
                wait::until("the upload to be under way", SOON, || server.nameless_files() > 0);
            }
            drop(raw);
            server.settle();
        }
    }
    let mut chunked = Raw::connect(&server);
    assert!(chunked.send(b"POST /api/v1/images HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\x89PNG\r\r\nZZZ\r\n"));
    let reply = chunked.reply();
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(server.originals(), 0);
    server.assert_clean();
    server.client().upload("a.png", &picture).expect(201);
}

#[test]
fn a_sender_that_vanishes_after_its_last_byte_has_uploaded() {
    let server = Server::start();
    let browser = server.client();
    browser.get("/").expect(200);
    let picture = picture::noise(400, 400, 1);
    let cookie = browser.cookie().unwrap();
    let mut raw = Raw::connect(&server);
    let head = format!(
        "POST /api/v1/images HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\r\n",
        picture.len()
    );
    assert!(raw.send(head.as_bytes()) && raw.send(&picture));
    // Whether it has heard of the last byte when the connection breaks is for the network to say; both ends are whole.
    wait::until("the upload to have begun", SOON, || server.nameless_files() > 0 || server.originals() > 0);
    drop(raw);
    server.settle();
    wait::until("file and row to be there, or neither", SOON, || {
        browser.get("/api/v1/images").at("/total") == server.originals().to_string()
    });
    server.assert_clean();
    let again = browser.upload("a.png", &picture);
    assert!(matches!(again.status, 200 | 201));
    assert_eq!(server.originals(), 1);
}
