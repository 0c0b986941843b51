//! A stored original, open to be read.

use std::{fs::File, sync::Arc};

use bytes::Bytes;
use tintype_types::BlobKey;

use crate::{BlobError, blocking::blocking, folder::Folder};

/// An open blob. It can be read to its end even while it is being deleted.
#[derive(Clone, Debug)]
pub struct Blob {
    folder: Arc<Folder>,
    key: BlobKey,
    file: Arc<File>,
    len: u64,
}

impl Blob {
    pub(crate) fn new(folder: Arc<Folder>, key: BlobKey, file: File, len: u64) -> Self {
        Self { folder, key, file: Arc::new(file), len }
    }

    /// The name it is stored under.
    pub fn key(&self) -> BlobKey {
        self.key
    }

    /// Bytes of the blob.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the blob has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The file, by a descriptor that cannot write, for a worker or for reads of the caller's own. Whoever reads by it
    /// should do so at offsets (`pread`), since clones share one position.
    pub fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Reads `len` bytes from `offset`; fewer, or none, only where the blob ends.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`] where the disk fails; [`BlobError::Corrupt`] where the file has become shorter.
    pub async fn read_at(&self, offset: u64, len: usize) -> Result<Bytes, BlobError> {
        let left = self.len.saturating_sub(offset);
        let len = usize::try_from(left).unwrap_or(len).min(len);
        if len == 0 {
            return Ok(Bytes::new());
        }
        let blob = self.clone();
        blocking(move || {
            let read = blob.folder.disk.read_vec(&blob.file, offset, len).map_err(|errno| {
                BlobError::unavailable(format!("reading the original {}", blob.key), errno)
            })?;
            if read.len() < len {
                return Err(BlobError::Corrupt(format!("the original {} has lost its end", blob.key)));
            }
            Ok(Bytes::from(read))
        })
        .await
    }
}
