//! A stored original, open to be read.

use std::{fs::File, ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::StreamExt as _;
use tintype_types::BlobKey;

use crate::{
    BlobError,
    blocking::blocking,
    folder::Folder,
    remote::{ByteStream, Fetch, Read, Remote},
};

/// Bytes that are read at a time where a blob is streamed.
const CHUNK: usize = 256 << 10;

/// An open blob. From a folder it can be read to its end even while it is being deleted.
#[derive(Clone, Debug)]
pub struct Blob {
    folder: Arc<Folder>,
    key: BlobKey,
    len: u64,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    File(Arc<File>),
    /// On its way into a file of our own.
    Fetch(Arc<Fetch>),
    /// Read from the service, time and again.
    Object(Arc<Remote>),
}

impl Blob {
    pub(crate) fn of_file(folder: Arc<Folder>, key: BlobKey, file: File, len: u64) -> Self {
        Self { folder, key, len, source: Source::File(Arc::new(file)) }
    }

    pub(crate) fn of_fetch(folder: Arc<Folder>, key: BlobKey, fetch: Arc<Fetch>, len: u64) -> Self {
        Self { folder, key, len, source: Source::Fetch(fetch) }
    }

    pub(crate) fn of_object(folder: Arc<Folder>, key: BlobKey, remote: Arc<Remote>, len: u64) -> Self {
        Self { folder, key, len, source: Source::Object(remote) }
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

    /// The file, where its bytes are all in one of this machine: by a descriptor that cannot write. Whoever reads by it
    /// should do so at offsets (`pread`), since clones share one position.
    pub fn file(&self) -> Option<Arc<File>> {
        match &self.source {
            Source::File(file) => Some(Arc::clone(file)),
            Source::Fetch(fetch) => fetch.file(),
            Source::Object(_) => None,
        }
    }

    /// Whether it came to nothing on its way and is to be opened anew.
    pub fn has_failed(&self) -> bool {
        matches!(&self.source, Source::Fetch(fetch) if fetch.has_failed())
    }

    /// All of it in a file of this machine, which is fetched first where there is none.
    ///
    /// # Errors
    /// As for [`Blob::read_at`].
    pub async fn local(&self) -> Result<Arc<File>, BlobError> {
        match &self.source {
            Source::File(file) => Ok(Arc::clone(file)),
            Source::Fetch(fetch) => fetch.whole(self.key).await,
            Source::Object(remote) => Ok(remote.stage(&self.folder, self.key).await?.file()),
        }
    }

    /// Reads up to `len` bytes from `offset`: at least one, but for the end of the blob.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`] or [`BlobError::Remote`] where the disk or the service fails; [`BlobError::Corrupt`]
    /// where the bytes are not those that were stored.
    pub async fn read_at(&self, offset: u64, len: usize) -> Result<Bytes, BlobError> {
        let left = self.len.saturating_sub(offset);
        let len = usize::try_from(left).unwrap_or(len).min(len);
        if len == 0 {
            return Ok(Bytes::new());
        }
        let file = match &self.source {
            Source::File(file) => Arc::clone(file),
            Source::Fetch(fetch) => match fetch.read(self.key, offset, len).await? {
                Read::Bytes(bytes) => return Ok(bytes),
                Read::File(file) => file,
            },
            Source::Object(remote) => {
                let range = offset..offset + len as u64;
                let mut bytes = remote.get_blob(self.key, self.len, Some(range)).await?;
                return bytes.next().await.unwrap_or_else(|| Err(self.cut()));
            }
        };
        self.read_file(file, offset, len).await
    }

    /// Reads all of it into memory.
    ///
    /// # Errors
    /// As for [`Blob::read_at`].
    pub async fn read_all(&self) -> Result<Bytes, BlobError> {
        let mut bytes = self.stream(0..self.len).await?;
        let first = bytes.next().await.transpose()?.unwrap_or_default();
        if first.len() as u64 == self.len {
            return Ok(first);
        }
        let mut all = first.to_vec();
        while let Some(piece) = bytes.next().await {
            all.extend_from_slice(&piece?);
        }
        Ok(Bytes::from(all))
    }

    /// The bytes of a range within the blob, piece by piece. What a service does not have, it says before the first.
    ///
    /// # Errors
    /// As for [`Blob::read_at`], at once or later. Whoever has read to the end without one has read what was stored.
    pub async fn stream(&self, range: Range<u64>) -> Result<ByteStream, BlobError> {
        if let Source::Object(remote) = &self.source {
            return remote.stream(self.key, self.len, range).await;
        }
        let pieces =
            futures_util::stream::try_unfold((self.clone(), range.start), move |(blob, at)| async move {
                if at >= range.end {
                    return Ok(None);
                }
                let wanted = CHUNK.min(usize::try_from(range.end - at).unwrap_or(CHUNK));
                let piece = blob.read_at(at, wanted).await?;
                if piece.is_empty() {
                    return Err(blob.cut());
                }
                let next = at + piece.len() as u64;
                Ok(Some((piece, (blob, next))))
            });
        Ok(pieces.boxed())
    }

    async fn read_file(&self, file: Arc<File>, offset: u64, len: usize) -> Result<Bytes, BlobError> {
        let blob = self.clone();
        blocking(move || {
            let read = blob.folder.disk.read_vec(&file, offset, len).map_err(|errno| {
                BlobError::unavailable(format!("reading the original {}", blob.key), errno)
            })?;
            if read.len() < len { Err(blob.cut()) } else { Ok(Bytes::from(read)) }
        })
        .await
    }

    fn cut(&self) -> BlobError {
        BlobError::Corrupt(format!("the original {} has lost its end", self.key))
    }
}
