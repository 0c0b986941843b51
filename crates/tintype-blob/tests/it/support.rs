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
use object_store::{ObjectStore, ObjectStoreExt as _, aws::AmazonS3Builder, prefix::PrefixStore};
use tempfile::TempDir;
use tintype_blob::{BlobError, BlobStore, Entry, Faults, S3Options, Staged};
use tintype_testkit::engine;
use tintype_types::{BlobKey, ContentHash, MediaType};

/// The identity of every catalogue in these tests but foreign ones.
pub(crate) const IDENTITY: &str = "0123456789abcdef0123456789abcdef";

/// A store, its folder, and the failures that may be planned for it.
pub(crate) struct TestStore {
    pub(crate) store: BlobStore,
    pub(crate) faults: Arc<Faults>,
    pub(crate) dir: PathBuf,
    /// Where the originals are, if not in the folder.
    objects: Option<Arc<dyn ObjectStore>>,
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
        Ok(Self { store, faults, dir, objects: None, _owner: None })
    }

    /// A fresh store whose originals are objects.
    pub(crate) async fn of_objects(objects: Arc<dyn ObjectStore>) -> Self {
        let owner = scratch();
        let dir = owner.path().join("data");
        let store = BlobStore::open_objects(&dir, IDENTITY, true, Arc::clone(&objects)).await.unwrap();
        Self { store, faults: Arc::default(), dir, objects: Some(objects), _owner: Some(owner) }
    }

    /// A fresh store in a real engine at `endpoint`, below a prefix of its own.
    pub(crate) async fn of_s3(endpoint: &str) -> Self {
        Self::of_s3_within(endpoint, Duration::from_secs(5)).await
    }

    /// The same with a deadline of the test's own for every call.
    pub(crate) async fn of_s3_within(endpoint: &str, deadline: Duration) -> Self {
        let (owner, prefix) = (scratch(), engine::fresh_prefix());
        let dir = owner.path().join("data");
        let options = S3Options { deadline, ..s3(endpoint, &prefix) };
        let store = BlobStore::open_s3(&dir, IDENTITY, true, &options).await.unwrap();
        let client = AmazonS3Builder::new()
            .with_endpoint(endpoint)
            .with_allow_http(true)
            .with_region(engine::REGION)
            .with_bucket_name(engine::BUCKET)
            .with_access_key_id(engine::ACCESS_KEY)
            .with_secret_access_key(engine::SECRET_KEY)
            .build()
            .unwrap();
        let objects: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(client, prefix.as_str()));
        Self { store, faults: Arc::default(), dir, objects: Some(objects), _owner: Some(owner) }
    }

    /// Whether the originals are in the folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.objects.is_none()
    }

    /// Writes past the store.
    pub(crate) async fn write_raw(&self, path: &str, bytes: &[u8]) {
        match &self.objects {
            None => std::fs::write(self.dir.join(path), bytes).unwrap(),
            Some(objects) => {
                objects.put(&path.into(), bytes.to_vec().into()).await.unwrap();
            }
        }
    }

    /// Reads past the store.
    pub(crate) async fn read_raw(&self, path: &Path) -> Vec<u8> {
        match &self.objects {
            None => std::fs::read(self.dir.join(path)).unwrap(),
            Some(objects) => {
                let path = path.to_str().unwrap().into();
                objects.get(&path).await.unwrap().bytes().await.unwrap().to_vec()
            }
        }
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
        self.store.link(staged, key, MediaType::Png).await?;
        Ok(key)
    }

    pub(crate) async fn read(&self, key: BlobKey) -> Result<Bytes, BlobError> {
        let len = self.store.blob_len(key).await?;
        self.store.open_blob(key, len, true).await?.read_all().await
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
            assert!(begin.elapsed() < Duration::from_secs(60), "left behind: {:?}", self.files());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// How the engine of the tests is reached.
pub(crate) fn s3(endpoint: &str, prefix: &str) -> S3Options {
    let credentials =
        [("AWS_ACCESS_KEY_ID", engine::ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", engine::SECRET_KEY)];
    S3Options {
        bucket: engine::BUCKET.to_owned(),
        endpoint: Some(endpoint.to_owned()),
        public_endpoint: None,
        region: Some(engine::REGION.to_owned()),
        path_style: true,
        prefix: prefix.to_owned(),
        deadline: Duration::from_secs(5),
        credentials: credentials.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    }
}

/// What the program installs at its start.
pub(crate) fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
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
    dir.join(blob_name(key))
}

/// Its name below the folder or the prefix.
pub(crate) fn blob_name(key: BlobKey) -> String {
    format!("originals/{}/{key}", key.fan_out())
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
