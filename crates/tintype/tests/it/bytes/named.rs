//! `GET /{named path}`

use tintype_testkit::build;

use crate::support::Server;

#[test]
fn a_path_may_move_so_caches_ask_again() {
    let server = Server::start();
    let token = server.token("upload,paths,delete");
    let (one, two) = (build::png(8, 8, 1), build::jpeg(9, 9, 2));
    let first = token.put("/api/v1/files/blog/2026/sunset.png", &one).expect(201);
    let client = server.client();
    for _ in 0..2 {
        let reply = client.get("/blog/2026/sunset.png").expect(200);
        assert_eq!(reply.header("cache-control"), "public, max-age=300, stale-while-revalidate=60");
        assert_eq!(
            (reply.header("content-type"), reply.header("x-content-type-options")),
            ("image/png", "nosniff")
        );
        assert_eq!((reply.header("set-cookie"), reply.header("access-control-allow-origin")), ("", "*"));
        assert!(reply.body == one);
    }
    let etag = client.get("/blog/2026/sunset.png").header("etag").to_owned();
    assert_eq!(client.get(&first.at("/links/image")).header("etag"), etag);
    let known = client.get_with("/blog/2026/sunset.png", &[("if-none-match", &etag)]).expect(304);
    assert_eq!(known.header("cache-control"), "public, max-age=300, stale-while-revalidate=60");
    let head = client.head("/blog/2026/sunset.png").expect(200);
    assert_eq!(head.header("content-length"), one.len().to_string());

    let second = token.put("/api/v1/files/blog/2026/sunset.png", &two).expect(201);
    let moved = client.get_with("/blog/2026/sunset.png", &[("if-none-match", &etag)]).expect(200);
    assert_eq!(
        moved.header("content-type"),
        "image/jpeg",
        "the type is the content's, whatever the path says"
    );
    assert_ne!(moved.header("etag"), etag);
    client.get(&first.at("/links/image")).expect(200);
    token.delete(&format!("/api/v1/images/{}", second.at("/id"))).expect(204);
    client.get("/blog/2026/sunset.png").expect_problem(410, "gone");
}

#[test]
fn what_is_no_named_path_is_not_found() {
    let server = Server::start();
    let client = server.client();
    for path in [
        "/blog/none.png",
        "/none",
        "/blog/",
        "/.env",
        "/.git/config",
        "/wp-login.php",
        "/x.html",
        "/favicon.png",
    ] {
        client.get(path).expect_problem(404, "not_found");
        let page = client.get_with(path, &[("accept", "text/html")]);
        assert!(page.status == 404 && page.header("content-type").starts_with("text/html"), "{path}");
    }
    let reply = client.post("/blog/none.png", "image/png", b"x").expect_problem(405, "method_not_allowed");
    assert_eq!(reply.header("allow"), "GET, HEAD, OPTIONS");
    // Asked before a page of another site reads a part of it.
    let asked = [("origin", "https://a.example"), ("access-control-request-headers", "range")];
    let preflight = client.send("OPTIONS", "/blog/none.png", &asked, None).expect(204);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert!(preflight.header("access-control-allow-headers").contains("Range"));
}

#[test]
fn a_name_whose_accents_are_apart_leads_to_the_composed_one() {
    let server = Server::start();
    let (composed, apart) = ("uni/%C3%BC.png", "uni/u%CC%88.png");
    let (one, two) = (build::png(8, 8, 1), build::png(9, 9, 2));
    let token = server.token("upload,paths,read,delete");
    server.client().get(&format!("/{apart}")).expect(404);
    token.put(&format!("/api/v1/files/{composed}"), &one).expect(201);
    assert!(server.client().get(&format!("/{apart}")).expect(200).body == one);
    // However it is written, it is one path: to the API, to cards and to the operator.
    assert_eq!(token.get(&format!("/api/v1/files/{apart}")).expect(200).at("/path"), "uni/ü.png");
    let link = format!("{}/{apart}", server.base).replace('%', "%25").replace(':', "%3A");
    server.client().get(&format!("/oembed?url={link}")).expect(200);
    let output = server.run(&["image", "show", "uni/u\u{308}.png"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let second = token.put(&format!("/api/v1/files/{apart}"), &two).expect(201);
    assert_eq!(second.at("/path"), "uni/ü.png");
    assert!(server.client().get(&format!("/{composed}")).expect(200).body == two);
    token.delete(&format!("/api/v1/files/{apart}")).expect(204);
    server.client().get(&format!("/{composed}")).expect(410);
}
