//! A catalogue that outlasts its disk: backed up to the bucket, restored from it at the start.

use std::{path::Path, process::Output, thread, time::Duration};

use tempfile::{TempDir, tempdir};
use tintype_testkit::{
    build,
    engine::{self, BUCKET, Engine},
    wait,
};

use super::on;
use crate::support::{Client, Reply, Server, count_files, environment, path_of, tintype};

fn place(prefix: &str) -> String {
    format!("s3://{BUCKET}/{prefix}")
}

/// A server on a disk of its own, whose catalogue comes from the bucket and goes there.
fn deployed(engine: &Engine, prefix: &str) -> Server {
    redeployed(tempdir().unwrap(), engine, prefix, "1s")
}

fn redeployed(dir: TempDir, engine: &Engine, prefix: &str, interval: &str) -> Server {
    let flags = ["--catalog-restore-from", &place(prefix), "--catalog-backup-interval", interval];
    on(dir, &engine.endpoint(), prefix, &flags)
}

fn upload(server: &Server, seed: u64) -> (String, Vec<u8>) {
    let picture = build::png(40, 30, seed);
    (path_of(&server.client().upload("a.png", &picture).expect(201).at("/links/image")).to_owned(), picture)
}

fn shows(client: &Client, (link, picture): &(String, Vec<u8>)) {
    assert!(client.get(link).expect(200).body == *picture);
}

#[test]
fn a_redeploy_on_an_empty_disk_has_everything() {
    let Some(engine) = engine::running("a_redeploy_on_an_empty_disk_has_everything") else { return };
    let prefix = engine::fresh_prefix();
    let first = deployed(engine, &prefix);
    let token = first.token("upload,read");
    let one = upload(&first, 1);
    drop(first.stop());
    let second = deployed(engine, &prefix);
    assert!(second.log().contains("restored the catalogue"));
    shows(&second.client(), &one);
    // Tokens and what was deleted are part of it.
    let owner = second.client().with_token(&token.token());
    let two = owner.upload("b.png", &build::png(41, 30, 2)).expect(201);
    second.client().get(&two.at("/links/image")).expect(200);
    second.assert_clean();
    drop(second.stop());
    let third = deployed(engine, &prefix);
    shows(&third.client(), &one);
    third.client().get(path_of(&two.at("/links/image"))).expect(200);
    third.assert_clean();
}

#[test]
fn the_next_server_takes_over_from_the_one_that_runs() {
    let Some(engine) = engine::running("the_next_server_takes_over_from_the_one_that_runs") else { return };
    let prefix = engine::fresh_prefix();
    let first = redeployed(tempdir().unwrap(), engine, &prefix, "1h");
    let mut all = vec![upload(&first, 1)];
    // Somebody uploads all the while; what is acknowledged counts, whoever acknowledged it.
    let second = thread::scope(|scope| {
        let next = scope.spawn(|| deployed(engine, &prefix));
        let mut refused: Option<Reply> = None;
        for seed in 2..100_000 {
            let picture = build::png(40, 30, seed);
            let reply = first.client().upload("a.png", &picture);
            if reply.status == 503 {
                refused = Some(reply);
                break;
            }
            all.push((path_of(&reply.expect(201).at("/links/image")).to_owned(), picture));
        }
        refused.expect("the first stops taking uploads").expect_problem(503, "read_only");
        next.join().unwrap()
    });
    for picture in &all {
        shows(&second.client(), picture);
        shows(&first.client(), picture);
    }
    all.push(upload(&second, 1_000_001));
    // The first one ends last, and takes nothing away by it.
    drop(first.stop());
    second.assert_clean();
    drop(second.stop());
    let third = deployed(engine, &prefix);
    all.iter().for_each(|picture| shows(&third.client(), picture));
}

#[test]
fn after_a_crash_the_last_backup_holds() {
    let Some(engine) = engine::running("after_a_crash_the_last_backup_holds") else { return };
    let prefix = engine::fresh_prefix();
    let first = deployed(engine, &prefix);
    let one = upload(&first, 1);
    let listed = |name: &str| {
        let dir = tempdir().unwrap();
        let restored = restore(engine, &prefix, &place(&prefix), dir.path());
        restored.status.success() && String::from_utf8_lossy(&restored.stdout).contains(name)
    };
    wait::until("a backup with the upload", Duration::from_secs(30), || listed("has 1 originals"));
    let dir = first.kill();
    // The same disk goes on as it was, at once.
    let again = redeployed(dir, engine, &prefix, "1s");
    shows(&again.client(), &one);
    let old = again.kill();
    // Another disk waits for the one that does not answer any more, and says so.
    let other = deployed(engine, &prefix);
    shows(&other.client(), &one);
    assert!(other.log().contains("did not answer"));
    upload(&other, 2);
    drop(other.stop());
    // The disk of before is not what was acknowledged since.
    let mut stale = tintype();
    stale.envs(environment(&engine.endpoint(), &prefix)).args(["serve", "--listen", "127.0.0.1:0", "--data"]);
    stale.arg(old.path().join("data")).args(["--catalog-restore-from", &place(&prefix)]);
    let refused = stale.output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("another server") && said.contains("move"), "{said}");
}

#[test]
fn what_the_operator_writes_beside_the_server_is_backed_up_too() {
    let Some(engine) = engine::running("what_the_operator_writes_beside_the_server_is_backed_up_too") else {
        return;
    };
    let prefix = engine::fresh_prefix();
    let first = deployed(engine, &prefix);
    let token = first.token("upload,read");
    let has_it = || {
        let dir = tempdir().unwrap();
        let restored = restore(engine, &prefix, &place(&prefix), dir.path());
        let mut list = tintype();
        list.envs(environment(&engine.endpoint(), &prefix)).args(["token", "list", "--data"]).arg(dir.path());
        restored.status.success()
            && String::from_utf8_lossy(&list.output().unwrap().stdout).contains("upload")
    };
    wait::until("a backup with the token", Duration::from_secs(30), has_it);
    assert!(!token.token().is_empty());
}

#[test]
fn an_empty_catalogue_never_replaces_a_backup() {
    let Some(engine) = engine::running("an_empty_catalogue_never_replaces_a_backup") else { return };
    let prefix = engine::fresh_prefix();
    let first = deployed(engine, &prefix);
    let one = upload(&first, 1);
    drop(first.stop());
    // Somebody forgot the setting: the bucket is another catalogue's.
    let dir = tempdir().unwrap();
    let mut empty = tintype();
    empty.envs(environment(&engine.endpoint(), &prefix)).args(["serve", "--listen", "127.0.0.1:0", "--data"]);
    let refused = empty.arg(dir.path()).output().unwrap();
    assert!(
        !refused.status.success()
            && String::from_utf8_lossy(&refused.stderr).contains("not this catalogue's")
    );
    // So is it for a backup that somebody makes of another one.
    let other = Server::start();
    let made = backup(
        engine,
        &engine::fresh_prefix(),
        other.data(),
        &["--to", &place(&prefix), "--store-kind", "folder"],
    );
    assert!(String::from_utf8_lossy(&made.stderr).contains("not this catalogue's"), "{made:?}");
    shows(&deployed(engine, &prefix).client(), &one);
}

fn backup(engine: &Engine, prefix: &str, data: &Path, arguments: &[&str]) -> Output {
    let mut command = tintype();
    command
        .envs(environment(&engine.endpoint(), prefix))
        .arg("backup")
        .args(arguments)
        .arg("--data")
        .arg(data);
    command.output().unwrap()
}

fn restore(engine: &Engine, prefix: &str, place: &str, data: &Path) -> Output {
    let mut command = tintype();
    command.envs(environment(&engine.endpoint(), prefix)).args(["restore", place, "--data"]).arg(data);
    command.output().unwrap()
}

#[test]
fn a_folder_is_backed_up_to_a_bucket_and_comes_back() {
    let Some(engine) = engine::running("a_folder_is_backed_up_to_a_bucket_and_comes_back") else { return };
    let (prefix, kind) = (engine::fresh_prefix(), ["--store-kind", "folder"]);
    let server = Server::start();
    let pictures: Vec<_> = (1..=12).map(|seed| upload(&server, seed)).collect();
    let place = place(&prefix);
    let run = |flags: &[&str]| {
        let made =
            backup(engine, &prefix, server.data(), &[&["--to", place.as_str()], &kind[..], flags].concat());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).unwrap()
    };
    assert!(run(&[]).contains("12 originals") && run(&[]).contains("0 of them new"));
    let more = upload(&server, 13);
    assert!(run(&[]).contains("1 of them new"));
    let dir = tempdir().unwrap();
    let data = dir.path().join("data");
    let mut command = tintype();
    command
        .envs(environment(&engine.endpoint(), &prefix))
        .args(["restore", &place, "--data"])
        .arg(&data)
        .args(kind);
    let restored = command.output().unwrap();
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    assert_eq!(count_files(&data.join("originals")), 13);
    let back = Server::on(dir, &[]);
    pictures.iter().chain([&more]).for_each(|picture| shows(&back.client(), picture));
    back.assert_clean();
}

#[test]
fn a_restart_in_place_does_not_void_the_next_handover() {
    let Some(engine) = engine::running("a_restart_in_place_does_not_void_the_next_handover") else { return };
    let prefix = engine::fresh_prefix();
    let dir = redeployed(tempdir().unwrap(), engine, &prefix, "1h").stop();
    let first = redeployed(dir, engine, &prefix, "1h");
    let one = upload(&first, 1);
    let second = deployed(engine, &prefix);
    shows(&second.client(), &one);
    // What the first one has is older by now, and no backup of it replaces the second one's.
    let made = backup(engine, &prefix, first.data(), &["--to", &place(&prefix)]);
    assert!(String::from_utf8_lossy(&made.stderr).contains("another server"), "{made:?}");
    assert_eq!(first.health("/status"), "degraded");
}

#[test]
fn a_server_that_cannot_start_gives_the_place_back() {
    let Some(engine) = engine::running("a_server_that_cannot_start_gives_the_place_back") else { return };
    let (prefix, foreign) = (engine::fresh_prefix(), engine::fresh_prefix());
    drop(on(tempdir().unwrap(), &engine.endpoint(), &foreign, &[]).stop());
    let first = deployed(engine, &prefix);
    upload(&first, 1);
    // The next one has another bucket by mistake.
    let dir = tempdir().unwrap();
    let mut next = tintype();
    next.envs(environment(&engine.endpoint(), &foreign)).args(["serve", "--listen", "127.0.0.1:0", "--data"]);
    let refused = next.arg(dir.path()).args(["--catalog-restore-from", &place(&prefix)]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("not this catalogue's"), "{said}");
    wait::until("the first one's going on", Duration::from_secs(30), || {
        let picture = build::png(40, 30, 2);
        first.client().upload("a.png", &picture).status == 201 && first.health("/status") == "ok"
    });
    let last = upload(&first, 3);
    shows(&deployed(engine, &prefix).client(), &last);
}

#[test]
fn what_was_restored_by_hand_is_gone_on_with() {
    let Some(engine) = engine::running("what_was_restored_by_hand_is_gone_on_with") else { return };
    let prefix = engine::fresh_prefix();
    let first = deployed(engine, &prefix);
    let one = upload(&first, 1);
    drop(first.stop());
    let dir = tempdir().unwrap();
    let restored = restore(engine, &prefix, &place(&prefix), &dir.path().join("data"));
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let second = redeployed(dir, engine, &prefix, "1s");
    shows(&second.client(), &one);
    let two = upload(&second, 2);
    drop(second.stop());
    shows(&deployed(engine, &prefix).client(), &two);
}

#[test]
fn a_disk_that_was_put_back_is_refused() {
    let Some(engine) = engine::running("a_disk_that_was_put_back_is_refused") else { return };
    let prefix = engine::fresh_prefix();
    let first = deployed(engine, &prefix);
    upload(&first, 1);
    let dir = first.stop();
    let snapshot = tempdir().unwrap();
    let old = snapshot.path().join("data");
    std::fs::create_dir(&old).unwrap();
    for name in ["tintype.db", "tintype.holder", "store.json"] {
        std::fs::copy(dir.path().join("data").join(name), old.join(name)).unwrap();
    }
    let again = redeployed(dir, engine, &prefix, "1s");
    let two = upload(&again, 2);
    drop(again.stop());
    let mut stale = tintype();
    stale.envs(environment(&engine.endpoint(), &prefix)).args(["serve", "--listen", "127.0.0.1:0", "--data"]);
    let refused = stale.arg(&old).args(["--catalog-restore-from", &place(&prefix)]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("move tintype.db away"), "{refused:?}");
    shows(&deployed(engine, &prefix).client(), &two);
}
