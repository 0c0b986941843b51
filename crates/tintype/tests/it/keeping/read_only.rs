//! A folder that takes no writes: uploads are refused, reads go on.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tintype_testkit::build;

use crate::support::{Mount, Server, tintype};

/// Folders that take no writes until it is dropped.
struct Locked(Vec<PathBuf>);

impl Locked {
    /// To root every mode is writable, so the folders are made immutable where that works.
    fn folders(folders: &[PathBuf]) -> Self {
        let locked = Self(folders.to_vec());
        locked.set("+i", "a-w");
        locked
    }

    fn set(&self, attribute: &str, mode: &str) {
        for folder in &self.0 {
            let _ = Command::new("chattr").args(["-R", attribute]).arg(folder).output();
            let _ = Command::new("chmod").args(["-R", mode]).arg(folder).output();
        }
    }

    fn works(&self) -> bool {
        self.0.iter().all(|folder| tempfile::tempfile_in(folder).is_err())
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        self.set("-i", "u+w");
    }
}

#[test]
fn uploads_are_refused_and_reads_go_on() {
    let server = Server::start();
    let owner = server.client();
    let picture = build::png(40, 40, 1);
    let kept = owner.upload("a.png", &picture).expect(201);
    let locked = Locked::folders(&[server.data().join("originals"), server.data().join("staging")]);
    if !locked.works() {
        return crate::support::skipped("folders that take no writes");
    }
    for seed in 2..5 {
        let reply = owner.upload("b.png", &build::png(40, 40, seed)).expect_problem(503, "read_only");
        assert!(!reply.header("retry-after").is_empty());
    }
    assert!(server.client().get(&kept.at("/links/image")).expect(200).body == picture);
    server.client().get(&format!("/i/{}/w=16.webp", kept.at("/id"))).expect(200);
    owner.get("/api/v1/images").expect(200);
    server.settle();
    assert_eq!(server.originals(), 1);
    drop(locked);
    owner.upload("b.png", &build::png(40, 40, 2)).expect(201);
    assert_eq!(server.originals(), 2);
    server.assert_clean();
}

#[test]
fn a_start_on_a_read_only_disk_says_so() {
    let Some(disk) = Mount::tmpfs(16) else { return };
    let data = disk.path().join("data");
    let start = |data: &Path| {
        tintype().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).output().unwrap()
    };
    drop(Server::at(data.clone(), &[]));
    disk.remount("ro");
    for folder in [data.clone(), disk.path().join("other")] {
        let output = start(&folder);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let name = folder.display().to_string();
        assert!(!output.status.success() && error.contains(&name) && error.contains("Read-only"), "{error}");
    }
    disk.remount("rw");
    let server = Server::at(data, &[]);
    server.client().get("/health").expect(200);
}
