//! What the framework would refuse in words of its own.

use serde_json::json;

use crate::support::{Form, Raw, Server};

#[test]
fn addresses_that_are_not_utf_8_lead_nowhere() {
    let server = Server::start();
    let client = server.token("admin");
    for (method, path) in [
        ("GET", "/i/%ff.png"),
        ("GET", "/i/%ff/w=32.png"),
        ("GET", "/images/%ff.png"),
        ("GET", "/api/v1/images/%ff"),
        ("PATCH", "/api/v1/images/%ff"),
        ("DELETE", "/api/v1/images/%ff"),
        ("POST", "/api/v1/images/%ff/restore"),
        ("PUT", "/uploads/%ff"),
        ("GET", "/p/%ff"),
    ] {
        client.send(method, path, &[], None).expect_problem(404, "not_found");
    }
    client.put("/api/v1/files/%ff.png", b"x").expect_problem(400, "invalid_field");
    // The dialects refuse in their own shape.
    let reply = client.delete("/upload/%ff.png").expect(404);
    assert_eq!(
        (reply.header("content-type"), reply.at("/code")),
        ("application/json", "not_found".to_owned())
    );
}

#[test]
fn the_dialects_refuse_a_host_in_their_own_shape() {
    let server = Server::start();
    let reply = Raw::get(&server, "/upload", "a b", "").expect(400);
    assert_eq!(
        (reply.header("content-type"), reply.at("/code")),
        ("application/json", "invalid_host".to_owned())
    );
    assert_eq!(reply.at("/error"), reply.at("/detail"));
}

#[test]
fn arrays_are_no_objects() {
    let server = Server::start();
    let client = server.client();
    let array = json!(["cat.png", "image/png"]).to_string();
    for path in ["/uploads/init", "/uploads/complete"] {
        client.post(path, "application/json", array.as_bytes()).expect_problem(400, "malformed_body");
    }
    let upload = json!({"image": "AAAA", "file_name": 5}).to_string();
    let reply = client.post("/api/v1/images", "application/json", upload.as_bytes());
    assert_eq!(reply.expect_problem(400, "invalid_field").at("/field"), "file_name");
}

#[test]
fn several_files_that_are_all_refused_are_told_each() {
    let server = Server::start();
    let form = Form::new().file("a.txt", b"text").file("b.txt", b"more text");
    let reply = server.client().form(&form).expect(415);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.at("/problems/0/file_name"), "a.txt");
    assert_eq!(reply.at("/problems/1/problem/code"), "unsupported_type");
}
