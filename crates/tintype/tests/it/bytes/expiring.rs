//! Images with an end.

use std::time::Duration;

use serde_json::json;
use tintype_testkit::{build, wait};

use crate::support::{Form, Reply, Server};

/// The number after `name=` in a Cache-Control.
fn seconds(reply: &Reply, name: &str) -> u64 {
    let value =
        reply.header("cache-control").split(", ").find_map(|part| part.strip_prefix(&format!("{name}=")));
    value.unwrap_or_else(|| panic!("no {name} in {}", reply.header("cache-control"))).parse().unwrap()
}

#[test]
fn no_cache_keeps_them_beyond_their_end() {
    let server = Server::start();
    let token = server.token("upload,paths,delete");
    let form = Form::new()
        .file("a.png", &build::png(40, 40, 1))
        .field("expires_in", "100s")
        .field("path", "x/a.png");
    let id = token.form(&form).expect(201).at("/id");
    let client = server.client();
    for path in [format!("/i/{id}.png"), format!("/i/{id}.png"), format!("/i/{id}/w=16.webp")] {
        let reply = client.get(&path).expect(200);
        assert!(
            (1..=100).contains(&seconds(&reply, "max-age")) && seconds(&reply, "s-maxage") <= 100,
            "{path}"
        );
        assert!(!reply.header("cache-control").contains("immutable"));
    }
    assert!(seconds(&client.get("/x/a.png"), "max-age") <= 100);
    token.patch(&format!("/api/v1/images/{id}"), &json!({"expires_in": "2d"})).expect(200);
    let longer = client.get(&format!("/i/{id}.png")).expect(200);
    assert!(seconds(&longer, "max-age") > 86_400 && seconds(&longer, "s-maxage") == 86_400);
}

#[test]
fn after_their_end_they_never_were_to_strangers() {
    let server = Server::start();
    let owner = server.client();
    let form = Form::new().file("a.png", &build::png(40, 40, 1)).field("expires_in", "1s");
    let id = owner.form(&form).expect(201).at("/id");
    let stranger = server.client();
    let link = format!("/i/{id}.png");
    wait::until("the image to expire", Duration::from_secs(20), || stranger.get(&link).status == 404);
    for path in [
        link,
        format!("/i/{id}"),
        format!("/i/{id}/w=16.webp"),
        format!("/p/{id}"),
        format!("/api/v1/images/{id}"),
    ] {
        assert_eq!(stranger.get(&path).status, 404, "{path}");
        assert_eq!(owner.get(&path).status, 410, "its owner learns what became of it: {path}");
    }
    assert_eq!(owner.get("/api/v1/images").at("/images"), "[]");
}
