//! The store in a folder of the file system.
//!
//! Everything in this folder of the source is synchronous and runs in the blocking pool, but for [`syncs`], which lets
//! concurrent writers wait for one sync together.

pub(crate) mod disk;
pub(crate) mod identity;
mod incoming;
mod list;
pub(crate) mod names;
mod open;
mod quarantine;
mod staged_file;
mod syncs;
mod variants;

use std::{
    fs::File,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use tintype_types::{BlobKey, ContentHash};

use crate::{BlobError, Staged};
pub(crate) use disk::Disk;
pub(crate) use list::Walk;
pub(crate) use open::open;
pub(crate) use quarantine::put_aside;
pub(crate) use staged_file::{StagedFile, StagingKind};
use syncs::FolderSyncs;

/// Bytes read at a time where a whole file is read.
pub(crate) const READ_SIZE: usize = 256 << 10;

/// An open data folder.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) disk: Disk,
    syncs: FolderSyncs,
    /// Set by the first sync that fails; never cleared.
    poisoned: AtomicBool,
    staging: Mutex<StagingKind>,
    /// What tells the temporary names of this process from those of earlier ones.
    token: String,
    next_name: AtomicU64,
    /// Files being staged at this moment.
    pub(crate) staged_now: AtomicUsize,
}

impl Folder {
    /// Refuses a write after a sync has failed.
    pub(crate) fn check_writable(&self) -> Result<(), BlobError> {
        if self.poisoned.load(Ordering::Acquire) { Err(BlobError::Poisoned) } else { Ok(()) }
    }

    /// A name that no other file of this process or an earlier one has.
    fn temporary_name(&self) -> String {
        format!("{}-{}", self.token, self.next_name.fetch_add(1, Ordering::Relaxed))
    }

    /// Records that a sync failed, and says so once, loudly.
    ///
    /// After a failed fsync the kernel may have thrown the data away and call the next fsync a success, so that no later
    /// answer about this volume can be believed: <https://www.usenix.org/conference/atc20/presentation/rebello>.
    fn poison(&self, what: &str, errno: Errno) -> BlobError {
        self.poisoned.store(true, Ordering::Release);
        tracing::error!(
            blob.what = what,
            blob.error = %std::io::Error::from(errno),
            "a sync failed: the data folder takes no more writes until the server is restarted; check the disk"
        );
        BlobError::unavailable(what, errno)
    }

    /// Makes a staged file's bytes durable, once.
    ///
    /// A crash before it leaves nothing: the file has no name, or one in `staging/`, which the sweep at start removes.
    pub(crate) fn sync_staged(&self, file: &StagedFile) -> Result<(), BlobError> {
        self.check_writable()?;
        if file.is_synced() {
            return Ok(());
        }
        match self.disk.sync_file(file.writer()) {
            Ok(()) => {
                file.set_synced();
                Ok(())
            }
            // Some file systems give out space only when it is synced. That fails this file, of which nothing is kept,
            // and says nothing about any other.
            Err(Errno::NOSPC | Errno::DQUOT) => Err(BlobError::Full),
            Err(errno) => Err(self.poison("syncing a staged file", errno)),
        }
    }

    /// Gives a staged file its name. The name is durable only when its folder has been synced.
    pub(crate) fn link(&self, staged: &Staged, key: BlobKey) -> Result<(), BlobError> {
        if staged.hash() != key.hash {
            return Err(BlobError::Corrupt(format!(
                "the bytes to store hash to {}, not to {key}",
                staged.hash()
            )));
        }
        // 1. The bytes. A crash here leaves nothing, as `sync_staged` says.
        self.sync_staged(&staged.inner)?;
        // 2. The name. A crash from here on leaves either nothing or a whole blob that the catalogue does not refer to:
        //    the sweep of unreferenced blobs takes it when it is older than the grace period. Never a torn file: its
        //    bytes were durable before it had a name.
        let to = names::blob(key);
        let linked = match staged.inner.name() {
            None => self.disk.link_unnamed(staged.inner.writer(), &to),
            // A crash between the new name and the removal of the old one leaves the file under both; the sweep of
            // `staging/` at start removes the old one.
            Some(from) => self.disk.link_named(from, &to),
        };
        match linked {
            Ok(()) => Ok(()),
            Err(Errno::EXIST) => Err(BlobError::AlreadyExists),
            Err(errno) => Err(BlobError::writing(format!("naming {to}"), errno)),
        }
        // 3. The folder, by the caller: concurrent writers share that sync.
    }

    /// Removes a name whose folder could not be synced. What fails here is an unreferenced blob, swept later.
    pub(crate) fn unlink_quietly(&self, key: BlobKey) {
        let _ = self.disk.unlink(&names::blob(key));
    }

    /// Removes a blob's name; false where there was none. Durable only when its folder has been synced.
    ///
    /// A crash before that sync may bring the file back: as a blob that the catalogue marks as being deleted, or no
    /// longer knows, and both are swept again.
    pub(crate) fn unlink(&self, key: BlobKey) -> Result<bool, BlobError> {
        self.check_writable()?;
        let path = names::blob(key);
        self.disk.unlink(&path).map_err(|errno| BlobError::writing(format!("removing {path}"), errno))
    }

    /// Opens a blob: its file, to read alone, and its length.
    pub(crate) fn open_blob(&self, key: BlobKey) -> Result<(File, u64), BlobError> {
        let path = names::blob(key);
        let failed = |errno| BlobError::reading(format!("opening {path}"), errno);
        let file = self.disk.open(&path).map_err(failed)?;
        let stat = rustix::fs::fstat(&file).map_err(failed)?;
        if !rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file() {
            return Err(BlobError::Corrupt(format!("{path} is not a file")));
        }
        Ok((file, u64::try_from(stat.st_size).unwrap_or(0)))
    }

    /// Reads a blob whole and hashes it.
    pub(crate) fn hash(&self, key: BlobKey) -> Result<(ContentHash, u64), BlobError> {
        let (file, len) = self.open_blob(key)?;
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::Sequential);
        let room = usize::try_from(len.clamp(1, READ_SIZE as u64)).unwrap_or(READ_SIZE);
        let (mut buffer, mut hasher, mut at) = (vec![0; room], Sha256::new(), 0);
        loop {
            let read = self
                .disk
                .read_at(&file, &mut buffer, at)
                .map_err(|errno| BlobError::unavailable(format!("reading {}", names::blob(key)), errno))?;
            if read == 0 {
                return Ok((ContentHash(hasher.finalize().into()), at));
            }
            hasher.update(&buffer[..read]);
            at += read as u64;
        }
    }
}
