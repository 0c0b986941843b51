//! A file that is being staged, and its removal when it comes to nothing.

use std::{
    fs::File,
    sync::{
        Arc, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::io::Errno;

use super::{Folder, names};
use crate::BlobError;

/// A file open to write that has no name yet, or a temporary one. Dropping it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct StagedFile {
    /// `Some` until the drop.
    held: Option<Held>,
    synced: AtomicBool,
}

#[derive(Debug)]
struct Held {
    folder: Arc<Folder>,
    file: File,
    /// The path in `staging/` where files without a name are not to be had.
    name: Option<String>,
}

/// How files are staged on this file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StagingKind {
    /// To be found out by the first write, so that a store that is only read is not written to.
    Unknown,
    /// Without a name (`O_TMPFILE`): a crash leaves nothing to sweep.
    Unnamed,
    /// Under a temporary name in `staging/`.
    Named,
}

/// Whether the answer means that the file system has no files without names.
fn is_unsupported(errno: Errno) -> bool {
    matches!(errno, Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOSYS | Errno::NOENT)
}

impl Folder {
    fn staging(&self) -> MutexGuard<'_, StagingKind> {
        self.staging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How to stage files. The first call tries it: a file without a name is made, opened anew, and named.
    ///
    /// A crash in between leaves one empty file in `staging/`, which the sweep at start removes.
    fn staging_kind(&self) -> Result<StagingKind, Errno> {
        let mut kind = self.staging();
        if *kind != StagingKind::Unknown {
            return Ok(*kind);
        }
        let path = format!("{}/{}", names::STAGING, self.temporary_name());
        let tried = self.disk.create_unnamed(names::STAGING).and_then(|file| {
            self.disk.reopen(&file)?;
            self.disk.link_unnamed(&file, &path)?;
            self.disk.unlink(&path)
        });
        match tried {
            Ok(_) => *kind = StagingKind::Unnamed,
            // Says nothing about files without names; the next write asks again.
            Err(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::ROFS | Errno::ACCESS | Errno::IO)) => {
                return Err(errno);
            }
            Err(errno) => {
                tracing::info!(
                    blob.error = %std::io::Error::from(errno),
                    "files are staged in staging/ under temporary names: this file system has none without names"
                );
                *kind = StagingKind::Named;
            }
        }
        Ok(*kind)
    }
}

impl StagedFile {
    /// Creates an empty file on the file system of the originals.
    ///
    /// A crash while it is open leaves nothing: the kernel frees what has no name. Where a name is needed it lies in
    /// `staging/`, and the sweep at start removes it.
    pub(crate) fn create(folder: Arc<Folder>) -> Result<Self, BlobError> {
        folder.check_writable()?;
        let failed = |errno| BlobError::writing("creating a file to stage bytes in", errno);
        if folder.staging_kind().map_err(failed)? == StagingKind::Unnamed {
            match folder.disk.create_unnamed(names::STAGING) {
                Ok(file) => return Ok(Self::new(Held { folder, file, name: None })),
                Err(errno) if is_unsupported(errno) => *folder.staging() = StagingKind::Named,
                Err(errno) => return Err(failed(errno)),
            }
        }
        let mut name = format!("{}/{}", names::STAGING, folder.temporary_name());
        let file = loop {
            match folder.disk.create_named(&name) {
                Err(Errno::EXIST) => name = format!("{}/{}", names::STAGING, folder.temporary_name()),
                result => break result.map_err(failed)?,
            }
        };
        Ok(Self::new(Held { folder, file, name: Some(name) }))
    }

    fn new(held: Held) -> Self {
        Self { held: Some(held), synced: AtomicBool::new(false) }
    }

    fn held(&self) -> &Held {
        self.held.as_ref().expect("taken by the drop alone")
    }

    pub(crate) fn folder(&self) -> &Arc<Folder> {
        &self.held().folder
    }

    /// The descriptor to write by. It was open before the first byte was written, so that a sync by it reports every
    /// error since.
    pub(crate) fn writer(&self) -> &File {
        &self.held().file
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.held().name.as_deref()
    }

    /// A descriptor of its own to read by: whoever gets it, a worker say, cannot change what was hashed.
    pub(crate) fn reader(&self) -> Result<File, BlobError> {
        let held = self.held();
        let opened = match &held.name {
            None => held.folder.disk.reopen(&held.file),
            Some(name) => held.folder.disk.open(name),
        };
        opened.map_err(|errno| BlobError::unavailable("opening a staged file to read", errno))
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Acquire)
    }

    pub(crate) fn set_synced(&self) {
        self.synced.store(true, Ordering::Release);
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        // Freeing a large file takes milliseconds; the thread that serves connections does not wait for it. Where the
        // pool is closing down, the closure is dropped instead of run, which frees the file just as well.
        if let (Some(held), Ok(runtime)) = (self.held.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn_blocking(move || drop(held));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(name) = &self.name
            && let Err(errno) = self.folder.disk.unlink(name)
        {
            // The sweep at the next start removes it.
            tracing::warn!(
                blob.file = name,
                blob.error = %std::io::Error::from(errno),
                "could not remove a staged file; the next start will"
            );
        }
    }
}
