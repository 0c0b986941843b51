//! Owners without accounts: the cookie of a browser.

use tintype_testkit::build;

use crate::support::Server;

#[test]
fn a_browser_becomes_an_owner_by_looking_and_stays_one() {
    let server = Server::start();
    for path in ["/", "/images", "/api/v1/config"] {
        let browser = server.client();
        let first = browser.get(path).expect(200);
        let set = first.header("set-cookie").to_owned();
        for part in ["tintype_owner=", "Path=/", "HttpOnly", "SameSite=Lax", "Max-Age="] {
            assert!(set.contains(part), "{path}: {part} in {set}");
        }
        assert!(!set.contains("Secure"), "over plain HTTP a Secure cookie would never come back");
        assert_eq!(browser.get(path).header("set-cookie"), "", "{path}");
    }
    let proxied = server.client().get_with("/", &[("x-forwarded-proto", "https")]);
    let set = proxied.header("set-cookie");
    assert!(set.starts_with("__Host-tintype_owner=") && set.contains("Secure"), "{set}");
}

#[test]
fn parallel_first_uploads_share_one_owner() {
    let server = Server::start();
    let browser = server.client();
    browser.get("/").expect(200);
    let cookie = browser.cookie();
    std::thread::scope(|scope| {
        for seed in 0..16 {
            let tab = browser.again();
            scope.spawn(move || {
                let reply = tab.upload("a.png", &build::png(8, 8, seed)).expect(201);
                assert_eq!(reply.header("set-cookie"), "");
            });
        }
    });
    assert_eq!(browser.get("/api/v1/images").expect(200).at("/total"), "16");
    assert_eq!(browser.cookie(), cookie);
}

#[test]
fn an_upload_by_nobody_makes_an_owner() {
    let server = Server::start();
    let browser = server.client();
    let reply = browser.upload("a.png", &build::png(8, 8, 1)).expect(201);
    assert!(reply.header("set-cookie").starts_with("tintype_owner="));
    assert_eq!(browser.get("/api/v1/images").expect(200).at("/total"), "1");
    assert_eq!(server.client().get("/api/v1/images").status, 403, "somebody without a cookie has no list");
}

#[test]
fn the_cookie_is_not_stored_as_it_is() {
    let server = Server::start();
    let browser = server.client();
    let reply = browser.upload("a.png", &build::png(8, 8, 1)).expect(201);
    let cookie = browser.cookie().unwrap();
    let key = cookie.split_once('=').unwrap().1.to_owned();
    let secrets = [key, reply.at("/delete_token")];
    for file in ["tintype.db", "tintype.db-wal"] {
        let bytes = std::fs::read(server.data().join(file)).unwrap_or_default();
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{file}");
        }
    }
}

#[test]
fn where_tokens_are_needed_browsers_may_look_only() {
    let server = Server::with(&["--upload-who", "token"]);
    let browser = server.client();
    browser.upload("a.png", &build::png(8, 8, 1)).expect_problem(403, "forbidden");
    let token = server.token("upload");
    let link = token.upload("a.png", &build::png(8, 8, 1)).expect(201).at("/links/image");
    browser.get(&link).expect(200);
}
