//! A small disk that really fills up, and one that really is read-only.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;
use tintype_blob::{BlobError, Entry};
use tintype_testkit::wait;

use crate::support::{TestStore, content, in_ci, is_root};

/// A mounted file system that goes away with the test.
pub(crate) struct Mount {
    pub(crate) dir: PathBuf,
    mounted: bool,
    _owner: TempDir,
}

impl Mount {
    /// Mounts; `None`, said by name, where that is not allowed here.
    pub(crate) fn new(test: &str, arguments: &[&str]) -> Option<Self> {
        if !is_root() {
            eprintln!("skipped: {test} (only root can mount)");
            return None;
        }
        let owner = tempfile::tempdir().unwrap();
        let dir = owner.path().to_owned();
        let mounted = Command::new("mount").args(arguments).arg(&dir).output();
        if mounted.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(Self { dir, mounted: true, _owner: owner });
        }
        assert!(!in_ci(), "{test}: mount {arguments:?}: {mounted:?}");
        eprintln!("skipped: {test} (mount {arguments:?} is refused here)");
        None
    }

    pub(crate) fn tmpfs(test: &str, size: &str) -> Option<Self> {
        Self::new(test, &["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "tmpfs"])
    }

    pub(crate) fn remount(&self, options: &str) {
        run(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.dir));
    }

    /// Unmounts; whoever still holds a file there, such as the blocking pool, is waited for.
    pub(crate) fn unmount(mut self) {
        wait::until("the disk to be free", Duration::from_secs(60), || {
            Command::new("umount").arg(&self.dir).output().is_ok_and(|output| output.status.success())
        });
        self.mounted = false;
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if self.mounted {
            run(Command::new("umount").arg("--lazy").arg(&self.dir));
        }
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

async fn fill(dir: &Path, unnamed: bool) {
    let test = TestStore::at(dir.join("data"), true, unnamed).await.unwrap();
    let kept = test.put(&content(1, 200_000)).await.unwrap();
    for round in 0..5 {
        let error = test.put(&content(2, 3 << 20)).await.unwrap_err();
        assert!(matches!(error, BlobError::Full), "{error:?}");
        test.settles_at(1).await;
        let error = test.store.put_variant(
            tintype_types::ImageId::generate(|| 1),
            "w=16.png",
            1,
            content(3, 2 << 20).into(),
        );
        assert!(matches!(error.await, Err(BlobError::Full)));
        test.settles_at(1).await;
        // What fits is taken as if nothing had been.
        let key = test.put(&content(round, 100_000)).await.unwrap();
        assert!(test.store.delete(key).await.unwrap());
    }
    assert_eq!(test.listed().await, [(Entry::Blob(kept), 200_000)]);
    assert_eq!(test.store.hash(kept).await.unwrap().0, kept.hash);

    // Filled to the last byte, it still opens and reads.
    std::fs::write(dir.join("ballast"), vec![1; 2 << 20]).unwrap_err();
    assert_eq!(test.store.free_bytes().unwrap(), 0);
    let again = TestStore::at(dir.join("data"), false, unnamed).await.unwrap();
    assert_eq!(again.read(kept).await.unwrap(), content(1, 200_000));
    assert!(matches!(again.put(&content(4, 10_000)).await, Err(BlobError::Full)));
}

#[tokio::test]
async fn a_disk_that_fills_up_is_said_and_leaves_nothing() {
    for unnamed in [true, false] {
        let Some(mount) = Mount::tmpfs("a_disk_that_fills_up_is_said_and_leaves_nothing", "1m") else {
            return;
        };
        fill(&mount.dir, unnamed).await;
    }
}

#[tokio::test]
async fn a_read_only_disk_is_read() {
    let Some(mount) = Mount::tmpfs("a_read_only_disk_is_read", "8m") else { return };
    let test = TestStore::at(mount.dir.join("data"), true, true).await.unwrap();
    let key = test.put(b"readable").await.unwrap();
    mount.remount("ro");
    let again = TestStore::at(mount.dir.join("data"), false, true).await.unwrap();
    for test in [&test, &again] {
        assert!(matches!(test.put(b"x").await, Err(BlobError::ReadOnly)));
        assert!(matches!(test.store.delete(key).await, Err(BlobError::ReadOnly)));
        let put =
            test.store.put_variant(tintype_types::ImageId::generate(|| 1), "w=16.png", 1, "v".into()).await;
        assert!(matches!(put, Err(BlobError::ReadOnly)), "{put:?}");
        assert_eq!(test.read(key).await.unwrap(), "readable");
    }
    let fresh = TestStore::at(mount.dir.join("other"), true, true).await.err();
    assert!(matches!(fresh, Some(BlobError::ReadOnly)), "{fresh:?}");
    mount.remount("rw");
    // Nothing was written, and so nothing failed to be synced.
    test.put(b"writable again").await.unwrap();
}
