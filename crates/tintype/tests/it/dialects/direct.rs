//! `/uploads/init`, `PUT`, `/uploads/complete`: a file sent by itself.

use serde_json::{Value, json};
use tintype_testkit::build;

use super::assert_open;
use crate::support::{Client, Reply, Server};

/// What a page of another origin sends.
const ORIGIN: (&str, &str) = ("origin", "https://app.example.org");

fn post(client: &Client, address: &str, body: &Value) -> Reply {
    let headers = [ORIGIN, ("sec-fetch-site", "cross-site"), ("content-type", "application/json")];
    client.send("POST", address, &headers, Some(body.to_string().as_bytes()))
}

fn init(client: &Client, body: &Value) -> Reply {
    post(client, "/uploads/init", body).expect(200)
}

#[test]
fn a_page_of_another_origin_sends_a_file_and_gets_its_link() {
    let server = Server::start();
    let page = server.client();
    let picture = build::jpeg(60, 40, 1);
    let begun = init(&page, &json!({"filename": "holiday.jpg", "contentType": "image/jpeg"}));
    assert_open(&begun, "POST,OPTIONS");
    assert!(page.cookie().is_none());
    let id = begun.at("/uploadId");
    assert_eq!(begun.at("/key"), format!("incoming/{id}"));
    assert_eq!(begun.at("/method"), "PUT");
    assert_eq!(begun.json()["headers"], json!({"Content-Type": "image/jpeg"}));
    assert!(begun.at("/expiresAt").ends_with('Z'));
    let url = begun.at("/uploadURL");

    let preflight = page.send(
        "OPTIONS",
        &url,
        &[
            ORIGIN,
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "content-type"),
        ],
        None,
    );
    assert_open(&preflight.expect(200), "PUT,OPTIONS");
    post(&page, "/uploads/complete", &json!({"uploadId": id})).expect_problem(409, "not_sent");
    let sent = page.send("PUT", &url, &[ORIGIN, ("content-type", "image/jpeg")], Some(&picture)).expect(200);
    assert_open(&sent, "PUT,OPTIONS");
    assert_eq!(sent.header("etag").len(), 66);
    assert!(server.data().join("incoming").read_dir().unwrap().count() == 1);
    page.get(&url).expect(405);

    let done = post(&page, "/uploads/complete", &json!({"uploadId": id})).expect(200);
    assert_open(&done, "POST,OPTIONS");
    let view = done.at("/viewURL");
    assert_eq!(view, done.at("/links/image"));
    assert_eq!((done.at("/file_name"), done.at("/width")), ("holiday.jpg".to_owned(), "60".to_owned()));
    let token = done.at("/delete_token");
    assert_eq!(page.get(&view).expect(200).body, picture);
    assert_eq!(server.data().join("incoming").read_dir().unwrap().count(), 0);

    // Again, by the other names of the upload: the same image, without its delete token.
    for named in
        [json!({"uploadId": id}), json!({"key": begun.at("/key")}), json!({"url": format!("{url}?x=1")})]
    {
        let again = post(&page, "/uploads/complete", &named).expect(200);
        assert_eq!(again.at("/viewURL"), view);
        assert!(again.json().get("delete_token").is_none());
    }
    page.put(&url, &build::png(9, 9, 9)).expect_problem(409, "upload_over");
    assert_eq!(page.get(&view).expect(200).body, picture);
    let headers = [("tintype-delete-token", token.as_str())];
    page.send("DELETE", &format!("/api/v1/images/{}", done.at("/id")), &headers, None).expect(204);
    post(&page, "/uploads/complete", &json!({"uploadId": id})).expect_problem(410, "gone");
    server.assert_clean();
    assert!(!server.access_log().contains(&id), "the id is a right and never stands in a log");
}

#[test]
fn what_is_published_is_what_was_sent_last() {
    let server = Server::start();
    let client = server.client();
    let begun = init(&client, &json!({}));
    assert_eq!(begun.json()["headers"], json!({}));
    let (first, second) = (build::png(8, 8, 1), build::png(8, 8, 2));
    client.put(&begun.at("/uploadURL"), &first).expect(200);
    client.put(&begun.at("/uploadURL"), &second).expect(200);
    let done = post(&client, "/uploads/complete", &json!({"uploadId": begun.at("/uploadId")})).expect(200);
    assert_eq!(client.get(&done.at("/viewURL")).body, second);
}

#[test]
fn parallel_requests_publish_one_image() {
    let server = Server::start();
    let owner = server.token("upload,read");
    let begun = init(&owner, &json!({"filename": "a.png"}));
    owner.put(&begun.at("/uploadURL"), &build::png(300, 300, 1)).expect(200);
    let body = json!({"uploadId": begun.at("/uploadId")});
    let views: Vec<String> = std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| post(&server.client(), "/uploads/complete", &body).expect(200).at("/viewURL"))
            })
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    assert!(views.iter().all(|view| *view == views[0]), "{views:?}");
    assert_eq!(owner.get("/api/v1/images").expect(200).at("/total"), "1");
    assert_eq!(server.data().join("incoming").read_dir().unwrap().count(), 0);
    server.assert_clean();
}

#[test]
fn what_was_announced_is_held_to() {
    let server = Server::with(&["--upload-bytes-max", "100000"]);
    let client = server.client();
    let picture = build::png(8, 8, 1);
    let announce = |body: &Value| init(&client, body).at("/uploadURL");
    let url = announce(&json!({"size": picture.len() + 1}));
    client.put(&url, &picture).expect_problem(422, "wrong_file");
    let url = announce(&json!({"sha256": "ab".repeat(32)}));
    client.put(&url, &picture).expect_problem(422, "wrong_file");
    let right = sha256(&picture);
    let url = announce(&json!({"size": picture.len(), "sha256": right}));
    assert_eq!(client.put(&url, &picture).expect(200).header("etag"), format!("\"{right}\""));

    post(&client, "/uploads/init", &json!({"size": 100_001})).expect_problem(413, "file_too_large");
    post(&client, "/uploads/init", &json!({"contentType": "text/html"}))
        .expect_problem(415, "unsupported_type");
    post(&client, "/uploads/init", &json!({"sha256": "abc"})).expect_problem(400, "invalid_field");
    post(&client, "/uploads/init", &json!({"size": -1})).expect_problem(400, "malformed_body");
    post(&client, "/uploads/complete", &json!({})).expect_problem(400, "invalid_field");
    for id in ["x", &"a".repeat(22), "../../etc/passwd"] {
        post(&client, "/uploads/complete", &json!({"uploadId": id})).expect_problem(404, "not_found");
    }
    client.put(&format!("/uploads/{}", "a".repeat(22)), b"x").expect_problem(404, "not_found");
    let url = announce(&json!({}));
    client.put(&url, &vec![0; 100_001]).expect_problem(413, "file_too_large");
}

#[test]
fn a_file_that_is_refused_may_be_sent_anew() {
    let server = Server::start();
    let client = server.client();
    let begun = init(&client, &json!({"filename": "a.png", "contentType": "application/octet-stream"}));
    let complete = || post(&client, "/uploads/complete", &json!({"uploadId": begun.at("/uploadId")}));
    client.put(&begun.at("/uploadURL"), b"just words").expect(200);
    complete().expect_problem(415, "unsupported_type");
    client.put(&begun.at("/uploadURL"), b"").expect(200);
    complete().expect_problem(400, "empty_file");
    client.put(&begun.at("/uploadURL"), &build::png(8, 8, 1)).expect(200);
    complete().expect(200);
}

#[test]
fn an_upload_outlasts_a_restart_and_a_kill() {
    let server = Server::start();
    let client = server.client();
    let begun = init(&client, &json!({"filename": "a.png"}));
    let path = format!("/uploads/{}", begun.at("/uploadId"));
    let picture = build::png(8, 8, 1);
    client.put(&path, &picture).expect(200);
    let server = Server::on(server.kill(), &[]);
    let client = server.client();
    let done = post(&client, "/uploads/complete", &json!({"uploadId": begun.at("/uploadId")})).expect(200);
    assert_eq!(client.get(&done.at("/viewURL")).body, picture);
}

#[test]
fn only_who_may_upload_may_begin() {
    let server = Server::with(&["--upload-who", "token"]);
    post(&server.client(), "/uploads/init", &json!({})).expect_problem(403, "forbidden");
    let token = server.token("upload");
    let begun = init(&token, &json!({}));
    // The address itself is the right to send.
    server.client().put(&begun.at("/uploadURL"), &build::png(8, 8, 1)).expect(200);
    post(&server.client(), "/uploads/complete", &json!({"uploadId": begun.at("/uploadId")})).expect(200);
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
