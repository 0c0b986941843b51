//! Bits that flip on the disk: `tintype check` finds each, and nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tintype_testkit::{build, pixels};

use crate::{
    support::{Server, tintype},
    turn, wanted,
};

/// Pictures that stay whole.
const WHOLE: u64 = 20;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    found.sort();
    found
}

#[test]
fn every_flipped_bit_is_found() {
    let _turn = turn();
    let (flips, seed) = (wanted("LAB_FLIPS", 100), wanted("LAB_SEED", 4));
    let server = Server::start();
    let client = server.client();
    for number in 0..flips + WHOLE {
        let side = 4 + u32::try_from(pixels::mix(number) % 60).unwrap();
        client.upload("a.png", &build::png(side, side, seed << 32 | number)).expect(201);
    }
    let folder = server.stop();
    let data = folder.path().join("data");
    let stored = files(&data.join("originals"));
    assert_eq!(stored.len() as u64, flips + WHOLE);
    let mut damaged: Vec<String> = Vec::new();
    for (file, number) in stored.iter().zip(0..flips) {
        let mut bytes = fs::read(file).unwrap();
        let bit = pixels::mix(seed ^ number) % (bytes.len() as u64 * 8);
        bytes[usize::try_from(bit / 8).unwrap()] ^= 1 << (bit % 8);
        fs::write(file, bytes).unwrap();
        damaged.push(file.strip_prefix(&data).unwrap().display().to_string());
    }
    let output = tintype().args(["check", "--json", "--data"]).arg(&data).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let named = damaged.iter().filter(|path| text.contains(path.rsplit('/').next().unwrap())).count();
    println!("bit rot: {flips} flips, {} findings, {named} of them by name", findings.len());
    assert!(findings.iter().all(|finding| finding["kind"] == "wrong_hash"), "{report}");
    assert_eq!((findings.len() as u64, named as u64), (flips, flips));
}
