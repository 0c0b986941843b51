//! Private images: their bytes are for their owner alone.

use serde_json::json;
use tintype_testkit::build;

use crate::support::{Form, Server};

#[test]
fn only_the_owner_sees_them_and_no_cache_keeps_them() {
    let server = Server::start();
    let owner = server.client();
    let form = Form::new().file("a.png", &build::png(40, 40, 1)).field("visibility", "private");
    let id = owner.form(&form).expect(201).at("/id");
    let stranger = server.client();
    stranger.get("/").expect(200);
    for path in [
        format!("/i/{id}.png"),
        format!("/i/{id}"),
        format!("/images/{id}.png"),
        format!("/i/{id}/w=16.webp"),
    ] {
        for _ in 0..2 {
            let mine = owner.get(&path).expect(200);
            assert_eq!(mine.header("cache-control"), "private, no-store", "{path}");
            assert_eq!(mine.header("access-control-allow-origin"), "", "no other site may read it");
            assert_eq!((mine.header("set-cookie"), mine.header("x-content-type-options")), ("", "nosniff"));
            stranger.get(&path).expect_problem(404, "not_found");
        }
        let cross = owner.get_with(&path, &[("sec-fetch-site", "cross-site")]);
        assert_eq!(cross.status, 404, "another site's page cannot borrow the owner's eyes");
        let range = owner.get_with(&path, &[("range", "bytes=0-3")]).expect(206);
        assert_eq!(range.header("cache-control"), "private, no-store");
    }
    assert_eq!(owner.get(&format!("/p/{id}")).expect(200).header("cache-control"), "no-store");
    assert_eq!(stranger.get(&format!("/p/{id}")).status, 404);
    assert_eq!(server.token("read").get(&format!("/i/{id}.png")).status, 404);
    assert_eq!(server.token("admin").get(&format!("/i/{id}.png")).status, 200);
}

#[test]
fn making_an_image_private_takes_it_away_at_once() {
    let server = Server::start();
    let owner = server.client();
    let id = owner.upload("a.png", &build::png(40, 40, 1)).expect(201).at("/id");
    let stranger = server.client();
    for path in [format!("/i/{id}.png"), format!("/i/{id}/w=16.webp")] {
        stranger.get(&path).expect(200);
        stranger.get(&path).expect(200);
        owner.patch(&format!("/api/v1/images/{id}"), &json!({"visibility": "private"})).expect(200);
        stranger.get(&path).expect(404);
        owner.patch(&format!("/api/v1/images/{id}"), &json!({"visibility": "unlisted"})).expect(200);
        stranger.get(&path).expect(200);
    }
}
