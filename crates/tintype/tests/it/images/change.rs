//! `PATCH /api/v1/images/{id}`

use serde_json::json;
use tintype_testkit::build;

use crate::support::{Form, Server};

#[test]
fn what_is_named_changes_and_null_empties() {
    let server = Server::start();
    let browser = server.client();
    let form = Form::new().file("a.png", &build::png(8, 8, 1)).field("title", "Old").field("label", "l");
    let id = browser.form(&form).expect(201).at("/id");
    let path = format!("/api/v1/images/{id}");
    let changes = json!({"title": "New <b>", "alt": "An alt", "description": "d\ne", "tags": ["x", "y"],
                         "visibility": "public", "expires_in": "1h"});
    let changed = browser.patch(&path, &changes).expect(200);
    for (pointer, value) in
        [("/title", "New <b>"), ("/alt", "An alt"), ("/description", "d\ne"), ("/label", "l")]
    {
        assert_eq!(changed.at(pointer), value);
    }
    assert_eq!((changed.at("/tags"), changed.at("/visibility")), ("[\"x\",\"y\"]".into(), "public".into()));
    assert!(changed.at("/expires_at").ends_with('Z'));
    assert_eq!(browser.get(&path).json(), changed.json());

    let nulls = json!({"title": null, "alt": null, "description": null, "label": null, "expires_in": null, "tags": null});
    let emptied = browser.patch(&path, &nulls).expect(200);
    for pointer in ["/title", "/alt", "/description", "/label", "/expires_at"] {
        assert_eq!(emptied.at(pointer), "null", "{pointer}");
    }
    assert_eq!((emptied.at("/tags"), emptied.at("/visibility")), ("[]".into(), "public".into()));
    let nothing = browser.patch(&path, &json!({})).expect(200);
    assert_eq!(nothing.json(), emptied.json());
}

#[test]
fn wrong_values_change_nothing() {
    let server = Server::start();
    let browser = server.client();
    let id = browser.upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    let path = format!("/api/v1/images/{id}");
    let before = browser.get(&path).json();
    for (body, code) in [
        (json!({"title": "x".repeat(201)}), "invalid_field"),
        (json!({"title": "ok", "alt": "x".repeat(1001)}), "invalid_field"),
        (json!({"visibility": "secret"}), "invalid_field"),
        (json!({"expires_in": "1 year"}), "invalid_field"),
        (json!({"tags": ["x".repeat(51)]}), "invalid_field"),
        (json!({"visibility": null}), "malformed_body"),
        (json!({"title": 5}), "malformed_body"),
        (json!({"owner": 1}), "malformed_body"),
        (json!([]), "malformed_body"),
        (json!(["by order"]), "malformed_body"),
    ] {
        let reply = browser.patch(&path, &body);
        assert_eq!((reply.status, reply.at("/code")), (400, code.to_owned()), "{body}: {}", reply.text());
    }
    let headers = [("content-type", "text/plain")];
    browser.send("PATCH", &path, &headers, Some(b"{}")).expect_problem(400, "malformed_body");
    assert_eq!(browser.get(&path).json(), before);
}

#[test]
fn only_the_owner_changes() {
    let server = Server::start();
    let browser = server.client();
    let id = browser.upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    let path = format!("/api/v1/images/{id}");
    let changes = json!({"title": "mine now"});
    server.client().patch(&path, &changes).expect_problem(403, "forbidden");
    let other = server.client();
    other.get("/").expect(200);
    other.patch(&path, &changes).expect_problem(403, "forbidden");
    other.patch("/api/v1/images/11111111111111111", &changes).expect_problem(404, "not_found");
    assert_eq!(browser.get(&path).at("/title"), "null");
}
