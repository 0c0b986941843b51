//! `PATCH /api/v1/files/{path}`

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tintype_testkit::build;

use crate::support::{Client, Reply, Server};

fn mv(client: &Client, from: &str, to: &str) -> Reply {
    client.patch(&format!("/api/v1/files/{from}"), &json!({"path": to}))
}

#[test]
fn the_old_path_redirects_to_where_the_picture_is_now() {
    let server = Server::start();
    let token = server.token("upload,paths,read,delete");
    let (one, two) = (build::png(8, 8, 1), build::png(8, 8, 2));
    let image = token.put("/api/v1/files/blog/a.png", &one).expect(201);
    let file = mv(&token, "blog/a.png", "journal/ü%20b.png");
    file.expect_problem(400, "invalid_field");
    let file = mv(&token, "blog/a.png", "/journal/ü b.png").expect(200);
    assert_eq!((file.at("/path"), file.at("/id")), ("journal/ü b.png".into(), image.at("/id")));
    let client = server.client();
    let moved = client.get("/blog/a.png").expect(308);
    assert_eq!(moved.header("location"), "/journal/%C3%BC%20b.png");
    assert_eq!(moved.header("cache-control"), "public, max-age=300, stale-while-revalidate=60");
    assert_eq!((moved.header("set-cookie"), moved.header("access-control-allow-origin")), ("", "*"));
    client.head("/blog/a.png").expect(308);
    assert_eq!(client.get(moved.header("location")).expect(200).body, one);
    // Asked for again, because the answer was lost, it is as it was.
    assert_eq!(mv(&token, "blog/a.png", "journal/ü b.png").expect(200).at("/id"), image.at("/id"));
    mv(&server.token("paths"), "blog/a.png", "journal/ü b.png").expect_problem(403, "forbidden");
    // A chain is one step.
    mv(&token, "journal/%C3%BC%20b.png", "c.png").expect(200);
    for old in ["/blog/a.png", "/journal/%C3%BC%20b.png"] {
        assert_eq!(client.get(old).expect(308).header("location"), "/c.png", "{old}");
    }
    let gone = token.get("/api/v1/files/blog/a.png").expect_problem(404, "not_found");
    assert_eq!(gone.at("/moved_to"), "c.png");
    // What happens to the picture happens at its old paths too.
    token.delete("/api/v1/files/c.png").expect(204);
    client.get("/blog/a.png").expect_problem(410, "gone");
    token.send("POST", &format!("/api/v1/images/{}/restore", image.at("/id")), &[], None).expect(200);
    client.get("/blog/a.png").expect(308);
    let private = json!({"visibility": "private"});
    token.patch(&format!("/api/v1/images/{}", image.at("/id")), &private).expect(200);
    client.get("/blog/a.png").expect_problem(404, "not_found");
    let own = token.get("/blog/a.png").expect(308);
    assert_eq!(own.header("cache-control"), "private, no-store");
    // An old path can be used anew.
    token.put("/api/v1/files/blog/a.png", &two).expect(201);
    assert_eq!(client.get("/blog/a.png").expect(200).body, two);
    // And a redirect ends when it is deleted.
    token.delete("/api/v1/files/journal/%C3%BC%20b.png").expect(204);
    token.get("/journal/%C3%BC%20b.png").expect(404);
}

#[test]
fn only_what_is_expected_is_moved() {
    let server = Server::start();
    let token = server.token("upload,paths,read,delete");
    let path = "/api/v1/files/blog/a.png";
    token.put(path, &build::png(8, 8, 1)).expect(201);
    let etag = token.get(path).expect(200).header("etag").to_owned();
    let mv = |from: &str, to: &str, expected: &str| {
        let body = json!({"path": to}).to_string();
        let headers = [("if-match", expected), ("content-type", "application/json")];
        token.send("PATCH", &format!("/api/v1/files/{from}"), &headers, Some(body.as_bytes()))
    };
    let other = format!("\"{}\"", "0".repeat(32));
    mv("blog/a.png", "blog/b.png", &other).expect_problem(412, "precondition_failed");
    mv("blog/a.png", "blog/a.png", &other).expect_problem(412, "precondition_failed");
    mv("blog/", "journal/", &etag).expect_problem(412, "precondition_failed");
    server.client().get("/blog/a.png").expect(200);
    mv("blog/a.png", "blog/b.png", &etag).expect(200);
    mv("blog/a.png", "blog/b.png", &etag).expect(200);
    mv("blog/a.png", "blog/b.png", &other).expect_problem(412, "precondition_failed");
    mv("blog/", "journal/", "*").expect(200);
    server.client().get("/journal/b.png").expect(200);
}

#[test]
fn redirects_are_not_built_of_the_requests_host() {
    let server = Server::with_base("https://img.example.org");
    let token = server.token("upload,paths");
    token.put("/api/v1/files/a.png", &build::png(8, 8, 1)).expect(201);
    mv(&token, "a.png", "b.png").expect(200);
    let moved = server.client().get_with("/a.png", &[("host", "evil.example")]).expect(308);
    assert_eq!(moved.header("location"), "https://img.example.org/b.png");
}

#[test]
fn a_path_that_is_not_free_is_409() {
    let server = Server::start();
    let (ana, ben) = (server.token("upload,paths,read"), server.token("upload,paths"));
    for (token, path) in [(&ana, "a.png"), (&ana, "b.png"), (&ben, "ben.png")] {
        token.put(&format!("/api/v1/files/{path}"), &build::png(8, 8, 1)).expect(201);
    }
    let occupied = mv(&ana, "a.png", "b.png").expect_problem(409, "path_occupied");
    assert_eq!(occupied.at("/path"), "b.png");
    mv(&ana, "a.png", "ben.png").expect_problem(409, "path_taken");
    let over = json!({"path": "ben.png", "overwrite": true});
    ana.patch("/api/v1/files/a.png", &over).expect_problem(409, "path_taken");
    let over = json!({"path": "b.png", "overwrite": true});
    ana.patch("/api/v1/files/a.png", &over).expect(200);
    // Where a picture was is its owner's still.
    ben.put("/api/v1/files/a.png", &build::png(8, 8, 2)).expect_problem(409, "path_taken");
    mv(&ben, "ben.png", "a.png").expect_problem(409, "path_taken");
    mv(&ben, "b.png", "x.png").expect_problem(403, "forbidden");
    server.token("upload,read,delete").patch("/api/v1/files/", &over).expect(405);
    mv(&ana, "none.png", "x.png").expect_problem(404, "not_found");
    mv(&server.client(), "b.png", "x.png").expect_problem(403, "forbidden");
}

#[test]
fn an_admin_moves_and_deletes_at_any_path() {
    let server = Server::start();
    let (ana, ben) = (server.token("upload,paths,read"), server.token("upload,paths,read"));
    let admin = server.token("admin");
    for (token, path) in [(&ana, "blog/a.png"), (&ana, "blog/b.png"), (&ben, "blog/ben.png")] {
        token.put(&format!("/api/v1/files/{path}"), &build::png(8, 8, 1)).expect(201);
    }
    mv(&admin, "blog/ben.png", "blog/a.png").expect_problem(409, "path_occupied");
    assert_eq!(mv(&admin, "blog/", "journal/").expect(200).at("/moved"), "3");
    ben.put("/api/v1/files/journal/ben.png", &build::png(8, 8, 2)).expect(201);
    // What is moved takes the path along to its owner.
    let over = json!({"path": "journal/a.png", "overwrite": true});
    admin.patch("/api/v1/files/journal/ben.png", &over).expect(200);
    ben.put("/api/v1/files/journal/a.png", &build::png(8, 8, 3)).expect(201);
    ana.put("/api/v1/files/journal/a.png", &build::png(8, 8, 4)).expect_problem(409, "path_taken");
    // An old path of another's, which redirects, and a picture.
    server.client().get("/blog/b.png").expect(308);
    admin.delete("/api/v1/files/blog/b.png").expect(204);
    server.client().get("/blog/b.png").expect(404);
    admin.delete("/api/v1/files/journal/b.png").expect(204);
    server.client().get("/journal/b.png").expect(410);
    server.assert_clean();
}

#[test]
fn what_is_no_path_is_refused() {
    let server = Server::start();
    let token = server.token("upload,paths,read");
    token.put("/api/v1/files/b/a.png", &build::png(8, 8, 1)).expect(201);
    for to in
        ["i/x.png", "../x.png", "b//x.png", "b/x.txt", ".well-known/x.png", "", "x/", "a%2fb.png", "b\\c.png"]
    {
        mv(&token, "b/a.png", to).expect_problem(400, "invalid_field");
    }
    for (from, to) in [("b/", "x.png"), ("b/", "b/c/"), ("b/", "b/"), ("b/", "api/"), ("b/", "/")] {
        mv(&token, from, to).expect_problem(400, "invalid_field");
    }
    for body in ["", "[]", "{}", r#"{"path": 1}"#, r#"{"path": "x.png", "colour": "red"}"#] {
        let json = [("content-type", "application/json")];
        let reply = token.send("PATCH", "/api/v1/files/b/a.png", &json, Some(body.as_bytes()));
        reply.expect_problem(400, "malformed_body");
    }
    server.client().get("/b/a.png").expect(200);
}

#[test]
fn a_folder_moves_whole_while_readers_read() {
    let server = Server::start();
    let token = server.token("upload,paths,read");
    let paths: Vec<String> = (0..20).map(|number| format!("{}/{number}.png", number % 3)).collect();
    for path in &paths {
        token.put(&format!("/api/v1/files/blog/{path}"), &build::png(8, 8, 1)).expect(201);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let (client, paths, done) = (server.client(), &paths, &done);
                scope.spawn(move || {
                    let mut rounds = 0;
                    while rounds == 0 || !done.load(Ordering::Relaxed) {
                        for path in paths {
                            let mut reply = client.get(&format!("/blog/{path}"));
                            if reply.status == 308 {
                                reply = client.get(reply.header("location"));
                            }
                            // There is no moment at which a link is dead; it may have moved again before it is followed.
                            assert!(matches!(reply.status, 200 | 308), "{path}: {}", reply.status);
                        }
                        rounds += 1;
                    }
                })
            })
            .collect();
        for (from, to) in [("blog/", "journal/"), ("journal/", "old/2026/"), ("old/", "blog/")] {
            assert_eq!(mv(&token, from, to).expect(200).at("/moved"), "20");
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().unwrap();
        }
    });
    let reply = server.client().get("/blog/0/0.png").expect(308);
    assert_eq!(reply.header("location"), "/blog/2026/0/0.png");
    mv(&token, "none/", "x/").expect_problem(404, "not_found");
    assert_eq!(
        token.get("/api/v1/files/?recursive=true").expect(200).json()["files"].as_array().unwrap().len(),
        20
    );
}
