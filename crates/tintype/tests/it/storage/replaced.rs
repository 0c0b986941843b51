//! The two replaced systems that kept their pictures in a bucket, as their own pages spoke to them.

use serde_json::json;
use tintype_testkit::{build, engine};

use super::{direct::post, path_of};
use crate::support::{Client, Form, Server, send_direct};

/// Starts as that system was started: in a folder with its `.env`.
fn started(engine: &engine::Engine, bucket: &str, flags: &[&str]) -> Server {
    let dir = tempfile::tempdir().unwrap();
    let settings = [
        ("AWS_ACCESS_KEY_ID", engine::ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", engine::SECRET_KEY),
        ("AWS_REGION", engine::REGION),
        (bucket, engine::BUCKET),
        ("ENDPOINT", &engine.endpoint()),
        ("TINTYPE_STORE_PREFIX", &engine::fresh_prefix()),
    ];
    let lines = settings.map(|(name, value)| format!("{name}={value}\n"));
    std::fs::write(dir.path().join(".env"), lines.concat()).unwrap();
    Server::on(dir, flags)
}

/// System A: the page asks for an address, sends the file there, says so, and shows what it is told.
#[test]
fn a_page_that_sends_files_to_presigned_addresses_goes_on() {
    let Some(engine) = engine::running("a_page_that_sends_files_to_presigned_addresses_goes_on") else {
        return;
    };
    let server = started(engine, "S3_BUCKET", &[]);
    for (number, (named, place)) in
        [("uploadId", "/uploadId"), ("key", "/key"), ("url", "/uploadURL")].into_iter().enumerate()
    {
        let picture = build::jpeg(320, 200, number as u64);
        let wanted = json!({"filename": "holiday.jpg", "contentType": "image/jpeg"});
        let begun = post(&server, "/uploads/init", &wanted).expect(200);
        assert!(begun.at("/uploadURL").starts_with(&engine.endpoint()));
        assert_eq!(begun.at("/method"), "PUT");
        assert_eq!(send_direct(&begun, &[], &picture), 200);
        let done = post(&server, "/uploads/complete", &json!({named: begun.at(place)})).expect(200);
        let shown = server.client().get(&done.at("/viewURL")).expect(200);
        assert!(shown.body == picture && shown.header("content-type") == "image/jpeg");
    }
    server.assert_clean();
}

/// System D: the form's answer names a page, which is a redirect to an address at the bucket, good for an hour.
#[test]
fn links_of_a_server_that_redirected_to_its_bucket_go_on() {
    let Some(engine) = engine::running("links_of_a_server_that_redirected_to_its_bucket_go_on") else {
        return;
    };
    let server = started(engine, "S3_BUCKET_NAME", &["--delivery-mode", "redirect"]);
    let picture = build::jpeg(320, 200, 9);
    let form = Form::new().file("cat.jpg", &picture);
    let reply = server.client().post("/upload", &form.content_type(), &form.body()).expect(200);
    assert_eq!(reply.at("/pageUrl"), format!("{}/i/{}", server.base, reply.at("/id")));
    let sent = server.client().get(&reply.at("/pageUrl")).expect(302);
    let url = sent.header("location");
    assert!(url.starts_with(&engine.endpoint()) && url.contains("X-Amz-Expires=3600"), "{url}");
    let shown = Client::new(&engine.endpoint()).get(path_of(url)).expect(200);
    assert!(shown.body == picture && shown.header("content-type") == "image/jpeg");
    server.assert_clean();
}
