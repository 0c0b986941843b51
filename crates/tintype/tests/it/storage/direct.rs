//! Files that go straight to the bucket: announced, sent there, published.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tintype_catalog::Catalog;
use tintype_testkit::{badnet::Badnet, build, engine, wait};
use tintype_types::ContentHash;

use super::{on, path_of, server};
use crate::support::{Client, Reply, Server, base64, send_direct};

pub(super) fn post(server: &Server, address: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json"), ("origin", "https://app.example.org")];
    server.client().send("POST", address, &headers, Some(body.to_string().as_bytes()))
}

#[test]
fn a_file_goes_to_the_bucket_and_is_published_from_there() {
    let Some(engine) = engine::running("a_file_goes_to_the_bucket_and_is_published_from_there") else {
        return;
    };
    let server = server(&engine.endpoint(), &[]);
    let config = server.client().get("/api/v1/config");
    assert_eq!((config.at("/upload/direct").as_str(), config.at("/store").as_str()), ("true", "s3"));
    let form = server.client().get("/").text();
    assert!(form.contains("kept in this server’s object storage") && !form.contains("stays on this server"));
    let picture = build::jpeg(600, 400, 1);
    let hash = Sha256::digest(&picture);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    for sha256 in [Value::Null, json!(hex), json!(base64(&hash))] {
        let wanted = json!({"filename": "a.jpg", "contentType": "image/jpeg", "size": picture.len(), "sha256": sha256});
        let begun = post(&server, "/uploads/init", &wanted).expect(200);
        assert!(begun.at("/uploadURL").starts_with(&engine.endpoint()));
        assert!(begun.at("/key").starts_with("incoming/"));
        post(&server, "/uploads/complete", &json!({"uploadId": begun.at("/uploadId")}))
            .expect_problem(409, "not_sent");
        assert_eq!(send_direct(&begun, &[], &picture), 200);
        // What waits cannot be read from outside.
        let bare = begun.at("/uploadURL").split('?').next().unwrap().to_owned();
        assert_eq!(Client::new(&engine.endpoint()).get(path_of(&bare)).status, 403);
        let signed = Client::new(&engine.endpoint()).get(path_of(&begun.at("/uploadURL"))).status;
        assert!(matches!(signed, 400 | 403), "{signed}");
        let done =
            post(&server, "/uploads/complete", &json!({"uploadId": begun.at("/uploadId"), "title": "One"}))
                .expect(200);
        assert_eq!((done.at("/title"), done.at("/file_name")), ("One".to_owned(), "a.jpg".to_owned()));
        assert!(done.json()["delete_token"].is_string());
        assert!(server.client().get(&done.at("/viewURL")).expect(200).body == picture);
        // A second file under the same signature changes nothing that was published.
        assert_eq!(send_direct(&begun, &[], &picture), 200);
        for named in [
            json!({"uploadId": begun.at("/uploadId")}),
            json!({"key": begun.at("/key")}),
            json!({"url": begun.at("/uploadURL")}),
        ] {
            let again = post(&server, "/uploads/complete", &named).expect(200);
            assert_eq!(again.at("/viewURL"), done.at("/viewURL"));
            assert!(again.json().get("delete_token").is_none());
        }
        assert!(server.client().get(&done.at("/viewURL")).expect(200).body == picture);
    }
    server.assert_clean();
    assert!(!server.access_log().contains("X-Amz"));
}

/// The same answer with another address in it.
fn readdressed(begun: &Reply, from: &str, to: &str) -> Reply {
    let (url, mut json) = (begun.at("/uploadURL"), begun.json());
    assert!(url.contains(from), "{url}");
    json["uploadURL"] = url.replace(from, to).into();
    Reply::new(200, Vec::new(), json.to_string().into_bytes())
}

#[test]
fn a_signature_is_for_the_file_that_was_announced() {
    let Some(engine) = engine::running("a_signature_is_for_the_file_that_was_announced") else { return };
    let server = server(&engine.endpoint(), &[]);
    let (picture, other) = (build::png(50, 50, 1), build::png(50, 50, 2));
    let hash = base64(&Sha256::digest(&picture));
    let wanted = json!({"contentType": "image/png", "size": picture.len(), "sha256": hash});
    let begun = post(&server, "/uploads/init", &wanted).expect(200);
    let longer = [picture.as_slice(), b"x"].concat();
    let other_hash = base64(&Sha256::digest(&other));
    let other_key = format!("incoming/{}", "ab".repeat(32));
    let engine_client = Client::new(&engine.endpoint());
    let refused = [
        send_direct(&begun, &[], &longer),
        send_direct(&begun, &[], &picture[..picture.len() - 1]),
        send_direct(&begun, &[("content-type", "text/html")], &picture),
        send_direct(&begun, &[("x-amz-checksum-sha256", &other_hash)], &other),
        send_direct(&begun, &[], &[&picture[..picture.len() - 1], b"x"].concat()),
        // For no other object, no longer time and no other method either.
        send_direct(&readdressed(&begun, &begun.at("/key"), &other_key), &[], &picture),
        send_direct(&readdressed(&begun, "X-Amz-Expires=600", "X-Amz-Expires=86400"), &[], &picture),
        engine_client.get(path_of(&begun.at("/uploadURL"))).status,
        engine_client.delete(path_of(&begun.at("/uploadURL"))).status,
    ];
    assert!(refused.iter().all(|status| matches!(status, 400 | 403)), "{refused:?}");
    post(&server, "/uploads/complete", &json!({"uploadId": begun.at("/uploadId")}))
        .expect_problem(409, "not_sent");
    assert_eq!(send_direct(&begun, &[], &picture), 200);
    post(&server, "/uploads/complete", &json!({"uploadId": begun.at("/uploadId")})).expect(200);
}

#[test]
fn an_address_that_is_used_again_changes_nothing_that_was_published() {
    let Some(engine) = engine::running("an_address_that_is_used_again_changes_nothing_that_was_published")
    else {
        return;
    };
    let server = server(&engine.endpoint(), &[]);
    let pictures = [build::png(60, 60, 1), build::png(90, 90, 2)];
    // Without a length and a hash the address takes any file, as often as it is good.
    let begun = post(&server, "/uploads/init", &json!({})).expect(200);
    assert!(begun.at("/uploadURL").contains("X-Amz-Expires=600"));
    let id = json!({"uploadId": begun.at("/uploadId")});
    assert_eq!(send_direct(&begun, &[], &pictures[0]), 200);
    // What is replaced while it is published is the one or the other, and whole.
    let done = std::thread::scope(|scope| {
        for round in 0..10 {
            let begun = &begun;
            let picture = &pictures[round % 2];
            scope.spawn(move || assert_eq!(send_direct(begun, &[], picture), 200));
        }
        post(&server, "/uploads/complete", &id).expect(200)
    });
    let view = done.at("/viewURL");
    let published = server.client().get(&view).expect(200).body;
    assert!(pictures.contains(&published));
    for later in [&pictures[0], &pictures[1], &b"<script>alert(1)</script>".to_vec(), &Vec::new()] {
        assert_eq!(send_direct(&begun, &[], later), 200);
        assert_eq!(post(&server, "/uploads/complete", &id).expect(200).at("/viewURL"), view);
        assert!(server.client().get(&view).expect(200).body == published);
    }
    server.assert_clean();
}

#[test]
fn what_nobody_publishes_is_forgotten() {
    let Some(engine) = engine::running("what_nobody_publishes_is_forgotten") else { return };
    let prefix = engine::fresh_prefix();
    let server = on(tempfile::tempdir().unwrap(), &engine.endpoint(), &prefix, &[]);
    let picture = build::png(40, 40, 1);
    let begin = || {
        let begun = post(&server, "/uploads/init", &json!({"size": picture.len()})).expect(200);
        assert_eq!(send_direct(&begun, &[], &picture), 200);
        begun
    };
    // One is never published, of another there is a second file after it was.
    let (left, used, young) = (begin(), begin(), begin());
    let id = |begun: &Reply| json!({"uploadId": begun.at("/uploadId")});
    let view = post(&server, "/uploads/complete", &id(&used)).expect(200).at("/viewURL");
    assert_eq!(send_direct(&used, &[], &picture), 200);
    server.assert_clean();

    let dir = server.stop();
    let objects = [&left, &used].map(|begun| begun.at("/key").replace("incoming/", "").parse().unwrap());
    make_older(&dir.path().join("data/tintype.db"), &objects);
    let server = on(dir, &engine.endpoint(), &prefix, &["--sweep-interval", "1s"]);
    wait::until("the sweep of both", Duration::from_secs(60), || server.log().contains("\"direct\":2"));
    for begun in [&left, &used] {
        post(&server, "/uploads/complete", &id(begun)).expect_problem(404, "not_found");
    }
    assert!(server.client().get(&view).expect(200).body == picture);
    post(&server, "/uploads/complete", &id(&young)).expect(200);
    server.assert_clean();
}

/// Has direct uploads begun two days ago.
fn make_older(catalogue: &std::path::Path, uploads: &[ContentHash]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let catalogue = Catalog::open(catalogue, String::new).await.unwrap();
        for upload in uploads {
            let mut begun = catalogue.direct_upload(upload.0).await.unwrap().unwrap().begun;
            catalogue.forget_direct_upload(upload.0).await.unwrap();
            begun.created_at = begun.created_at.minus_seconds(2 * 86_400);
            catalogue.begin_direct_upload(begun).await.unwrap();
        }
        catalogue.close().await.unwrap();
    });
}

#[test]
fn without_an_announced_size_the_limit_holds_when_it_is_published() {
    let Some(engine) = engine::running("without_an_announced_size_the_limit_holds_when_it_is_published")
    else {
        return;
    };
    let server = server(&engine.endpoint(), &["--upload-bytes-max", "10000"]);
    post(&server, "/uploads/init", &json!({"size": 10_001})).expect_problem(413, "file_too_large");
    let begun = post(&server, "/uploads/init", &json!({})).expect(200);
    assert_eq!(send_direct(&begun, &[], &build::png(200, 200, 1)), 200);
    let id = json!({"uploadId": begun.at("/uploadId")});
    post(&server, "/uploads/complete", &id).expect_problem(413, "file_too_large");
    post(&server, "/uploads/complete", &id).expect_problem(409, "not_sent");
    let begun = post(&server, "/uploads/init", &json!({})).expect(200);
    let named = json!({"uploadId": begun.at("/uploadId"), "path": "blog/a.png"});
    post(&server, "/uploads/complete", &named).expect_problem(400, "not_supported");
    assert_eq!(send_direct(&begun, &[], b"<script>alert(1)</script>"), 200);
    post(&server, "/uploads/complete", &json!({"uploadId": begun.at("/uploadId")}))
        .expect_problem(415, "unsupported_type");
    server.assert_clean();
}

#[test]
fn where_it_is_switched_off_files_come_through_the_server() {
    let Some(engine) = engine::running("where_it_is_switched_off_files_come_through_the_server") else {
        return;
    };
    let server = server(&engine.endpoint(), &["--upload-direct", "off"]);
    assert_eq!(server.client().get("/api/v1/config").at("/upload/direct"), "false");
    let begun = post(&server, "/uploads/init", &json!({"contentType": "image/png"})).expect(200);
    assert!(begun.at("/uploadURL").starts_with(&server.base));
    let picture = build::png(20, 20, 1);
    assert_eq!(send_direct(&begun, &[], &picture), 200);
    let done = post(&server, "/uploads/complete", &json!({"uploadId": begun.at("/uploadId")})).expect(200);
    assert!(server.client().get(&done.at("/viewURL")).expect(200).body == picture);
}

#[test]
fn the_client_sends_files_there_and_through_the_server_where_it_cannot() {
    let Some(engine) = engine::running("the_client_sends_files_there_and_through_the_server_where_it_cannot")
    else {
        return;
    };
    let files = tempfile::tempdir().unwrap();
    let picture = build::jpeg(80, 60, 1);
    std::fs::write(files.path().join("sünset 1.jpg"), &picture).unwrap();
    std::fs::write(files.path().join("b.png"), build::png(20, 20, 1)).unwrap();
    let nowhere = "http://127.0.0.1:1".to_owned();
    for (public, straight) in [(engine.endpoint(), true), (nowhere, false)] {
        let server = server(&engine.endpoint(), &["--store-public-endpoint", &public]);
        let output = crate::support::tintype()
            .args(["upload", "--json", "--to", &server.base, "--title", "One"])
            .arg(files.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert_eq!(said.contains("they go through the server"), !straight, "{said}");
        let images: Vec<Value> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(images.len(), 2);
        assert_eq!((&images[1]["file_name"], &images[1]["title"]), (&json!("sünset 1.jpg"), &json!("One")));
        assert!(
            server.client().get(images[1]["links"]["image"].as_str().unwrap()).expect(200).body == picture
        );
        let completed = || server.access_log().contains("/uploads/complete");
        if straight {
            wait::until("the line of the access log", Duration::from_secs(20), completed);
        } else {
            assert!(!completed());
        }
    }
}

#[test]
fn no_byte_passes_the_server_before_it_is_published() {
    let Some(engine) = engine::running("no_byte_passes_the_server_before_it_is_published") else { return };
    let net = Badnet::before(&engine.address);
    // What the server asks goes through the net, what the sender sends does not.
    let server = server(&net.endpoint(), &["--store-public-endpoint", &engine.endpoint()]);
    let picture = build::jpeg(600, 400, 1);
    let before = net.requests();
    let begun = post(&server, "/uploads/init", &json!({"size": picture.len()})).expect(200);
    assert_eq!(send_direct(&begun, &[], &picture), 200);
    assert_eq!(net.requests(), before);
    post(&server, "/uploads/complete", &json!({"uploadId": begun.at("/uploadId")})).expect(200);
    assert!(net.requests() > before);
}
