//! Tokens: what each scope may do with its own images and with another's.

use std::time::Duration;

use serde_json::json;
use tintype_testkit::{build, wait};

use crate::support::{Client, Server, tintype};

/// The statuses of upload, list, read a private image, change, delete and restore, in this order. Restored, so that
/// the next may try; 204 and 200 where it may.
fn tries(client: &Client, seed: u64, id: &str) -> [u16; 6] {
    let path = format!("/api/v1/images/{id}");
    [
        client.upload("a.png", &build::png(8, 8, seed)).status,
        client.get("/api/v1/images").status,
        client.get(&path).status,
        client.patch(&path, &json!({"title": "x"})).status,
        client.delete(&path).status,
        client.send("POST", &format!("{path}/restore"), &[], None).status,
    ]
}

/// Uploads a private image.
fn private(client: &Client, seed: u64) -> String {
    let path = "/api/v1/images?visibility=private";
    client.post(path, "image/png", &build::png(8, 8, seed)).expect(201).at("/id")
}

#[test]
fn each_scope_allows_its_own_and_no_more() {
    let server = Server::start();
    let uploader = server.token("upload");
    for (number, (scopes, others)) in [
        ("upload", [201, 403, 404, 404, 404, 404]),
        ("read", [403, 200, 404, 404, 404, 404]),
        ("delete", [403, 403, 404, 404, 404, 404]),
        ("paths", [403, 403, 404, 404, 404, 404]),
        ("upload,read,delete", [201, 200, 404, 404, 404, 404]),
        ("admin", [201, 200, 200, 200, 204, 200]),
    ]
    .into_iter()
    .enumerate()
    {
        let token = server.token(scopes);
        let id = private(&uploader, 1000 + number as u64);
        assert_eq!(tries(&token, number as u64, &id), others, "{scopes}, another's image");
    }
}

#[test]
fn each_scope_is_needed_for_its_own_images_too() {
    let server = Server::start();
    for (scopes, expected) in [
        ("upload", [201, 403, 403, 403, 403, 403]),
        ("upload,read", [201, 200, 200, 403, 403, 403]),
        ("upload,delete", [201, 403, 403, 200, 204, 200]),
        ("upload,read,delete", [201, 200, 200, 200, 204, 200]),
        ("admin", [201, 200, 200, 200, 204, 200]),
    ] {
        let token = server.token(scopes);
        let id = private(&token, 7);
        let got = tries(&token, 8, &id);
        assert_eq!(got, expected, "{scopes}, its own image");
    }
}

#[test]
fn a_public_image_of_anothers_is_refused_and_not_hidden() {
    let server = Server::start();
    let id = server.token("upload").upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    let token = server.token("upload,read,delete");
    let path = format!("/api/v1/images/{id}");
    token.get(&path).expect(200);
    token.patch(&path, &json!({"title": "x"})).expect_problem(403, "forbidden");
    token.delete(&path).expect_problem(403, "forbidden");
    let admin = server.token("admin");
    admin.patch(&path, &json!({"title": "by admin"})).expect(200);
    admin.put("/api/v1/files/x/a.png", &build::png(8, 8, 2)).expect(201);
    admin.delete(&path).expect(204);
    token.get(&path).expect_problem(410, "gone");
}

#[test]
fn a_token_that_is_none_is_nobody_even_beside_a_cookie() {
    let server = Server::start();
    let browser = server.client();
    let id = browser.upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    let unknown = format!("tint_{}", "1".repeat(43));
    for value in ["Bearer", "Bearer x", "bearer tint_", &format!("Bearer {unknown}"), &unknown] {
        for (method, path) in
            [("GET", "/api/v1/images".to_owned()), ("DELETE", format!("/api/v1/images/{id}"))]
        {
            let reply = browser.send(method, &path, &[("authorization", value)], None);
            let reply = reply.expect_problem(401, "invalid_token");
            assert!(reply.header("www-authenticate").starts_with("Bearer"), "{value}");
        }
    }
    browser.get(&format!("/api/v1/images/{id}")).expect(200);
}

#[test]
fn revoked_and_expired_tokens_end() {
    let server = Server::start();
    let revoked = server.token_with(&["--name", "laptop", "--scope", "upload,read"]);
    let id = revoked.upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    assert!(server.run(&["token", "revoke", "laptop"]).status.success());
    let reply = revoked.get("/api/v1/images").expect_problem(401, "invalid_token");
    assert!(reply.at("/detail").contains("revoked"));
    revoked.upload("b.png", &build::png(8, 8, 2)).expect_problem(401, "invalid_token");
    server.client().get(&format!("/i/{id}.png")).expect(200);
    assert_eq!(server.run(&["token", "revoke", "laptop2"]).status.code(), Some(1));

    let short = server.token_with(&["--name", "short", "--scope", "read", "--expires", "1s"]);
    wait::until("the token to expire", Duration::from_secs(20), || short.get("/api/v1/images").status == 401);
    assert!(short.get("/api/v1/images").at("/detail").contains("expired"));
    let list = String::from_utf8(server.run(&["token", "list"]).stdout).unwrap();
    assert!(list.contains("revoked") && list.contains("expired") && !list.contains("tint_"), "{list}");
    let wrong = server.run(&["token", "create", "--name", "x", "--scope", "everything"]);
    let error = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success() && error.contains("upload, read, delete, paths, admin"), "{error}");
}

#[test]
fn a_renewed_token_has_what_the_ended_one_had() {
    let server = Server::start();
    let old = server.token_with(&["--name", "blog", "--scope", "upload,paths,read", "--expires", "1s"]);
    old.put("/api/v1/files/x/a.png", &build::png(8, 8, 1)).expect(201);
    wait::until("the token to expire", Duration::from_secs(20), || old.get("/api/v1/images").status == 401);
    let again = server.run(&["token", "create", "--name", "blog"]);
    let error = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && error.contains("tintype token renew blog"), "{error}");
    let renew = |arguments: &[&str]| {
        let output = server.run(&[&["token", "renew"], arguments].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        server.client().with_token(String::from_utf8_lossy(&output.stdout).trim())
    };
    let new = renew(&["blog", "--expires", "30d"]);
    new.put("/api/v1/files/x/a.png", &build::png(8, 8, 2)).expect(201);
    assert_eq!(new.get("/api/v1/images").expect(200).at("/total"), "2");
    new.delete("/api/v1/files/x/a.png").expect_problem(403, "missing_scope");
    old.get("/api/v1/images").expect_problem(401, "invalid_token");
    // A valid secret ends as well, and a revoked token counts again.
    let newer = renew(&["blog"]);
    new.get("/api/v1/images").expect_problem(401, "invalid_token");
    assert!(server.run(&["token", "revoke", "blog"]).status.success());
    newer.get("/api/v1/images").expect_problem(401, "invalid_token");
    let newest = renew(&["blog"]);
    newer.get("/api/v1/images").expect_problem(401, "invalid_token");
    newest.put("/api/v1/files/x/a.png", &build::png(8, 8, 3)).expect(201);
    let unknown = server.run(&["token", "renew", "nobody"]);
    let error = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(unknown.status.code() == Some(1) && error.contains("no token is called nobody"), "{error}");
}

#[test]
fn where_no_server_was_no_token_is_made() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in [&["create", "--name", "a"][..], &["renew", "a"], &["list"], &["revoke", "a"]] {
        let output = tintype().arg("token").args(arguments).current_dir(dir.path()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && error.contains("there is no catalogue in"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{arguments:?}");
    }
}

#[test]
fn a_password_of_the_proxy_in_front_is_none_of_ours() {
    let server = Server::start();
    let image = server.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
    for _ in 0..2 {
        // Cold, then hot.
        server.client().get_with(&image.at("/links/image"), &[("authorization", "Basic YTpi")]).expect(200);
    }
    server.client().get_with("/", &[("authorization", "Basic YTpi")]).expect(200);
    for wrong in ["Bearer tint_x", "Bearer", "tint_x", "Digest x"] {
        for _ in 0..2 {
            server
                .client()
                .get_with(&image.at("/links/image"), &[("authorization", wrong)])
                .expect_problem(401, "invalid_token");
        }
    }
}
