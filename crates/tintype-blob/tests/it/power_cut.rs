//! A real file system whose power is cut: what was acknowledged is there afterwards, whole.

use std::{path::Path, process::Command, sync::Arc};

use tintype_blob::{BlobStore, Entry};

use crate::{
    disk_full::Mount,
    support::{TestStore, content, in_ci},
};

/// `EXT4_IOC_SHUTDOWN`, which is `FS_IOC_GOINGDOWN` of xfs too: include/uapi/linux/fs.h of the kernel.
const SHUTDOWN: rustix::ioctl::Opcode = 0x8004_587d;
/// Without writing the log: what is not on the disk yet is lost, as in a power cut.
const NO_LOG_FLUSH: u32 = 2;

fn cut_power(dir: &Path) {
    let root = std::fs::File::open(dir).unwrap();
    // SAFETY: the call reads one u32, which the setter passes by reference, and ends the file system of `root` alone.
    unsafe { rustix::ioctl::ioctl(&root, rustix::ioctl::Setter::<SHUTDOWN, u32>::new(NO_LOG_FLUSH)) }
        .unwrap();
}

fn formatted(test: &str, mkfs: &[&str], image: &Path) -> bool {
    std::fs::File::create(image).unwrap().set_len(400 << 20).unwrap();
    let made = Command::new(mkfs[0]).args(&mkfs[1..]).arg(image).output();
    if made.as_ref().is_ok_and(|output| output.status.success()) {
        return true;
    }
    eprintln!("skipped: {test} ({} is not to be had here)", mkfs[0]);
    false
}

/// What the server did last before the cut. Any later sync would commit it too, and so hide that its own is missing.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Put,
    Delete,
}

async fn check(test: &str, mkfs: &[&str], unnamed: bool, last: Last) {
    let owner = tempfile::tempdir().unwrap();
    let image = owner.path().join("disk");
    if !crate::support::is_root() || !formatted(test, mkfs, &image) {
        assert!(!in_ci() || !crate::support::is_root(), "{test}: {mkfs:?} failed");
        eprintln!("skipped: {test}");
        return;
    }
    let image = image.to_str().unwrap();
    let Some(mount) = Mount::new(test, &["-o", "loop", image]) else { return };
    let store = Arc::new(TestStore::at(mount.dir.join("data"), true, unnamed).await.unwrap());
    // Staged and not linked: to be gone without a trace, or swept.
    let under_way = store.stage(&content(1000, 500_000)).await.unwrap();
    store.store.sync(&under_way).await.unwrap();
    let mut puts = tokio::task::JoinSet::new();
    for seed in 0..60 {
        let store = Arc::clone(&store);
        puts.spawn(async move { (seed, store.put(&content(seed, 50_000)).await.unwrap()) });
    }
    let mut acknowledged = puts.join_all().await;
    for (_, key) in acknowledged.drain(50..) {
        assert!(store.store.delete(key).await.unwrap());
    }
    let seed = 60;
    let key = store.put(&content(seed, 50_000)).await.unwrap();
    match last {
        Last::Put => acknowledged.push((seed, key)),
        Last::Delete => assert!(store.store.delete(key).await.unwrap()),
    }
    cut_power(&mount.dir);
    drop((under_way, store));
    mount.unmount();

    let mount = Mount::new(test, &["-o", "loop", image]).expect("it was mounted before");
    let store = TestStore::at(mount.dir.join("data"), false, unnamed).await.unwrap();
    // A name in staging is removed without a sync, so a cut brings back those removed last: the sweep takes them.
    let swept = store.store.sweep_staging().await.unwrap();
    assert!(!unnamed || swept == 0, "{swept} files that never had a name");
    assert_eq!(store.store.sweep_staging().await.unwrap(), 0);
    for (seed, key) in &acknowledged {
        assert_eq!(store.read(*key).await.unwrap(), content(*seed, 50_000), "blob {seed}");
    }
    let listed = store.listed().await;
    assert_eq!(listed.len(), acknowledged.len());
    assert!(listed.iter().all(|(entry, _)| matches!(entry, Entry::Blob(_))));
    let opened = BlobStore::open(&mount.dir.join("data"), "ffffffffffffffffffffffffffffffff", false).await;
    assert!(opened.is_err(), "the identity outlived the cut too");
}

async fn check_all(test: &str, mkfs: &[&str]) {
    for unnamed in [true, false] {
        for last in [Last::Put, Last::Delete] {
            check(test, mkfs, unnamed, last).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ext4_keeps_what_was_acknowledged() {
    check_all("ext4_keeps_what_was_acknowledged", &["mkfs.ext4", "-q", "-F"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xfs_keeps_what_was_acknowledged() {
    check_all("xfs_keeps_what_was_acknowledged", &["mkfs.xfs", "-q", "-f"]).await;
}
