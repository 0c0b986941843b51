//! `PUT /api/v1/files/{path}`

use tintype_testkit::build;

use crate::support::{Client, Form, Server};

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
    let reply =
        token.send("POST", "/api/v1/files/b/c.png", &[], None).expect_problem(405, "method_not_allowed");
    assert_eq!(reply.header("allow"), "GET,HEAD,PUT,PATCH,DELETE");
}

#[test]
fn strangers_cannot_ask_what_stands_at_a_path() {
    let server = Server::start();
    let (owner, stranger) = (server.token("upload,paths,read"), server.token("upload,paths,read"));
    let (one, two) = (build::png(8, 8, 1), build::png(9, 9, 2));
    owner.put("/api/v1/files/blog/s.png?visibility=private", &one).expect(201);
    let etag = owner.get("/api/v1/files/blog/s.png").expect(200).header("etag").to_owned();
    let other = format!("\"{}\"", "0".repeat(32));
    for condition in [
        ("if-match", etag.as_str()),
        ("if-match", &other),
        ("if-match", "*"),
        ("if-none-match", "*"),
        ("if-none-match", &etag),
    ] {
        for key in [None, Some(("idempotency-key", "k"))] {
            let headers = [Some(condition), key].into_iter().flatten().collect::<Vec<_>>();
            let refused = stranger.send("PUT", "/api/v1/files/blog/s.png", &headers, Some(&two));
            refused.expect_problem(409, "path_taken");
        }
    }
    let headers = [("if-match", other.as_str())];
    owner
        .send("PUT", "/api/v1/files/blog/s.png", &headers, Some(&two))
        .expect_problem(412, "precondition_failed");
    owner.send("PUT", "/api/v1/files/blog/s.png", &[("if-match", &etag)], Some(&two)).expect(201);
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
fn another_owners_path_is_taken_until_its_image_is_deleted() {
    let server = Server::start();
    let (one, two) = (server.token("upload,paths,read,delete"), server.token("upload,paths"));
    let first = one.put("/api/v1/files/x/a.png?visibility=private", &build::png(8, 8, 1)).expect(201);
    two.put("/api/v1/files/x/a.png", &build::png(8, 8, 2)).expect_problem(409, "path_taken");
    assert_eq!(server.originals(), 1, "what was refused is not kept");
    server.assert_clean();
    let image = format!("/api/v1/images/{}", first.at("/id"));
    one.delete(&image).expect(204);
    one.send("POST", &format!("{image}/restore"), &[], None).expect(200);
    one.get("/x/a.png").expect(200);
    one.delete(&image).expect(204);
    let theirs = two.put("/api/v1/files/x/a.png", &build::png(8, 8, 2)).expect(201);
    assert_eq!(theirs.at("/visibility"), "unlisted", "what another owner had is nothing to it");
    // It comes back, but not to the path.
    let back = one.send("POST", &format!("{image}/restore"), &[], None).expect(200);
    assert_eq!(back.at("/path"), "null");
    assert_eq!(server.client().get("/x/a.png").expect(200).body, build::png(8, 8, 2));
    one.put("/api/v1/files/x/a.png", &build::png(8, 8, 3)).expect_problem(409, "path_taken");
    server.assert_clean();
}

#[test]
fn an_admin_replaces_at_any_path_and_it_keeps_its_owner() {
    let server = Server::start();
    let (ana, admin) = (server.token("upload,paths,read,delete"), server.token("admin"));
    ana.put("/api/v1/files/x/a.png?visibility=private", &build::png(8, 8, 1)).expect(201);
    admin.put("/api/v1/files/x/a.png", &build::png(8, 8, 2)).expect(201);
    let form = Form::new().field("path", "x/a.png").file("a.png", &build::png(8, 8, 3));
    assert_eq!(admin.form(&form).expect(201).at("/visibility"), "private");
    server.client().get("/x/a.png").expect(404);
    assert_eq!(ana.get("/x/a.png").expect(200).body, build::png(8, 8, 3));
    assert_eq!(ana.get("/api/v1/images").expect(200).at("/total"), "3");
    assert_eq!(admin.get("/api/v1/images").expect(200).at("/total"), "0");
    // Conditions hold for it as for everybody, and where nothing stands the path is its own.
    let once = [("if-none-match", "*")];
    let path = "/api/v1/files/x/a.png";
    admin.send("PUT", path, &once, Some(&build::png(8, 8, 4))).expect_problem(412, "precondition_failed");
    admin.put("/api/v1/files/x/new.png", &build::png(8, 8, 5)).expect(201);
    ana.put("/api/v1/files/x/new.png", &build::png(8, 8, 6)).expect_problem(409, "path_taken");
    let seen = |client: &Client| {
        let list = client.get("/api/v1/files/x/").expect(200).json();
        let files = list["files"].as_array().unwrap().iter();
        files.map(|file| file["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (seen(&ana), seen(&admin)),
        (vec!["x/a.png".to_owned()], vec!["x/a.png".into(), "x/new.png".into()])
    );
    server.assert_clean();
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

#[test]
fn nothing_is_replaced_that_was_not_expected() {
    let server = Server::start();
    let token = server.token("upload,paths,read");
    let put = |headers: &[(&str, &str)], seed| {
        token.send("PUT", "/api/v1/files/x/a.png", headers, Some(&build::png(8, 8, seed)))
    };
    put(&[("if-match", "*")], 1).expect_problem(412, "precondition_failed");
    put(&[("if-none-match", "*")], 1).expect(201);
    put(&[("if-none-match", "*")], 2).expect_problem(412, "precondition_failed");
    let etag = server.client().get("/x/a.png").header("etag").to_owned();
    assert_eq!(token.get("/api/v1/files/x/a.png").expect(200).header("etag"), etag);
    put(&[("if-none-match", &etag)], 2).expect_problem(412, "precondition_failed");
    put(&[("if-match", &etag)], 2).expect(201);
    put(&[("if-match", &etag)], 3).expect_problem(412, "precondition_failed");
    assert_eq!(server.client().get("/x/a.png").body, build::png(8, 8, 2));
    // A repeated upload answers as the first time, although the file is there by now.
    let once = [("if-none-match", "*"), ("idempotency-key", "k1")];
    let put = || token.send("PUT", "/api/v1/files/x/b.png", &once, Some(&build::png(8, 8, 4)));
    assert_eq!(put().expect(201).at("/id"), put().expect(201).at("/id"));
    assert_eq!(server.originals(), 3, "what was refused is not kept");
}

#[test]
fn of_two_at_once_one_is_the_last() {
    let server = Server::start();
    let token = server.token("upload,paths,read");
    let pictures: Vec<Vec<u8>> = (0..8).map(|seed| build::png(8, 8, seed)).collect();
    let create = [("if-none-match", "*")];
    let created: usize = std::thread::scope(|scope| {
        let puts: Vec<_> = pictures
            .iter()
            .map(|picture| {
                let token = token.again();
                scope.spawn(move || {
                    token.put("/api/v1/files/x/any.png", picture).expect(201);
                    token.send("PUT", "/api/v1/files/x/once.png", &create, Some(picture)).status
                })
            })
            .collect();
        puts.into_iter().map(|put| usize::from(put.join().unwrap() == 201)).sum()
    });
    assert_eq!(created, 1, "only one finds nothing there");
    let shown = server.client().get("/x/any.png").expect(200).body;
    assert!(pictures.contains(&shown));
}

#[test]
fn what_replaces_a_private_picture_is_private() {
    let server = Server::start();
    let (token, stranger) = (server.token("upload,paths,read,delete"), server.client());
    let put = |query: &str, seed| {
        let path = format!("/api/v1/files/x/a.png{query}");
        token.put(&path, &build::png(8, 8, seed)).expect(201)
    };
    let first = put("", 1);
    assert_eq!(first.at("/visibility"), "unlisted");
    let image = format!("/api/v1/images/{}", first.at("/id"));
    token.patch(&image, &serde_json::json!({"visibility": "private"})).expect(200);
    let second = put("", 2);
    assert_eq!(second.at("/visibility"), "private");
    stranger.get("/x/a.png").expect(404);
    token.get("/x/a.png").expect(200);
    // Deleted, it holds its path for the case that it is restored.
    token.delete(&format!("/api/v1/images/{}", second.at("/id"))).expect(204);
    assert_eq!(put("", 3).at("/visibility"), "private");
    let form = Form::new().field("path", "x/a.png").file("a.png", &build::png(8, 8, 4));
    assert_eq!(token.form(&form).expect(201).at("/visibility"), "private");
    stranger.get("/x/a.png").expect(404);
    put("?visibility=unlisted", 5);
    stranger.get("/x/a.png").expect(200);
    assert_eq!(put("?visibility=public", 6).at("/visibility"), "public");
    assert_eq!(put("", 7).at("/visibility"), "public");
}
