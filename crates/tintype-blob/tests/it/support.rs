//! Stores to test and ways to look at what they left behind.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use tempfile::TempDir;
use tintype_blob::{BlobError, BlobStore, Entry, Faults, Staged};
use tintype_types::{BlobKey, ContentHash};

/// The identity of every catalogue in these tests but foreign ones.
pub(crate) const IDENTITY: &str = "0123456789abcdef0123456789abcdef";

/// A store, its folder, and the failures that may be planned for it.
pub(crate) struct TestStore {
    pub(crate) store: BlobStore,
    pub(crate) faults: Arc<Faults>,
    pub(crate) dir: PathBuf,
    _owner: Option<TempDir>,
}

impl TestStore {
    /// A fresh store that stages files without names, where the file system of the tests has them.
    pub(crate) async fn new() -> Self {
        Self::with(true).await
    }

    /// A fresh store; without `unnamed` as on a file system that has no files without names.
    pub(crate) async fn with(unnamed: bool) -> Self {
        Self::within(scratch(), unnamed).await
    }

    /// A fresh store on the disk of the temporary folder, whose syncs are real.
    pub(crate) async fn on_disk(unnamed: bool) -> Self {
        Self::within(tempfile::tempdir().unwrap(), unnamed).await
    }

    async fn within(owner: TempDir, unnamed: bool) -> Self {
        let dir = owner.path().join("data");
        let mut test = Self::at(dir, true, unnamed).await.unwrap();
        test._owner = Some(owner);
        test
    }

    /// A store in a folder of the test's own.
    pub(crate) async fn at(dir: PathBuf, fresh: bool, unnamed: bool) -> Result<Self, BlobError> {
        let faults = Arc::new(Faults::new());
        let store = BlobStore::open_faulty(&dir, IDENTITY, fresh, Arc::clone(&faults), unnamed).await?;
        Ok(Self { store, faults, dir, _owner: None })
    }

    pub(crate) async fn stage(&self, bytes: &[u8]) -> Result<Staged, BlobError> {
        let mut staging = self.store.stage().await?;
        for chunk in bytes.chunks(64 << 10) {
            staging.write(Bytes::copy_from_slice(chunk)).await?;
        }
        assert_eq!(staging.len(), bytes.len() as u64);
        staging.finish().await
    }

    /// Stage, sync and link, as an upload does.
    pub(crate) async fn put(&self, bytes: &[u8]) -> Result<BlobKey, BlobError> {
        let staged = self.stage(bytes).await?;
        let key = new_key(staged.hash());
        self.store.sync(&staged).await?;
        self.store.link(staged, key).await?;
        Ok(key)
    }

    pub(crate) async fn read(&self, key: BlobKey) -> Result<Bytes, BlobError> {
        let blob = self.store.open_blob(key).await?;
        blob.read_at(0, usize::try_from(blob.len()).unwrap()).await
    }

    /// Everything that the list finds.
    pub(crate) async fn listed(&self) -> Vec<(Entry, u64)> {
        let mut listing = self.store.list();
        let mut found = Vec::new();
        while let Some(listed) = listing.next().await {
            let listed = listed.unwrap();
            found.push((listed.entry, listed.bytes));
        }
        found
    }

    /// The files under the data folder but `store.json`, relative to it.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        files_under(&self.dir)
    }

    /// Waits until the data folder holds these many files: what is dropped is removed in the blocking pool.
    pub(crate) async fn settles_at(&self, files: usize) {
        let begin = Instant::now();
        while self.files().len() != files || open_nameless(&self.dir) > 0 {
            assert!(begin.elapsed() < Duration::from_secs(10), "left behind: {:?}", self.files());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// A folder in memory where there is one: most tests make many stores and would spend their time waiting for a disk.
pub(crate) fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A key that was never used before.
pub(crate) fn new_key(hash: ContentHash) -> BlobKey {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    BlobKey { hash, nonce: NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes() }
}

/// Where a blob lies.
pub(crate) fn blob_path(dir: &Path, key: BlobKey) -> PathBuf {
    dir.join("originals").join(key.fan_out()).join(key.to_string())
}

pub(crate) fn files_under(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.file_name() != "store.json" {
                files.push(entry.path().strip_prefix(dir).unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}

/// Files without a name under the folder that this process still has open: disk space that nobody sees.
fn open_nameless(dir: &Path) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(Result::ok);
    let targets = open.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets
        .filter(|target| target.starts_with(dir) && target.to_string_lossy().ends_with(" (deleted)"))
        .count()
}

/// Bytes that differ from place to place and from seed to seed.
pub(crate) fn content(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(&mut next).take(len.div_ceil(8)).flatten().collect();
    bytes.truncate(len);
    bytes
}

/// Whether the tests run as root, who can mount file systems.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether what cannot be tried here is a failure instead of a skip.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration but its environment")]
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}
