//! Delete tokens: by header and by `/d/{delete token}`.

use std::time::Duration;

use tintype_testkit::{build, wait};

use crate::support::{Reply, Server};

fn upload(server: &Server, seed: u64) -> Reply {
    server.client().upload("my picture.png", &build::png(8, 8, seed)).expect(201)
}

#[test]
fn the_header_deletes_its_one_image() {
    let server = Server::start();
    let (one, two) = (upload(&server, 1), upload(&server, 2));
    let path = |image: &Reply| format!("/api/v1/images/{}", image.at("/id"));
    let stranger = server.client();
    let delete =
        |path: &str, token: &str| stranger.send("DELETE", path, &[("tintype-delete-token", token)], None);
    delete(&path(&two), &one.at("/delete_token")).expect_problem(404, "not_found");
    for wrong in ["", "x", "111111111111111111111", &"1".repeat(500)] {
        delete(&path(&one), wrong).expect_problem(404, "not_found");
    }
    stranger.get(&path(&one)).expect(200);
    delete(&path(&one), &one.at("/delete_token")).expect(204);
    stranger.get(&path(&one)).expect_problem(410, "gone");
    stranger.get(&path(&two)).expect(200);
    delete(&format!("{}?now=true", path(&two)), &two.at("/delete_token")).expect(204);
    assert_eq!(server.originals(), 1, "only the second was deleted for good");
}

#[test]
fn the_page_asks_and_only_a_post_deletes() {
    let server = Server::start();
    let image = upload(&server, 1);
    let (page, link) = (image.at("/links/delete"), image.at("/links/image"));
    let stranger = server.client();
    for _ in 0..2 {
        let asked = stranger.get(&page).expect(200);
        assert!(asked.header("content-type").starts_with("text/html"));
        assert_eq!(
            (asked.header("cache-control"), asked.header("referrer-policy")),
            ("no-store", "no-referrer")
        );
        assert_eq!(asked.header("set-cookie"), "");
        assert!(asked.text().contains("method=\"post\"") && asked.text().contains("my picture.png"));
        stranger.get(&link).expect(200);
    }
    assert_eq!(stranger.head(&page).status, 200);
    stranger.get(&link).expect(200);
    let done = stranger.send("POST", &page, &[("accept", "text/html,*/*;q=0.8")], Some(b"")).expect(200);
    assert!(done.header("content-type").starts_with("text/html") && done.text().contains("Deleted"));
    assert_eq!((done.header("cache-control"), done.header("referrer-policy")), ("no-store", "no-referrer"));
    stranger.get(&link).expect_problem(410, "gone");
    assert_eq!(stranger.get(&page).status, 410);
    stranger.send("POST", &page, &[], Some(b"")).expect_problem(410, "gone");

    let program = upload(&server, 2);
    stranger.send("POST", &program.at("/links/delete"), &[], Some(b"")).expect(204);
    stranger.get(&program.at("/links/image")).expect(410);
}

#[test]
fn a_wrong_token_is_404() {
    let server = Server::start();
    upload(&server, 1);
    for token in ["x", "1111111111111111111111", "%2e%2e", "tint_111"] {
        assert_eq!(server.client().get(&format!("/d/{token}")).status, 404, "{token}");
        let posted = server.client().send("POST", &format!("/d/{token}"), &[], Some(b""));
        posted.expect_problem(404, "not_found");
    }
}

#[test]
fn no_log_holds_a_secret() {
    let server = Server::with(&["--log-level", "debug"]);
    let browser = server.client();
    let image = browser.upload("a.png", &build::png(8, 8, 1)).expect(201);
    let secret = image.at("/delete_token");
    let token = server.token("upload");
    let bearer = token.token();
    token.upload("b.png", &build::png(8, 8, 2)).expect(201);
    browser.get(&format!("/d/{secret}")).expect(200);
    browser.send("POST", &format!("/d/{secret}"), &[], Some(b"")).expect(204);
    let cookie = browser.cookie().unwrap();
    let key = cookie.split_once('=').unwrap().1.to_owned();
    wait::until("the access log", Duration::from_secs(60), || {
        server.access_log().contains("\"POST\",\"path\":\"/d/")
    });
    let logs = server.access_log() + &server.log();
    for secret in [secret, key, bearer] {
        assert!(secret.len() > 15 && !logs.contains(&secret), "{logs}");
    }
    assert!(logs.contains("\"GET\",\"path\":\"/d/…\",\"status\":200"), "{logs}");
}
