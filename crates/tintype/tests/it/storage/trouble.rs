//! The service is slow, fails, refuses or lies.

use std::time::{Duration, Instant};

use serde_json::json;
use sha2::Digest as _;
use tintype_testkit::{
    badnet::{Badnet, Harm},
    build, engine,
};

use super::{direct::post, environment, on, server};
use crate::support::{base64, picture, send_direct, tintype};

#[test]
fn a_service_that_is_slow_or_fails_now_and_then_is_borne_with() {
    let Some(engine) = engine::running("a_service_that_is_slow_or_fails_now_and_then_is_borne_with") else {
        return;
    };
    let net = Badnet::before(&engine.address);
    let server = server(&net.endpoint(), &[]);
    let client = server.client();
    for (seed, harm) in
        [(1, Harm::Delay(Duration::from_secs(2))), (2, Harm::FailEvery(3)), (3, Harm::LoseAnswer)]
    {
        let picture = build::png(300, 300, seed);
        match harm {
            Harm::LoseAnswer => net.harm_next(2, "PUT", harm),
            harm => net.harm(harm),
        }
        let reply = client.upload("a.png", &picture).expect(201);
        assert!(client.get(&reply.at("/links/image")).expect(200).body == picture);
        net.heal();
    }
    server.assert_clean();
}

#[test]
fn a_service_that_is_away_is_a_clear_answer_and_hot_pictures_go_on() {
    let Some(engine) = engine::running("a_service_that_is_away_is_a_clear_answer_and_hot_pictures_go_on")
    else {
        return;
    };
    let net = Badnet::before(&engine.address);
    let server = server(&net.endpoint(), &["--store-deadline", "4s", "--upload-direct", "off"]);
    let client = server.client();
    let (hot, cold) = (build::png(200, 200, 1), build::png(200, 200, 2));
    let hot_reply = client.upload("a.png", &hot).expect(201);
    let cold_reply = client.upload("b.png", &cold).expect(201);
    client.get(&hot_reply.at("/links/image")).expect(200);
    net.harm(Harm::Refuse);
    let refused = client.upload("c.png", &build::png(200, 200, 3));
    let refused = refused.expect_problem(503, "store_unavailable");
    assert_eq!(refused.header("retry-after"), "10");
    client.get(&cold_reply.at("/links/image")).expect_problem(503, "store_unavailable");
    for _ in 0..5 {
        assert!(client.get(&hot_reply.at("/links/image")).expect(200).body == hot);
    }
    assert_eq!(client.get("/api/v1/images").at("/total"), "2");
    net.heal();
    client.upload("c.png", &build::png(200, 200, 3)).expect(201);
    assert!(client.get(&cold_reply.at("/links/image")).expect(200).body == cold);
    server.assert_clean();
    let id = refused.at("/request_id");
    let lines = server.log().lines().filter(|line| line.contains(&id)).count();
    assert_eq!(lines, 1, "the whole cause stands in the log once");
}

#[test]
fn a_refusal_comes_after_one_deadline() {
    let Some(engine) = engine::running("a_refusal_comes_after_one_deadline") else { return };
    let net = Badnet::before(&engine.address);
    let server = server(&net.endpoint(), &["--store-deadline", "12s"]);
    net.harm(Harm::Refuse);
    let begun = Instant::now();
    server.client().upload("a.png", &build::png(20, 20, 1)).expect_problem(503, "store_unavailable");
    // The last pause between two calls is up to a quarter of it. Another call would have another deadline.
    assert!(begun.elapsed() < Duration::from_secs(23), "{:?}", begun.elapsed());
    net.heal();
    server.assert_clean();
}

#[test]
fn wrong_bytes_never_pass_for_a_picture() {
    let Some(engine) = engine::running("wrong_bytes_never_pass_for_a_picture") else { return };
    let net = Badnet::before(&engine.address);
    let server = server(&net.endpoint(), &[]);
    let client = server.client();
    let picture = build::png(150, 150, 1);
    let reply = client.upload("a.png", &picture).expect(201);
    net.harm_method("GET", Harm::Corrupt);
    client.get(&reply.at("/links/image")).expect_problem(500, "damaged");
    client.get(&reply.at("/links/thumb")).expect_problem(500, "damaged");
    net.heal();
    assert!(client.get(&reply.at("/links/image")).expect(200).body == picture);
}

#[test]
fn an_answer_that_breaks_off_never_passes_for_a_picture() {
    let Some(engine) = engine::running("an_answer_that_breaks_off_never_passes_for_a_picture") else {
        return;
    };
    let net = Badnet::before(&engine.address);
    let server = server(&net.endpoint(), &["--store-deadline", "4s"]);
    let client = server.client();
    // The one is fetched whole before it is handed on, the other streamed.
    for picture in [build::png(250, 250, 1), picture::noise(1_500, 1_500, 1)] {
        let reply = client.upload("a.png", &picture).expect(201);
        let image = reply.at("/links/image");
        net.harm_method("GET", Harm::CutBodyAt(100));
        match client.try_send("GET", &image, &[], None) {
            Ok(answer) => assert!(answer.status >= 500, "{} bytes with {}", answer.body.len(), answer.status),
            Err(error) => assert!(picture.len() > 4 << 20, "{error}"),
        }
        let thumb = client.get(&reply.at("/links/thumb"));
        assert!(thumb.status >= 500, "{}", thumb.status);
        net.heal();
        net.harm_next(1, "GET", Harm::CutBodyAt(picture.len() / 2));
        assert!(client.get(&image).expect(200).body == picture);
        client.get(&reply.at("/links/thumb")).expect(200);
    }
    server.assert_clean();
}

#[test]
fn a_file_in_the_bucket_is_published_through_trouble() {
    let Some(engine) = engine::running("a_file_in_the_bucket_is_published_through_trouble") else { return };
    let net = Badnet::before(&engine.address);
    let server = server(&net.endpoint(), &["--store-public-endpoint", &engine.endpoint()]);
    let slow = Duration::from_secs(2);
    for (seed, method, harm) in [
        (1, "GET", Harm::Delay(slow)),
        (2, "PUT", Harm::Delay(slow)),
        (3, "GET", Harm::FailEvery(2)),
        (4, "PUT", Harm::LoseAnswer),
        (5, "DELETE", Harm::LoseAnswer),
        (6, "GET", Harm::CutBodyAt(1_000)),
        (7, "GET", Harm::Corrupt),
    ] {
        let picture = build::jpeg(200, 200, seed);
        let hash = base64(&sha2::Sha256::digest(&picture));
        let wanted = json!({"size": picture.len(), "sha256": hash});
        let begun = post(&server, "/uploads/init", &wanted).expect(200);
        assert_eq!(send_direct(&begun, &[], &picture), 200);
        net.harm_next(1, method, harm.clone());
        let id = json!({"uploadId": begun.at("/uploadId")});
        let done = post(&server, "/uploads/complete", &id);
        assert_eq!(done.status, 200, "{harm:?}: {}", done.text());
        net.heal();
        assert!(server.client().get(&done.at("/viewURL")).expect(200).body == picture, "{harm:?}");
    }
    let picture = build::jpeg(200, 200, 8);
    let begun = post(&server, "/uploads/init", &json!({"size": picture.len()})).expect(200);
    assert_eq!(send_direct(&begun, &[], &picture), 200);
    let id = json!({"uploadId": begun.at("/uploadId")});
    net.harm(Harm::Refuse);
    post(&server, "/uploads/complete", &id).expect_problem(503, "store_unavailable");
    net.heal();
    let done = post(&server, "/uploads/complete", &id).expect(200);
    assert!(server.client().get(&done.at("/viewURL")).expect(200).body == picture);
    server.assert_clean();
}

#[test]
fn a_catalogue_that_a_redeploy_would_lose_is_refused() {
    let Some(engine) = engine::running("a_catalogue_that_a_redeploy_would_lose_is_refused") else { return };
    let Ok(dir) = tempfile::tempdir_in("/dev/shm") else { return };
    let output = tintype()
        .envs(environment(&engine.endpoint(), &engine::fresh_prefix()))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir.path().join("data"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("catalog.ephemeral"), "{said}");
    let server = on(dir, &engine.endpoint(), &engine::fresh_prefix(), &["--catalog-ephemeral", "allow"]);
    server.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
}

#[test]
fn what_is_wrong_at_the_start_is_said_and_how_to_mend_it() {
    let Some(engine) = engine::running("what_is_wrong_at_the_start_is_said_and_how_to_mend_it") else {
        return;
    };
    let right = environment(&engine.endpoint(), &engine::fresh_prefix());
    for (name, value, words) in [
        ("S3_BUCKET", "nowhere", "store.bucket"),
        ("AWS_ACCESS_KEY_ID", "nobody", "AWS_ACCESS_KEY_ID"),
        ("AWS_SECRET_ACCESS_KEY", "wrong", "AWS_SECRET_ACCESS_KEY"),
        ("ENDPOINT", "http://127.0.0.1:1", "store.endpoint"),
        ("TINTYPE_STORE_KIND", "s4", "folder, s3 or auto"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let output = tintype()
            .envs(right.clone())
            // Where nobody listens it is waited out.
            .env("TINTYPE_STORE_DEADLINE", if name == "ENDPOINT" { "1s" } else { "10s" })
            .env(name, value)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(dir.path().join("data"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(words), "{name}={value}: {said}");
        assert!(!said.contains(engine::SECRET_KEY));
    }
}
