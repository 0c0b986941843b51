//! `PUT /api/v1/files/{path}`

use tintype_testkit::build;

use crate::support::Server;

#[test]
fn a_path_leads_to_the_image_and_moves_with_a_new_one() {
    let server = Server::start();
    let token = server.token("upload,paths,read");
    let (one, two) = (build::png(8, 8, 1), build::png(9, 9, 2));
    let first = token.put("/api/v1/files/blog/a%20b.png?title=One", &one).expect(201);
    assert_eq!((first.at("/path"), first.at("/title")), ("blog/a b.png".to_owned(), "One".to_owned()));
    assert_eq!(
        (first.at("/file_name"), first.at("/links/path")),
        ("a b.png".into(), format!("{}/blog/a%20b.png", server.base))
    );
    assert_eq!(server.client().get("/blog/a%20b.png").expect(200).body, one);
    let second = token.put("/api/v1/files/blog/a%20b.png", &two).expect(201);
    assert_ne!(first.at("/id"), second.at("/id"));
    assert_eq!(server.client().get("/blog/a%20b.png").expect(200).body, two);
    let old = token.get(&format!("/api/v1/images/{}", first.at("/id"))).expect(200);
    assert_eq!(old.at("/path"), "null", "the first image lives on without the path");
    assert_eq!(token.get(&first.at("/links/image")).expect(200).body, one);
}

#[test]
fn an_encoded_slash_is_a_separator() {
    let server = Server::start();
    let token = server.token("upload,paths");
    let reply = token.put("/api/v1/files/b%2Fc.png", &build::png(8, 8, 1)).expect(201);
    assert_eq!(reply.at("/path"), "b/c.png");
    server.client().get("/b/c.png").expect(200);
    server.client().get("/api/v1/files/b/c.png").expect_problem(405, "method_not_allowed");
}

#[test]
fn only_tokens_with_the_scope_may() {
    let server = Server::start();
    let picture = build::png(8, 8, 1);
    let browser = server.client();
    browser.get("/").expect(200);
    browser.put("/api/v1/files/x/a.png", &picture).expect_problem(403, "forbidden");
    server.client().put("/api/v1/files/x/a.png", &picture).expect_problem(403, "forbidden");
    let reply =
        server.token("upload").put("/api/v1/files/x/a.png", &picture).expect_problem(403, "missing_scope");
    assert_eq!(reply.at("/scope"), "paths");
    let reply =
        server.token("paths").put("/api/v1/files/x/a.png", &picture).expect_problem(403, "missing_scope");
    assert_eq!(reply.at("/scope"), "upload");
    assert_eq!(server.originals(), 0);
    server.client().get("/x/a.png").expect(404);
}

#[test]
fn another_owners_path_is_taken_until_its_image_is_deleted_for_good() {
    let server = Server::start();
    let (one, two) = (server.token("upload,paths,delete"), server.token("upload,paths"));
    let first = one.put("/api/v1/files/x/a.png", &build::png(8, 8, 1)).expect(201);
    two.put("/api/v1/files/x/a.png", &build::png(8, 8, 2)).expect_problem(409, "path_taken");
    assert_eq!(server.originals(), 1, "what was refused is not kept");
    server.assert_clean();
    let image = format!("/api/v1/images/{}", first.at("/id"));
    one.delete(&image).expect(204);
    server.client().get("/x/a.png").expect(410);
    let again = two.put("/api/v1/files/x/a.png", &build::png(8, 8, 2));
    again.expect_problem(409, "path_taken");
    one.send("POST", &format!("{image}/restore"), &[], None).expect(200);
    server.client().get("/x/a.png").expect(200);
    one.delete(&format!("{image}?now=true")).expect(204);
    two.put("/api/v1/files/x/a.png", &build::png(8, 8, 2)).expect(201);
}

#[test]
fn paths_that_no_link_can_be_are_refused() {
    let server = Server::start();
    let token = server.token("upload,paths");
    let long = format!("{}.png", "x".repeat(520));
    for path in [
        "i/x.png",
        "images/x.png",
        "api/x.png",
        "API/x.png",
        "assets/x.png",
        "uploads/x.png",
        "iiif/x.png",
        ".well-known/x.png",
        "%2e%2e/x.png",
        "b/%2e%2e/x.png",
        "b//x.png",
        "b/x",
        "b/x.txt",
        "b/x.html",
        "b/x.svg",
        "b/%00.png",
        "b/%0d%0aX-A:b.png",
        "b/%5c.png",
        "b/%25.png",
        "b/%3f.png",
        "b/%20.png/",
        &long,
    ] {
        let reply = token.put(&format!("/api/v1/files/{path}"), &build::png(8, 8, 1));
        assert!(matches!(reply.status, 400 | 404), "{path}: {} {}", reply.status, reply.text());
    }
    assert_eq!(server.originals(), 0);
    token
        .put("/api/v1/files/b/x.png?path=b/y.png", &build::png(8, 8, 1))
        .expect_problem(400, "invalid_field");
    token.put("/api/v1/files/b/x.png", b"").expect_problem(400, "empty_file");
    token.put("/api/v1/files/b/x.png", b"text").expect_problem(415, "unsupported_type");
}
