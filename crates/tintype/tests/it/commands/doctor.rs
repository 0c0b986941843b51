//! `tintype doctor`

use std::path::Path;

use serde_json::Value;

use crate::support::{Mount, Server, tintype};

fn doctor(folder: &Path, flags: &[&str]) -> (i32, Vec<Value>) {
    let output = tintype().args(["doctor", "--json"]).args(flags).current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let findings = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{output:?}"));
    (output.status.code().unwrap(), findings)
}

#[track_caller]
fn expect(findings: &[Value], check: &str, verdict: &str, words: &str) {
    let found = findings
        .iter()
        .find(|each| each["check"] == check)
        .unwrap_or_else(|| panic!("no {check}: {findings:?}"));
    assert_eq!(found["verdict"], verdict, "{found}");
    assert!(found.to_string().contains(words), "{found}");
    assert!(verdict == "ok" || !found["mend"].as_str().unwrap().is_empty(), "{found}");
}

#[test]
fn a_sound_place_passes_and_says_what_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (status, findings) = doctor(folder.path(), &[]);
    assert_eq!(status, 0, "{findings:?}");
    expect(&findings, "data folder", "ok", "is not there yet");
    expect(&findings, "sandbox", "ok", "landlock: abi");
    expect(&findings, "clock", "ok", "20");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it leaves nothing behind");
    let server = Server::start();
    let text = server.run(&["doctor", "--base-url", &server.base]);
    assert!(text.status.success(), "{text:?}");
    assert!(String::from_utf8_lossy(&text.stdout).contains("answers as Tintype"), "{text:?}");
}

#[test]
fn what_is_wrong_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let flags = [
        "--server-trusted-proxies",
        "0.0.0.0/0",
        "--listen",
        "[::]:8080",
        "--upload-free-min",
        "900TB",
        "--sandbox-mode",
        "off",
    ];
    let (status, findings) = doctor(folder.path(), &flags);
    assert_eq!(status, 2);
    expect(&findings, "proxy headers", "fail", "0.0.0.0/0");
    expect(&findings, "free space", "fail", "upload.free_min");
    expect(&findings, "base_url", "warn", "server.base_url");
    expect(&findings, "sandbox", "warn", "off");
    let (_, findings) = doctor(folder.path(), &["--base-url", "http://127.0.0.1:9"]);
    expect(&findings, "reachable", "warn", "does not answer");
    let server = Server::start();
    let data = server.stop();
    let db = std::fs::File::options().write(true).open(data.path().join("data/tintype.db")).unwrap();
    let ahead = std::time::UNIX_EPOCH + std::time::Duration::from_secs(4_102_444_800);
    db.set_modified(ahead).unwrap();
    let (status, findings) = doctor(data.path(), &["--data", "data"]);
    assert_eq!(status, 2);
    expect(&findings, "clock", "fail", "behind the catalogue");
}

#[test]
fn a_folder_in_memory_and_one_that_cannot_be_written_are_told() {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() {
        let folder = tempfile::tempdir_in(shm).unwrap();
        let (_, findings) = doctor(folder.path(), &[]);
        expect(&findings, "file system", "warn", "tmpfs");
    }
    let Some(mount) = Mount::tmpfs(8) else { return };
    mount.remount("ro");
    let (status, findings) = doctor(Path::new("/"), &["--data", mount.path().to_str().unwrap()]);
    assert_eq!(status, 2);
    expect(&findings, "data folder", "fail", "cannot be written");
}
