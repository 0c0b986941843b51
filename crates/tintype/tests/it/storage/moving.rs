//! `tintype migrate store` and `tintype doctor` on a bucket.

use std::{path::Path, process::Output};

use serde_json::Value;
use tintype_testkit::{
    badnet::{Badnet, Harm},
    build,
    engine::{self, Kind},
};

use super::{environment, on};
use crate::support::{Server, count_files, tintype};

fn migrate(data: &Path, endpoint: &str, prefix: &str, flags: &[&str]) -> Output {
    tintype()
        .envs(environment(endpoint, prefix))
        .args(["migrate", "store"])
        .args(flags)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap()
}

#[test]
fn originals_move_to_the_bucket_and_back() {
    let Some(engine) = engine::running("originals_move_to_the_bucket_and_back") else { return };
    let prefix = engine::fresh_prefix();
    let server = Server::start();
    let owner = server.token("upload");
    let pictures: Vec<_> = (1..=20).map(|seed| build::png(40, 40, seed)).collect();
    let ids: Vec<_> =
        pictures.iter().map(|picture| owner.upload("a.png", picture).expect(201).at("/id")).collect();
    let shows = |server: &Server| {
        for (id, picture) in ids.iter().zip(&pictures) {
            assert!(server.client().get(&format!("/i/{id}.png")).expect(200).body == *picture);
        }
        server.assert_clean();
    };
    let refused = migrate(server.data(), &engine.endpoint(), &prefix, &["--to", "s3"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("needs the server stopped"));
    let dir = server.stop();
    let data = dir.path().join("data");

    // Cut off half-way: nothing is switched over, and the next attempt goes on from there.
    let net = Badnet::before(&engine.address);
    net.harm_after(12, "PUT", Harm::Refuse);
    let cut = migrate(&data, &net.endpoint(), &prefix, &["--to", "s3", "--store-deadline", "1s"]);
    assert_eq!(cut.status.code(), Some(1), "{}", String::from_utf8_lossy(&cut.stdout));
    let server = Server::on(dir, &[]);
    shows(&server);
    let dir = server.stop();
    let done = migrate(&data, &engine.endpoint(), &prefix, &["--to", "s3"]);
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success() && said.contains("all 20 originals") && !said.contains("20 of them copied"),
        "{said}"
    );
    assert_eq!(count_files(&data.join("originals")), 20, "the source is as it was");

    // The folder alone would be an empty store now.
    let alone = tintype().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data).output().unwrap();
    assert!(String::from_utf8_lossy(&alone.stderr).contains(&prefix), "{alone:?}");
    let again = migrate(&data, &engine.endpoint(), &prefix, &["--to", "s3", "--remove-source"]);
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    assert_eq!(count_files(&data.join("originals")), 0);
    let server = on(dir, &engine.endpoint(), &prefix, &[]);
    shows(&server);
    let dir = server.stop();

    let back = migrate(&data, &engine.endpoint(), &prefix, &["--to", "folder", "--remove-source"]);
    assert!(back.status.success(), "{}", String::from_utf8_lossy(&back.stderr));
    assert_eq!(count_files(&data.join("originals")), 20);
    shows(&Server::on(dir, &[]));
}

#[test]
fn a_backup_of_a_bucket_is_whole_without_it() {
    let Some(engine) = engine::running("a_backup_of_a_bucket_is_whole_without_it") else { return };
    let server = on(tempfile::tempdir().unwrap(), &engine.endpoint(), &engine::fresh_prefix(), &[]);
    let picture = build::png(40, 40, 1);
    let reply = server.token("upload").upload("a.png", &picture).expect(201);
    let place = tempfile::tempdir().unwrap();
    let (backup, restored) = (place.path().join("backup"), place.path().join("restored"));
    let (backup, restored_path) = (backup.to_str().unwrap(), restored.to_str().unwrap());
    for _ in 0..2 {
        let made = server.run(&["backup", backup]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    drop(server);
    for command in [&["backup", "--check", backup][..], &["restore", backup, "--data", restored_path]] {
        let output = tintype().args(command).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let server = Server::at(restored, &[]);
    assert!(server.client().get(&format!("/i/{}.png", reply.at("/id"))).expect(200).body == picture);
}

#[test]
fn a_damaged_original_is_named_and_nothing_is_switched_over() {
    let Some(engine) = engine::running("a_damaged_original_is_named_and_nothing_is_switched_over") else {
        return;
    };
    let server = Server::start();
    let owner = server.token("upload");
    owner.upload("a.png", &build::png(30, 30, 1)).expect(201);
    owner.upload("b.png", &build::png(30, 30, 2)).expect(201);
    let dir = server.stop();
    let data = dir.path().join("data");
    let victim = walk(&data.join("originals"));
    std::fs::write(&victim, b"other bytes").unwrap();
    let name = victim.file_name().unwrap().to_string_lossy().into_owned();
    let prefix = engine::fresh_prefix();
    let moved = migrate(&data, &engine.endpoint(), &prefix, &["--to", "s3"]);
    let said = String::from_utf8_lossy(&moved.stderr).into_owned();
    assert!(!moved.status.success() && said.contains(&name) && said.contains("check --repair"), "{said}");
    let dir = Server::on(dir, &[]).stop();
    // Once it is marked the others move, and it stays where it can be looked at.
    let repaired = tintype().args(["check", "--repair", "--data"]).arg(&data).output().unwrap();
    assert!(repaired.status.success(), "{}", String::from_utf8_lossy(&repaired.stderr));
    let moved = migrate(&data, &engine.endpoint(), &prefix, &["--to", "s3", "--remove-source"]);
    assert!(moved.status.success(), "{}", String::from_utf8_lossy(&moved.stderr));
    assert_eq!((count_files(&data.join("originals")), victim.exists()), (1, true));
    drop(dir);
}

/// The first file below a folder.
fn walk(dir: &Path) -> std::path::PathBuf {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_file() {
            return entry.path();
        }
        if count_files(&entry.path()) > 0 {
            return walk(&entry.path());
        }
    }
    panic!("no file in {}", dir.display())
}

#[test]
fn doctor_examines_the_bucket() {
    let Some(engine) = engine::running("doctor_examines_the_bucket") else { return };
    let dir = tempfile::tempdir().unwrap();
    let doctor = |change: Option<(&'static str, &str)>, flags: &[&str]| {
        let mut command = tintype();
        command.envs(environment(&engine.endpoint(), &engine::fresh_prefix()));
        if let Some((name, value)) = change {
            command.env(name, value);
        }
        command.args(["doctor", "--data"]).arg(dir.path().join("data")).args(flags).output().unwrap()
    };
    let output = doctor(None, &["--json"]);
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let verdict = |check: &str| {
        let found = all.as_array().unwrap().iter().find(|each| each["check"] == check);
        found.map(|each| each["verdict"].as_str().unwrap().to_owned())
    };
    // Nobody has put rules on the bucket. SeaweedFS lets every page in then, Garage none.
    let cors = if engine.kind == Kind::Garage { "warn" } else { "ok" };
    assert_eq!(verdict("cors").as_deref(), Some(cors), "{all}");
    for check in ["permissions", "ranges", "conditional", "signing", "secrecy"] {
        assert_eq!(verdict(check).as_deref(), Some("ok"), "{check}: {all}");
    }
    for check in ["lifecycle", "store's syncs"] {
        assert_eq!(verdict(check).as_deref(), Some("warn"), "{check}: {all}");
    }
    // Whoever may only read is told what is missing.
    let reader = doctor(Some(("AWS_ACCESS_KEY_ID", engine::READER_KEY)), &[]);
    let said = String::from_utf8_lossy(&reader.stdout).into_owned();
    assert_eq!(reader.status.code(), Some(2), "{said}");
    assert!(said.contains("FAIL  permissions") && said.contains("--print policy"), "{said}");
    for (document, words) in
        [("policy", "s3:PutObject"), ("cors", "https://app.example.org"), ("lifecycle", "/incoming/")]
    {
        let printed = doctor(None, &["--print", document, "--origin", "https://app.example.org"]);
        let text = String::from_utf8_lossy(&printed.stdout).into_owned();
        serde_json::from_str::<Value>(&text).unwrap();
        assert!(text.contains(words), "{text}");
    }
}
