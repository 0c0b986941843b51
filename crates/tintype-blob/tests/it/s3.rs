//! The store against a real S3 engine, and with harm done on the way to it.

use std::time::Duration;

use tintype_blob::{BlobError, BlobStore, Signing};
use tintype_testkit::{
    badnet::{Badnet, Harm},
    engine,
};
use tintype_types::ContentHash;

use crate::{
    conformance::conformance,
    support::{IDENTITY, TestStore, blob_name, content, install_tls, s3, scratch},
};

#[tokio::test]
async fn a_real_engine_conforms() {
    let Some(engine) = engine::running("a_real_engine_conforms") else { return };
    install_tls();
    conformance(&TestStore::of_s3(&engine.endpoint()).await).await;
}

#[tokio::test]
async fn an_engine_that_fails_every_third_call_conforms() {
    let Some(engine) = engine::running("an_engine_that_fails_every_third_call_conforms") else { return };
    install_tls();
    let net = Badnet::before(&engine.address);
    net.harm(Harm::FailEvery(3));
    conformance(&TestStore::of_s3(&net.endpoint()).await).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    let Some(engine) = engine::running("an_answer_that_breaks_off_is_asked_for_again") else { return };
    install_tls();
    let net = Badnet::before(&engine.address);
    let test = TestStore::of_s3(&net.endpoint()).await;
    for len in [100_000, 2_000_000] {
        let bytes = content(11, len);
        let key = test.put(&bytes).await.unwrap();
        for keep in [false, true] {
            net.harm_next(1, "GET", Harm::CutBodyAt(len / 2));
            let blob = test.store.open_blob(key, len as u64, keep).await.unwrap();
            assert_eq!(blob.read_all().await.unwrap(), bytes, "{len} bytes, keep {keep}");
        }
    }
}

#[tokio::test]
async fn other_bytes_than_were_stored_are_never_taken_for_them() {
    let Some(engine) = engine::running("other_bytes_than_were_stored_are_never_taken_for_them") else {
        return;
    };
    install_tls();
    let net = Badnet::before(&engine.address);
    let test = TestStore::of_s3(&net.endpoint()).await;
    let (small, large) = (content(12, 50_000), content(13, 3_000_000));
    let keys = [test.put(&small).await.unwrap(), test.put(&large).await.unwrap()];
    // Once: a small one is asked for again before anybody sees it.
    net.harm_next(1, "GET", Harm::Corrupt);
    let blob = test.store.open_blob(keys[0], 50_000, true).await.unwrap();
    assert_eq!(blob.read_all().await.unwrap(), small);
    net.harm_method("GET", Harm::Corrupt);
    assert!(matches!(test.store.open_blob(keys[0], 50_000, true).await, Err(BlobError::Corrupt(_))));
    for keep in [false, true] {
        let blob = test.store.open_blob(keys[1], 3_000_000, keep).await.unwrap();
        assert!(matches!(blob.read_all().await, Err(BlobError::Corrupt(_))), "keep {keep}");
    }
    assert!(matches!(
        test.store.open_blob(keys[1], 3_000_000, false).await.unwrap().local().await,
        Err(BlobError::Corrupt(_))
    ));
    net.heal();
    assert_eq!(test.read(keys[1]).await.unwrap(), large);
}

#[tokio::test]
async fn a_put_whose_answer_is_lost_is_done_once() {
    let Some(engine) = engine::running("a_put_whose_answer_is_lost_is_done_once") else { return };
    install_tls();
    let net = Badnet::before(&engine.address);
    let test = TestStore::of_s3(&net.endpoint()).await;
    for len in [10_000, 20_000_000] {
        net.harm_next(1, "PUT", Harm::LoseAnswer);
        let bytes = content(14, len);
        let key = test.put(&bytes).await.unwrap();
        assert_eq!(test.read(key).await.unwrap(), bytes);
        assert_eq!(test.listed().await.len(), 1);
        test.store.delete(key).await.unwrap();
    }
}

#[tokio::test]
async fn an_engine_that_refuses_for_good_is_an_error_within_the_deadline() {
    let Some(engine) = engine::running("an_engine_that_refuses_for_good_is_an_error_within_the_deadline")
    else {
        return;
    };
    install_tls();
    let net = Badnet::before(&engine.address);
    let test = TestStore::of_s3_within(&net.endpoint(), Duration::from_secs(4)).await;
    let key = test.put(b"kept").await.unwrap();
    let held = test.store.open_blob(key, 4, true).await.unwrap();
    held.local().await.unwrap();
    net.harm(Harm::Refuse);
    let begun = std::time::Instant::now();
    for error in [
        test.put(b"more").await.unwrap_err(),
        test.store.open_blob(key, 4, true).await.unwrap_err(),
        test.store.delete(key).await.unwrap_err(),
        test.store.hash(key).await.unwrap_err(),
    ] {
        assert!(matches!(error, BlobError::Remote { .. }), "{error:?}");
    }
    // Four calls with a deadline of four seconds each, its last pause, and what a loaded machine adds.
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert_eq!(held.read_all().await.unwrap(), "kept");
    net.heal();
    assert_eq!(test.read(key).await.unwrap(), "kept");
}

#[tokio::test]
async fn a_signed_address_ends() {
    let Some(engine) = engine::running("a_signed_address_ends") else { return };
    install_tls();
    let test = TestStore::of_s3(&engine.endpoint()).await;
    let (http, id) = (reqwest::Client::new(), ContentHash([5; 32]));
    let key = test.put(b"kept").await.unwrap();
    let put = async |seconds| {
        let signed = test.store.sign_incoming(id, None, Some(4), None, seconds).await.unwrap().unwrap();
        http.put(signed.url)
    };
    let get = async |seconds| {
        let answer = Signing { content_type: "image/png", seconds, ..Signing::default() };
        http.get(test.store.sign_blob(key, &answer).await.unwrap().unwrap())
    };
    for long in [put(60).await.body("long"), get(60).await] {
        assert_eq!(long.send().await.unwrap().status(), 200);
    }
    for short in [put(1).await.body("late"), get(1).await] {
        let begun = std::time::Instant::now();
        loop {
            let status = short.try_clone().unwrap().send().await.unwrap().status();
            if matches!(status.as_u16(), 400 | 403) {
                break;
            }
            assert_eq!(status, 200);
            assert!(begun.elapsed() < Duration::from_secs(30), "it is good for ever");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_at_the_start_is_said() {
    let Some(engine) = engine::running("what_is_wrong_at_the_start_is_said") else { return };
    install_tls();
    let (owner, prefix) = (scratch(), engine::fresh_prefix());
    let right = s3(&engine.endpoint(), &prefix);
    let mut wrong_bucket = right.clone();
    wrong_bucket.bucket = "nowhere".to_owned();
    let mut wrong_key = right.clone();
    wrong_key.credentials[0].1 = "nobody".to_owned();
    let mut wrong_secret = right.clone();
    wrong_secret.credentials[1].1 = "wrong".to_owned();
    let mut nobody_home = right.clone();
    nobody_home.endpoint = Some("http://127.0.0.1:1".to_owned());
    nobody_home.deadline = Duration::from_secs(1);
    for (options, words) in [
        (wrong_bucket, "store.bucket"),
        (wrong_key, "AWS_ACCESS_KEY_ID"),
        (wrong_secret, "AWS_SECRET_ACCESS_KEY"),
        (nobody_home, "store.endpoint"),
    ] {
        let opened = BlobStore::open_s3(&owner.path().join("data"), IDENTITY, true, &options).await;
        let error = opened.unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[tokio::test]
async fn a_bucket_of_another_catalogue_is_left_alone() {
    let Some(engine) = engine::running("a_bucket_of_another_catalogue_is_left_alone") else { return };
    install_tls();
    let (owner, prefix) = (scratch(), engine::fresh_prefix());
    let options = s3(&engine.endpoint(), &prefix);
    let (here, there) = (owner.path().join("here"), owner.path().join("there"));
    BlobStore::open_s3(&here, IDENTITY, true, &options).await.unwrap();
    BlobStore::open_s3(&here, IDENTITY, false, &options).await.unwrap();
    // A new machine, an empty folder: the catalogue and the bucket belong together.
    BlobStore::open_s3(&there, IDENTITY, false, &options).await.unwrap();
    let other = "ffffffffffffffffffffffffffffffff";
    for fresh in [true, false] {
        let opened = BlobStore::open_s3(&owner.path().join("x"), other, fresh, &options).await;
        assert!(matches!(opened, Err(BlobError::ForeignStore { found: Some(_), .. })), "{opened:?}");
    }
    // An empty bucket under a catalogue that knows originals is the wrong one.
    let empty = s3(&engine.endpoint(), &engine::fresh_prefix());
    let opened = BlobStore::open_s3(&owner.path().join("y"), IDENTITY, false, &empty).await;
    assert!(matches!(opened, Err(BlobError::ForeignStore { found: None, .. })), "{opened:?}");
    // The folder remembers where the originals are.
    let opened = BlobStore::open(&here, IDENTITY, false).await;
    assert!(matches!(&opened, Err(BlobError::OtherKind(words)) if words.contains(&prefix)), "{opened:?}");
}

#[tokio::test]
async fn a_folder_with_originals_does_not_become_a_bucket_s() {
    let Some(engine) = engine::running("a_folder_with_originals_does_not_become_a_bucket_s") else { return };
    install_tls();
    let options = s3(&engine.endpoint(), &engine::fresh_prefix());
    let test = TestStore::new().await;
    // Without originals it may.
    let key = test.put(b"here").await.unwrap();
    let opened = BlobStore::open_s3(&test.dir, IDENTITY, true, &options).await;
    assert!(matches!(&opened, Err(BlobError::OtherKind(words)) if words.contains("migrate")), "{opened:?}");
    assert_eq!(test.read(key).await.unwrap(), "here");
    assert!(test.dir.join(blob_name(key)).exists());
    test.store.delete(key).await.unwrap();
    BlobStore::open_s3(&test.dir, IDENTITY, true, &options).await.unwrap();
}
