//! Bytes on their way in: written to a file that nobody can see yet, counted and hashed on the way.

use std::{
    fs::File,
    io,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tintype_types::ContentHash;
use tokio::task::JoinHandle;

use crate::{
    BlobError,
    batch::{Batch, slices},
    blocking::{blocking, joined},
    folder::{Folder, StagedFile},
};

/// An open staging file. Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct Staging {
    batch: Batch,
    len: u64,
    state: State,
    under_way: UnderWay,
}

/// One of the files being staged at this moment; counted until it is dropped.
#[derive(Debug)]
struct UnderWay(Arc<Folder>);

impl UnderWay {
    fn enter(folder: Arc<Folder>) -> Self {
        folder.staged_now.fetch_add(1, Ordering::Relaxed);
        Self(folder)
    }

    fn count(&self) -> usize {
        self.0.staged_now.load(Ordering::Relaxed)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.staged_now.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug)]
enum State {
    Idle(Box<Writer>),
    /// The last batch is being written while the next one fills.
    Writing(JoinHandle<Result<Box<Writer>, BlobError>>),
    /// A write failed, and the file is gone.
    Failed,
}

/// The file and what is known of its bytes, handed to the blocking pool and back.
#[derive(Debug)]
struct Writer {
    file: StagedFile,
    hasher: Sha256,
    len: u64,
}

impl Writer {
    fn write(&mut self, parts: &[Bytes]) -> Result<(), BlobError> {
        let folder = self.file.folder();
        folder.check_writable()?;
        folder
            .disk
            .write(self.file.writer(), &mut slices(parts))
            .map_err(|errno| BlobError::writing("writing a staged file", errno))?;
        for part in parts {
            self.hasher.update(part);
            self.len += part.len() as u64;
        }
        Ok(())
    }

    fn finish(self) -> Result<Staged, BlobError> {
        Staged::new(self.file, self.len, self.hasher)
    }
}

impl Staging {
    /// Creates the file.
    pub(crate) async fn create(folder: Arc<Folder>) -> Result<Self, BlobError> {
        let under_way = UnderWay::enter(Arc::clone(&folder));
        let file = blocking(move || StagedFile::create(folder)).await?;
        let writer = Box::new(Writer { file, hasher: Sha256::new(), len: 0 });
        Ok(Self { batch: Batch::default(), len: 0, state: State::Idle(writer), under_way })
    }

    /// Takes a chunk. Chunks are gathered to 256 KiB, less where many files are under way, and then written and hashed in
    /// one hop into the blocking pool, while the next ones gather; the call waits only when both are full, so that memory
    /// stays flat.
    ///
    /// # Errors
    /// The disk's answer to this chunk or an earlier one. Nothing is left behind then, and the staging is of no more use.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), BlobError> {
        self.len += chunk.len() as u64;
        self.batch.push(chunk);
        if !self.batch.is_full(self.under_way.count()) {
            return Ok(());
        }
        let mut writer = self.idle().await?;
        let parts = self.batch.take();
        self.state = State::Writing(tokio::task::spawn_blocking(move || {
            writer.write(&parts)?;
            Ok(writer)
        }));
        Ok(())
    }

    /// Bytes taken so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether no byte was taken so far.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes what is still gathered and ends the file. It is not durable yet.
    ///
    /// # Errors
    /// As for [`Staging::write`].
    pub async fn finish(mut self) -> Result<Staged, BlobError> {
        let mut writer = self.idle().await?;
        let parts = self.batch.take();
        blocking(move || {
            if !parts.is_empty() {
                writer.write(&parts)?;
            }
            writer.finish()
        })
        .await
    }

    /// Waits for the batch under way. A dropped future takes nothing away: the next call waits again.
    async fn idle(&mut self) -> Result<Box<Writer>, BlobError> {
        if let State::Writing(handle) = &mut self.state {
            let result = joined(handle).await;
            self.state = State::Failed;
            return result;
        }
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(writer) => Ok(writer),
            State::Writing(_) | State::Failed => Err(BlobError::Unavailable {
                what: "writing a staged file".to_owned(),
                source: io::Error::other("an earlier write of it failed"),
            }),
        }
    }
}

/// A whole file that has no name yet. Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct Staged {
    pub(crate) inner: Arc<StagedFile>,
    reader: Arc<File>,
    len: u64,
    hash: ContentHash,
}

impl Staged {
    pub(crate) fn new(file: StagedFile, len: u64, hasher: Sha256) -> Result<Self, BlobError> {
        let reader = Arc::new(file.reader()?);
        Ok(Self { inner: Arc::new(file), reader, len, hash: ContentHash(hasher.finalize().into()) })
    }

    /// The same file once more.
    pub(crate) fn shared(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            reader: Arc::clone(&self.reader),
            len: self.len,
            hash: self.hash,
        }
    }

    /// Bytes of the file.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// SHA-256 of the bytes.
    pub fn hash(&self) -> ContentHash {
        self.hash
    }

    /// The file to read, by a descriptor that cannot write: safe to hand to a worker. Whoever reads by it should do so
    /// at offsets (`pread`), since clones share one position.
    pub fn file(&self) -> Arc<File> {
        Arc::clone(&self.reader)
    }
}
