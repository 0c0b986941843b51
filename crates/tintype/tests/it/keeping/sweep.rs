//! The one timer: trash, expiry, files that nothing names.

use std::time::Duration;

use tintype_testkit::{build, wait};

use crate::support::{Form, Server, count_files};

const SOON: Duration = Duration::from_secs(60);
const QUICK: [&str; 6] = ["--trash-keep", "1s", "--sweep-grace", "0s", "--sweep-interval", "1s"];

#[test]
fn trash_is_emptied_and_its_addresses_stay_gone() {
    let server = Server::with(&QUICK);
    let owner = server.client();
    let kept = owner.upload("kept.png", &build::png(40, 40, 1)).expect(201);
    let gone = owner.upload("gone.png", &build::png(40, 40, 2)).expect(201);
    let id = gone.at("/id");
    owner.get(&format!("/i/{id}/w=16.webp")).expect(200);
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    wait::until("the bytes to be removed", SOON, || server.originals() == 1);
    wait::until("the variants to be removed", SOON, || count_files(&server.data().join("variants")) == 0);
    for path in [
        format!("/i/{id}.png"),
        format!("/i/{id}/w=16.webp"),
        format!("/p/{id}"),
        format!("/api/v1/images/{id}"),
    ] {
        assert_eq!(owner.get(&path).status, 410, "{path}");
    }
    let restore = owner.send("POST", &format!("/api/v1/images/{id}/restore"), &[], None);
    restore.expect_problem(410, "too_late");
    owner.get(&kept.at("/links/image")).expect(200);
    server.assert_clean();
    let server = Server::on(server.stop(), &QUICK);
    assert_eq!(server.client().get(&format!("/i/{id}.png")).status, 410, "after a restart, too");
}

#[test]
fn what_is_over_is_removed() {
    let server = Server::with(&QUICK);
    let owner = server.client();
    let form = Form::new().file("a.png", &build::png(40, 40, 1)).field("expires_in", "1s");
    let id = owner.form(&form).expect(201).at("/id");
    wait::until("the bytes to be removed", SOON, || server.originals() == 0);
    assert_eq!(server.client().get(&format!("/i/{id}.png")).status, 404);
    assert_eq!(owner.get("/api/v1/images").at("/total"), "0");
    server.assert_clean();
}

#[test]
fn the_trash_is_kept_as_long_as_it_should_be() {
    let server = Server::with(&["--sweep-grace", "0s", "--sweep-interval", "1s"]);
    let owner = server.client();
    let (one, two) = (build::png(40, 40, 1), build::png(40, 40, 2));
    let id = owner.upload("a.png", &one).expect(201).at("/id");
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    // A picture that expires and is removed shows that sweeps have passed meanwhile.
    owner.form(&Form::new().file("b.png", &two).field("expires_in", "1s")).expect(201);
    wait::until("a sweep", SOON, || owner.get("/api/v1/images").at("/total") == "0");
    let restored = owner.send("POST", &format!("/api/v1/images/{id}/restore"), &[], None).expect(200);
    assert_eq!(owner.get(&restored.at("/links/image")).expect(200).body, one);
}
