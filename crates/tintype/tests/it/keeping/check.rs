//! `tintype check`: differences between catalogue and store, in both directions.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;
use tempfile::TempDir;
use tintype_testkit::build;

use crate::support::{Server, count_files, tintype};

fn check(dir: &TempDir, flags: &[&str]) -> Output {
    tintype().arg("check").args(flags).arg("--data").arg(dir.path().join("data")).output().unwrap()
}

/// The kinds of findings, in order, and the whole report.
fn findings(dir: &TempDir, flags: &[&str]) -> (Vec<String>, Value) {
    let output = check(dir, &[&["--json"], flags].concat());
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let kinds = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["kind"].as_str().unwrap().to_owned());
    let mut kinds: Vec<String> = kinds.collect();
    kinds.sort();
    assert_eq!(report["clean"], kinds.is_empty());
    assert_eq!(output.status.success(), kinds.is_empty() || report["mended"] == kinds.len(), "{report}");
    (kinds, report)
}

/// A stopped server's folder with images of these numbers, and their ids.
fn folder(numbers: std::ops::Range<u64>) -> (TempDir, Vec<String>) {
    let server = Server::start();
    let upload = |number| server.client().upload("a.png", &build::png(8, 8, number)).expect(201).at("/id");
    let ids = numbers.map(upload).collect();
    (server.stop(), ids)
}

fn originals(dir: &TempDir) -> PathBuf {
    dir.path().join("data/originals")
}

/// Every file of the store, sorted by name.
fn blobs(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .flat_map(|entry| if entry.path().is_dir() { blobs(&entry.path()) } else { vec![entry.path()] })
        .collect();
    found.sort();
    found
}

#[test]
fn every_difference_is_found_and_nothing_is_changed() {
    let (dir, ids) = folder(0..6);
    assert!(findings(&dir, &[]).0.is_empty());
    let files = blobs(&originals(&dir));
    let bytes = |file: &PathBuf| fs::read(file).unwrap();
    fs::remove_file(&files[0]).unwrap();
    let mut flipped = bytes(&files[1]);
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(&files[1], &flipped).unwrap();
    fs::write(&files[2], &bytes(&files[2])[1..]).unwrap();
    // The same name with another random end: a blob that no row names.
    let name = files[3].file_name().unwrap().to_str().unwrap();
    let other = format!("{}{}", &name[..name.len() - 1], if name.ends_with('0') { '1' } else { '0' });
    let unreferenced = files[3].with_file_name(&other);
    fs::write(&unreferenced, bytes(&files[3])).unwrap();
    let stray = originals(&dir).join("holiday.txt");
    fs::write(&stray, b"not ours").unwrap();
    let before: Vec<_> = blobs(&originals(&dir)).iter().map(|file| (file.clone(), bytes(file))).collect();

    let young = findings(&dir, &[]);
    assert_eq!(
        young.0,
        ["missing", "stray", "wrong_hash", "wrong_size"],
        "a young file may be an upload under way"
    );
    assert_eq!(young.1["pending"], 1);
    let (kinds, report) = findings(&dir, &["--quick"]);
    assert_eq!(kinds, ["missing", "stray", "wrong_size"], "the quick check hashes nothing");
    assert_eq!(report["bytes_hashed"], 0);
    assert_eq!(check(&dir, &[]).status.code(), Some(2));
    let text = String::from_utf8(check(&dir, &[]).stdout).unwrap();
    assert!(text.contains("nothing was changed") && text.contains("holiday.txt"), "{text}");
    let after: Vec<_> = blobs(&originals(&dir)).iter().map(|file| (file.clone(), bytes(file))).collect();
    assert!(after == before, "a check changes nothing");

    let (kinds, report) = findings(&dir, &["--repair"]);
    assert_eq!(kinds, ["missing", "stray", "unreferenced", "wrong_hash", "wrong_size"]);
    assert_eq!(report["mended"], 5);
    assert!(!stray.exists() && !unreferenced.exists());
    assert_eq!(count_files(&dir.path().join("data/quarantine")), 2, "nothing is deleted");
    assert!(findings(&dir, &[]).0.is_empty(), "what was mended is not found again");

    // The damaged ones can be uploaded anew; the sound ones were not touched.
    let server = Server::on(dir, &[]);
    let browser = server.client();
    let mut statuses: Vec<u16> = ids.iter().map(|id| browser.get(&format!("/i/{id}.png")).status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 500, 500, 500], "no wrong bytes are served");
    for number in 0..6 {
        let again = browser.upload("a.png", &build::png(8, 8, number)).expect(201);
        browser.get(&again.at("/links/image")).expect(200);
    }
    server.assert_clean();
}

#[test]
fn more_than_its_share_needs_the_number() {
    let (dir, _) = folder(0..14);
    for file in &blobs(&originals(&dir))[..12] {
        fs::remove_file(file).unwrap();
    }
    let refused = check(&dir, &["--repair"]);
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && error.contains("--force-count 12"), "{error}");
    assert_eq!(check(&dir, &["--repair", "--force-count", "11"]).status.code(), Some(1));
    assert_eq!(findings(&dir, &[]).0.len(), 12, "nothing was mended");
    assert_eq!(findings(&dir, &["--repair", "--force-count", "12"]).1["mended"], 12);
    assert_eq!(check(&dir, &[]).status.code(), Some(0));
}

#[test]
fn a_damaged_catalogue_and_a_missing_one_are_told_apart() {
    let empty = tempfile::tempdir().unwrap();
    let missing = check(&empty, &[]);
    let error = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(missing.status.code() == Some(1) && error.contains("--data"), "{error}");
    let (dir, _) = folder(0..3);
    let file = dir.path().join("data/tintype.db");
    let mut bytes = fs::read(&file).unwrap();
    for page in bytes.chunks_mut(4096).skip(1) {
        page[..64].fill(0xff);
    }
    fs::write(&file, bytes).unwrap();
    let damaged = check(&dir, &[]);
    assert!(matches!(damaged.status.code(), Some(1 | 2)), "{}", String::from_utf8_lossy(&damaged.stderr));
}
