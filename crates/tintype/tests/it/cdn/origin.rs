//! A server that answers its CDN alone.

use tintype_testkit::build;

use crate::support::{Client, Server};

const SECRET: &str = "Correct-horse-battery";

#[test]
fn only_the_cdn_is_answered() {
    let flags = [
        "--cdn-origin-secret",
        "an-older-secret-of-ours,Correct-horse-battery",
        "--cdn-origin-header",
        "X-From-CDN",
    ];
    let server = Server::with(&flags);
    // The operator's own commands go on.
    let owner = server.token("upload,read,delete");
    let output = server.run(&["config", "--cdn-origin-secret", SECRET]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("cdn.origin_secret") && !shown.contains(SECRET), "{shown}");

    let id = owner.upload("a.jpg", &build::jpeg(20, 10, 1)).expect(201).at("/id");
    let address = format!("/i/{id}.jpg");
    let stranger = Client::new(&server.base);
    for path in [address.as_str(), "/", "/api/v1/config", "/upload/", "/none", &format!("/p/{id}")] {
        stranger.get(path).expect_problem(403, "behind_cdn");
        let wrong = stranger.get_with(path, &[("x-from-cdn", "Correct-horse-batterz")]);
        assert_eq!(wrong.expect_problem(403, "behind_cdn").header("cache-control"), "no-store");
    }
    for secret in [SECRET, "an-older-secret-of-ours"] {
        // Twice, from the disk and from RAM.
        for _ in 0..2 {
            stranger.get_with(&address, &[("x-from-cdn", secret)]).expect(200);
        }
    }
    stranger.get(&address).expect_problem(403, "behind_cdn");
    for path in ["/health", "/ready", "/metrics"] {
        stranger.get(path).expect(200);
    }
    // What a proxy on this machine passes on is no command.
    let api = format!("/api/v1/images/{id}");
    owner.get(&api).expect(200);
    for said in [("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1"), ("via", "1.1 a")] {
        owner.get_with(&api, &[said]).expect_problem(403, "behind_cdn");
    }
    let output = server.run(&["image", "delete", &id]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    stranger.get_with(&address, &[("x-from-cdn", SECRET)]).expect(410);
    assert!(!server.log().contains(SECRET) && !server.access_log().contains(SECRET));
}
