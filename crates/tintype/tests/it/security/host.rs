//! What links are built of: Host, `X-Forwarded-*`, `base_url`.

use tintype_testkit::build;

use crate::support::{Raw, Server};

/// The links of an image's record when it is asked for with this Host and these header lines.
fn link(server: &Server, id: &str, host: &str, lines: &str) -> String {
    Raw::get(server, &format!("/api/v1/images/{id}"), host, lines).expect(200).at("/links/image")
}

fn uploaded(server: &Server) -> String {
    server.client().upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id")
}

#[test]
fn a_host_that_is_none_is_refused() {
    let server = Server::start();
    let id = uploaded(&server);
    for host in [
        "evil.example\"><script>",
        "a b",
        "a/b",
        "user@evil.example",
        "evil.example:99999",
        "[::1",
        "a,b",
        "",
        "evil.example#",
        "a'b",
        "a\\b",
    ] {
        let reply = Raw::get(&server, &format!("/api/v1/images/{id}"), host, "");
        assert_eq!(reply.status, 400, "{host:?}: {}", reply.text());
        assert!(!reply.text().contains("<script>"), "{}", reply.text());
        if !reply.body.is_empty() {
            reply.expect_problem(400, "invalid_host");
        }
    }
    let none = Raw::ask(&server, &format!("GET /p/{id} HTTP/1.1\r\n\r\n"));
    assert_eq!(none.status, 400);
}

#[test]
fn two_hosts_are_none() {
    let server = Server::start();
    let id = uploaded(&server);
    for path in
        [format!("/i/{id}.png"), "/version".to_owned(), "/".to_owned(), format!("/api/v1/images/{id}")]
    {
        // Twice, from the disk and from RAM.
        for _ in 0..2 {
            Raw::get(&server, &path, "a.example", "").expect(200);
            for other in ["a.example", "b.example"] {
                let line = format!("Host: {other}\r\n");
                Raw::get(&server, &path, "a.example", &line).expect_problem(400, "invalid_host");
            }
        }
    }
}

#[test]
fn links_follow_a_valid_host_and_nothing_keeps_it() {
    let server = Server::start();
    let id = uploaded(&server);
    assert_eq!(
        link(&server, &id, "Img.Example.org:8080", ""),
        format!("http://img.example.org:8080/i/{id}.png")
    );
    assert_eq!(link(&server, &id, "[::1]:80", ""), format!("http://[::1]:80/i/{id}.png"));
    let page = Raw::get(&server, &format!("/p/{id}"), "other.example", "").expect(200);
    assert!(page.text().contains("http://other.example/i/") && page.header("cache-control") == "no-store");
    assert_eq!(link(&server, &id, server.address(), ""), format!("{}/i/{id}.png", server.base));
}

#[test]
fn forwarded_headers_count_from_trusted_proxies_alone() {
    let forwarded = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: img.example.org\r\n";
    let server = Server::start();
    let id = uploaded(&server);
    assert_eq!(link(&server, &id, "inner", forwarded), format!("https://img.example.org/i/{id}.png"));
    let chain = "X-Forwarded-Host: evil.example, img.example.org\r\n";
    assert_eq!(link(&server, &id, "inner", chain), format!("http://img.example.org/i/{id}.png"));
    let nonsense = "X-Forwarded-Host: a b\r\n";
    let path = format!("/api/v1/images/{id}");
    Raw::get(&server, &path, "inner", nonsense).expect_problem(400, "invalid_host");

    let strict = Server::with(&["--server-trusted-proxies", "10.0.0.0/8"]);
    let id = uploaded(&strict);
    assert_eq!(link(&strict, &id, "inner", forwarded), format!("http://inner/i/{id}.png"));
    let page = Raw::get(&strict, "/", "inner", forwarded).expect(200);
    assert!(page.header("set-cookie").starts_with("tintype_owner="), "{}", page.header("set-cookie"));
}

#[test]
fn one_kind_of_forwarded_header_is_read_and_the_other_is_not() {
    let server = Server::with(&["--server-forwarded", "forwarded"]);
    let id = uploaded(&server);
    let both = "Forwarded: for=203.0.113.9;proto=https;host=img.example.org\r\n\
                X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: http\r\n";
    assert_eq!(link(&server, &id, "inner", both), format!("https://img.example.org/i/{id}.png"));
    let forged = "Forwarded: for=1.1.1.1;host=evil.example, for=203.0.113.9;proto=https;host=\"img.example.org:444\"\r\n";
    assert_eq!(link(&server, &id, "inner", forged), format!("https://img.example.org:444/i/{id}.png"));
    let page = Raw::get(&server, "/", "inner", both).expect(200);
    assert!(page.header("set-cookie").starts_with("__Host-tintype_owner="), "{}", page.header("set-cookie"));
    let usual = Server::start();
    let id = uploaded(&usual);
    assert_eq!(link(&usual, &id, "inner", both), format!("http://evil.example/i/{id}.png"));
}

#[test]
fn a_base_url_wins_over_every_header() {
    let server = Server::with_base("https://img.example.org");
    let uploaded = server.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
    let id = uploaded.at("/id");
    assert_eq!(uploaded.at("/links/page"), format!("https://img.example.org/p/{id}"));
    assert_eq!(uploaded.header("location"), format!("https://img.example.org/api/v1/images/{id}"));
    let forwarded = "X-Forwarded-Proto: http\r\nX-Forwarded-Host: evil.example\r\n";
    assert_eq!(link(&server, &id, "evil.example", forwarded), format!("https://img.example.org/i/{id}.png"));
    let page = Raw::get(&server, &format!("/p/{id}"), "evil.example", "").expect(200);
    assert!(!page.text().contains("evil.example") && page.text().contains("https://img.example.org/i/"));
}
