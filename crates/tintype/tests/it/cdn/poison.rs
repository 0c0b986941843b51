//! A forged request first, then a clean one: nobody's cache entry is poisoned.

use std::time::Instant;

use super::{Front, Kind, upload};
use crate::support::{Raw, Reply};

/// Spellings of an address that some program on the way may take for another.
fn spellings(id: &str, other: &str) -> Vec<String> {
    [
        "/i/{id}%2Ejpg",
        "/i/{id}.jp%67",
        "/i%2F{id}.jpg",
        "/i/%2e/{id}.jpg",
        "//i/{id}.jpg",
        "/i//{id}.jpg",
        "/./i/{id}.jpg",
        "/i/./{id}.jpg",
        "/i/../i/{id}.jpg",
        "/i/%2e%2e/i/{id}.jpg",
        "/i/{other}/../{id}.jpg",
        "/i/{other}.jpg/../{id}.jpg",
        "/i/{id}.jpg/../{other}.jpg",
        "/i/{id}.jpg/%2e%2e/{other}.jpg",
        "/i/{id}.jpg/..%2f{other}.jpg",
        "/blog/../i/{id}.jpg",
        "/i/{id}.jpg;a",
        "/i/{id}.jpg.",
        "/i/{id}.jpg..",
        "/i/{id}.jpg/",
        "/i/{id}.jpg%20",
        "/i/{id}.jpg%00",
        "/i/{id}.jpg?",
        "/i/{id}.jpg?x=1",
        "/i/{id}.JPG",
        "/I/{id}.jpg",
        "/i/{id}.png",
        "/i\\{id}.jpg",
        "http://evil.example/i/{id}.jpg",
        "http://evil.example/i/{other}.jpg",
    ]
    .map(|spelling| spelling.replace("{id}", id).replace("{other}", other))
    .into()
}

/// Lines that some program on the way may believe.
const FORGED: [&str; 16] = [
    "Host: evil.example",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: https",
    "X-Forwarded-For: 192.0.2.66",
    "X-Forwarded-Port: 4443",
    "X-Forwarded-Prefix: /evil",
    "Forwarded: for=192.0.2.66;host=evil.example;proto=https",
    "X-Original-URL: /i/{other}.jpg",
    "X-Rewrite-URL: /i/{other}.jpg",
    "X-Host: evil.example",
    "X-HTTP-Method-Override: DELETE",
    "xkey: img-{other}",
    "Surrogate-Key: img-{other}",
    "X-Cookie-Kept: tintype_owner=x",
    "Range: bytes=0-9",
    "If-None-Match: \"x\"",
];

fn get(path: &str, line: &str) -> String {
    let host = if line.starts_with("Host:") { "" } else { "Host: images.example.org\r\n" };
    let line = if line.is_empty() { String::new() } else { format!("{line}\r\n") };
    format!("GET {path} HTTP/1.1\r\n{host}{line}Connection: close\r\n\r\n")
}

/// What a reader cares for.
fn essence(reply: &Reply) -> (u16, String, String, Vec<u8>) {
    let body = if reply.status < 300 { reply.body.clone() } else { Vec::new() };
    (reply.status, reply.header("content-type").to_owned(), reply.header("etag").to_owned(), body)
}

fn check(kind: Kind) {
    let Some(front) = Front::start("no_forged_request_poisons_a_cache", kind) else { return };
    let owner = front.server.token("upload,read,delete");
    let other = upload(&owner, 1);
    let mut seed = 10;
    // Forged first, into a cache that has nothing of the picture yet; then clean.
    let check = |id: &str, request: &str| {
        let clean = get(&format!("/i/{id}.jpg"), "");
        let expected = essence(&Raw::ask(&front.server, &clean).expect(200));
        let forged = front.ask(request);
        assert!(!forged.text().contains("evil.example"), "{request}\n{}", forged.text());
        assert_eq!(forged.header("set-cookie"), "", "{request}");
        for _ in 0..2 {
            let reply = front.ask(&clean);
            assert_eq!(essence(&reply), expected, "{kind:?} after\n{request}");
            assert_eq!(reply.header("content-range"), "", "{request}");
            assert!(!format!("{reply:?}").contains("evil.example"), "{request}");
        }
        let others = get(&format!("/i/{other}.jpg"), "");
        let expected = essence(&Raw::ask(&front.server, &others));
        assert_eq!(essence(&front.ask(&others)), expected, "{kind:?}, the other picture after\n{request}");
    };
    for line in FORGED {
        seed += 1;
        let id = upload(&owner, seed);
        check(&id, &get(&format!("/i/{id}.jpg"), &line.replace("{other}", &other)));
    }
    let last = upload(&owner, 99);
    let spellings = spellings(&last, &other);
    for spelling in &spellings {
        check(&last, &get(spelling, ""));
    }
    // A page is nobody's: what a forged request made of it is not kept.
    for line in ["Host: evil.example", "X-Forwarded-Host: evil.example"] {
        front.ask(&get(&format!("/p/{last}"), line));
        let page = front.ask(&get(&format!("/p/{last}"), "")).expect(200);
        assert!(!page.text().contains("evil.example"), "{line}");
    }
    // Whatever was kept under another spelling is gone with the picture.
    owner.delete(&format!("/api/v1/images/{last}")).expect(204);
    let since = Instant::now();
    for spelling in spellings.iter().filter(|spelling| !spelling.contains(&other)) {
        front.by_first_telling(since, &format!("{spelling} is gone"), || {
            front.ask(&get(spelling, "")).status >= 400
        });
    }
    drop(front.cache);
}

#[test]
fn no_forged_request_poisons_varnish() {
    check(Kind::Varnish);
}

#[test]
fn no_forged_request_poisons_nginx() {
    check(Kind::Nginx);
}
