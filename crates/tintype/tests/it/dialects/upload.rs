//! `POST /upload` with one file, its list and its delete.

use serde_json::json;
use tintype_testkit::build;

use super::assert_open;
use crate::support::{Client, Form, Reply, Server};

fn post(client: &Client, address: &str, form: &Form) -> Reply {
    client.post(address, &form.content_type(), &form.body())
}

#[test]
fn one_answer_serves_both_systems() {
    let server = Server::start();
    let picture = build::jpeg(20, 10, 1);
    for address in ["/upload", "/upload/", "/api/upload", "/api/upload/"] {
        let client = server.client();
        // Any part may hold the file, and what else the form holds is not looked at.
        for form in [
            Form::new().file("cat.png", &picture),
            Form::new()
                .field("csrf", "x")
                .part("name=\"image\"; filename=\"cat.png\"", &picture)
                .field("y", ""),
        ] {
            let reply = post(&client, address, &form).expect(200);
            assert_open(&reply, "POST,OPTIONS");
            let id = reply.at("/id");
            assert_eq!(
                reply.json(),
                json!({
                    "id": id,
                    "pageUrl": format!("{}/i/{id}", server.base),
                    "filename": format!("{id}.jpg"),
                    "url": format!("/images/{id}.jpg"),
                })
            );
            assert_eq!(client.get(&reply.at("/pageUrl")).expect(200).header("content-type"), "image/jpeg");
            assert_eq!(client.get(&reply.at("/url")).expect(200).body, picture);
        }
        assert_open(&client.send("OPTIONS", address, &[], None).expect(200), "POST,OPTIONS");
    }
}

#[test]
fn refusals_carry_the_words_of_both() {
    let server = Server::with(&["--upload-bytes-max", "5000"]);
    let client = server.client();
    let refused = |reply: Reply, status: u16, error: Option<&str>| {
        let reply = reply.expect(status);
        assert_open(&reply, "POST,OPTIONS");
        let json = reply.json();
        let detail = json["detail"].as_str().unwrap().to_owned();
        assert!(!detail.is_empty() && json["request_id"].is_string(), "{json}");
        assert_eq!(json["error"].as_str().unwrap(), error.unwrap_or(&detail));
        detail
    };
    refused(post(&client, "/upload", &Form::new().field("a", "b")), 400, Some("file is required"));
    refused(post(&client, "/upload", &Form::new().file("", b"")), 400, Some("file is required"));
    refused(client.post("/upload", "application/json", b"{}"), 400, Some("file is required"));
    let detail = refused(post(&client, "/api/upload/", &Form::new().file("a.txt", b"just words")), 400, None);
    assert!(detail.contains("JPEG, PNG, GIF, WebP, AVIF"), "{detail}");
    let large = build::png(200, 200, 1);
    assert!(large.len() > 5000);
    let detail = refused(post(&client, "/api/upload/", &Form::new().file("a.png", &large)), 400, None);
    assert!(detail.contains("4.9 kB"), "{detail}");
    let two = Form::new().file("a.png", &build::png(8, 8, 1)).file("b.png", &build::png(8, 8, 2));
    refused(post(&client, "/upload", &two), 400, None);
    assert_eq!(server.originals(), 0);

    let closed = Server::with(&["--upload-who", "token"]);
    refused(post(&closed.client(), "/upload", &Form::new().file("a.png", &build::png(8, 8, 1))), 403, None);
    let by_token = closed.token("upload");
    post(&by_token, "/upload", &Form::new().file("a.png", &build::png(8, 8, 1))).expect(200);
}

#[test]
fn the_list_is_the_callers_own_and_404_when_empty() {
    let server = Server::start();
    let (one, other) = (server.client(), server.client());
    assert_eq!(one.get("/api/upload/").expect(404).at("/detail"), "No images found.");
    // The same bytes again are an image of their own, as they were there.
    let picture = build::png(8, 8, 1);
    let first = post(&one, "/api/upload/", &Form::new().file("a.png", &picture)).expect(200).at("/filename");
    let second = post(&one, "/api/upload/", &Form::new().file("a.png", &picture)).expect(200).at("/filename");
    post(&other, "/upload", &Form::new().file("b.png", &picture)).expect(200);
    let list = one.get("/upload/").expect(200);
    assert_open(&list, "POST,OPTIONS");
    let names: Vec<_> = list.json().as_array().unwrap().iter().map(|each| each["filename"].clone()).collect();
    assert_eq!(names, [second.as_str(), first.as_str()]);
    assert_eq!(list.at("/0/size"), picture.len().to_string());
    assert!(list.at("/0/created_at").ends_with('Z'));

    let missing = |reply: Reply| assert!(!reply.expect(404).at("/detail").is_empty());
    other.delete(&format!("/api/upload/{first}")).expect(403);
    let deleted = one.delete(&format!("/api/upload/{first}")).expect(200);
    assert_open(&deleted, "DELETE,OPTIONS");
    assert!(deleted.at("/message").contains(&first));
    missing(one.delete(&format!("/api/upload/{first}")));
    missing(one.delete("/upload/nothing.png"));
    missing(one.delete(&format!("/upload/{}", second.replace(".png", ".jpg"))));
    missing(one.delete(&format!("/upload/{}", second.replace(".png", ""))));
    one.delete(&format!("/upload/{second}")).expect(200);
    missing(one.get("/upload"));
    one.get(&format!("/images/{first}")).expect(410);
}

#[test]
fn a_shared_list_shows_everybodys_but_private_images() {
    let server = Server::with(&["--dialects-c-shared", "on"]);
    let (one, other) = (server.client(), server.client());
    let mine =
        post(&one, "/upload/", &Form::new().file("a.png", &build::png(8, 8, 1))).expect(200).at("/filename");
    let private = Form::new().file("p.png", &build::png(8, 8, 2)).field("visibility", "private");
    one.form(&private).expect(201);
    assert_eq!(other.get("/upload/").expect(200).json().as_array().unwrap().len(), 1);
    assert_eq!(other.get("/upload/").expect(200).at("/0/filename"), mine);
    other.delete(&format!("/upload/{mine}")).expect(403);
}
