//! The same bytes again.

use serde_json::json;
use tintype_testkit::build;

use crate::support::{Form, Server};

#[test]
fn a_browser_gets_the_image_that_is_already_there() {
    let server = Server::start();
    let browser = server.client();
    let picture = build::png(8, 8, 1);
    let first = browser.upload("a.png", &picture).expect(201);
    let again = browser.upload("other name.png", &picture).expect(200);
    assert_eq!((again.at("/id"), again.at("/duplicate")), (first.at("/id"), "true".to_owned()));
    assert!(again.json().get("delete_token").is_none() && again.json()["links"].get("delete").is_none());
    assert_eq!(again.header("location"), first.header("location"));

    let new = browser.form(&Form::new().file("a.png", &picture).field("duplicates", "new")).expect(201);
    assert_ne!(new.at("/id"), first.at("/id"));
    let stranger = server.client().upload("a.png", &picture).expect(201);
    assert_eq!(stranger.at("/duplicate"), "false", "owners do not see each other's images");
    assert_eq!(server.originals(), 1, "underneath, the bytes are stored once");
    server.assert_clean();
}

#[test]
fn other_fields_make_another_image() {
    let server = Server::start();
    let browser = server.client();
    let picture = build::png(8, 8, 1);
    let first = browser.upload("a.png", &picture).expect(201);
    let titled = browser.form(&Form::new().file("a.png", &picture).field("title", "T"));
    assert_eq!(titled.status, 201, "{}", titled.text());
    assert_ne!(titled.at("/id"), first.at("/id"));
}

#[test]
fn a_token_gets_a_new_image_unless_it_asks() {
    let server = Server::start();
    let token = server.token("upload");
    let picture = build::png(8, 8, 1);
    let first = token.upload("a.png", &picture).expect(201);
    let second = token.upload("a.png", &picture).expect(201);
    assert_ne!(first.at("/id"), second.at("/id"));
    assert_ne!(first.at("/delete_token"), second.at("/delete_token"));
    let returned = token.post("/api/v1/images?duplicates=return", "image/png", &picture).expect(200);
    assert_eq!(returned.at("/duplicate"), "true");
    assert!([first.at("/id"), second.at("/id")].contains(&returned.at("/id")));
}

#[test]
fn deleted_images_are_no_duplicates() {
    let server = Server::start();
    let browser = server.client();
    let picture = build::png(8, 8, 1);
    let first = browser.upload("a.png", &picture).expect(201);
    browser.delete(&format!("/api/v1/images/{}", first.at("/id"))).expect(204);
    let second = browser.upload("a.png", &picture).expect(201);
    assert_ne!(first.at("/id"), second.at("/id"));
    browser.get(&second.at("/links/image")).expect(200);
    browser.patch(&format!("/api/v1/images/{}", second.at("/id")), &json!({"title": "x"})).expect(200);
}

#[test]
fn the_same_bytes_sixteen_times_at_once_are_one_image() {
    let server = Server::start();
    let browser = server.client();
    browser.get("/api/v1/config").expect(200);
    let picture = build::png(40, 40, 1);
    let ids: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
        let upload = || {
            let reply = browser.again().upload("a.png", &picture);
            assert!(matches!(reply.status, 200 | 201), "{}", reply.text());
            reply.at("/id")
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(upload)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!((ids.len(), server.originals()), (1, 1));
    assert_eq!(browser.get("/api/v1/images").at("/total"), "1");
    server.assert_clean();
}
