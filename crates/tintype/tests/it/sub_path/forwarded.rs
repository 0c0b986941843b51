//! `X-Forwarded-Prefix`, where `server.base_url` is not set.

use tintype_testkit::build;

use crate::support::{Raw, Server};

fn page_link(server: &Server, id: &str, lines: &str) -> String {
    Raw::get(server, &format!("/api/v1/images/{id}"), "example.org", lines).expect(200).at("/links/page")
}

#[test]
fn the_path_that_a_trusted_proxy_took_away_stands_in_links_and_cookies() {
    let server = Server::start();
    let id = server.client().upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    for (prefix, expected) in [
        ("/pictures", "/pictures"),
        ("/a/b/", "/a/b"),
        ("/", ""),
        ("", ""),
        ("pictures", ""),
        ("//evil.example", ""),
        ("/a/../b", ""),
        ("/a; Domain=evil.example", ""),
        ("/evil, /pictures", "/pictures"),
    ] {
        let line = format!("X-Forwarded-Prefix: {prefix}\r\n");
        assert_eq!(
            page_link(&server, &id, &line),
            format!("http://example.org{expected}/p/{id}"),
            "{prefix}"
        );
        let set = Raw::get(&server, "/", "example.org", &line).expect(200).header("set-cookie").to_owned();
        assert!(set.contains(&format!("; Path={expected}/; ")), "{prefix}: {set}");
    }
    let https = "X-Forwarded-Prefix: /pictures\r\nX-Forwarded-Proto: https\r\n";
    let set = Raw::get(&server, "/", "example.org", https).expect(200).header("set-cookie").to_owned();
    assert!(set.starts_with("__Secure-tintype_owner="), "{set}");
}

#[test]
fn nobody_else_is_believed_and_a_base_url_wins() {
    let line = "X-Forwarded-Prefix: /evil\r\n";
    let strict = Server::with(&["--server-trusted-proxies", "10.0.0.0/8"]);
    let id = strict.client().upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    assert_eq!(page_link(&strict, &id, line), format!("http://example.org/p/{id}"));
    let fixed = Server::with_base("https://example.org/pictures");
    let id = fixed.client().upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    assert_eq!(page_link(&fixed, &id, line), format!("https://example.org/pictures/p/{id}"));
}
