//! Sending staged files, in memory that is bounded for all of them together.

use std::{fs::File, os::unix::fs::FileExt as _, sync::Arc};

use bytes::Bytes;
use object_store::{
    Attribute, Attributes, MultipartUpload, ObjectStore as _, PutMultipartOptions, PutOptions, PutPayload,
};
use tintype_types::{BlobKey, ContentHash, MediaType};

use super::{Remote, failed};
use crate::{
    BlobError, Staged,
    blocking::blocking,
    folder::{Folder, names},
};

/// Files larger than this are sent in parts of this size; services take parts of 5 MiB and more.
const PART: usize = 8 << 20;

/// What every original is stored with. Names and dispositions belong to images, several of which may share the bytes, and
/// are given when they are served.
fn attributes(media_type: Option<MediaType>) -> Attributes {
    let mut attributes = Attributes::new();
    let mime = media_type.map_or("application/octet-stream", MediaType::mime);
    attributes.insert(Attribute::ContentType, mime.into());
    attributes.insert(Attribute::CacheControl, "private, max-age=31536000, immutable".into());
    attributes
}

impl Remote {
    /// Stores a staged file under its key; durable when this returns.
    ///
    /// A crash before it leaves nothing or a whole object that only the upload's intent knows; parts that were sent without
    /// an end stay until the bucket's lifecycle rule takes them.
    pub(crate) async fn put(
        &self,
        folder: &Arc<Folder>,
        staged: &Staged,
        key: BlobKey,
        media_type: Option<MediaType>,
    ) -> Result<(), BlobError> {
        if staged.hash() != key.hash {
            return Err(BlobError::Corrupt(format!(
                "the bytes to store hash to {}, not to {key}",
                staged.hash()
            )));
        }
        self.send(folder, staged, &names::blob(key), attributes(media_type)).await
    }

    /// Stores an original that a file holds, whose hash the caller has seen.
    pub(crate) async fn put_file(
        &self,
        key: BlobKey,
        file: Arc<File>,
        len: u64,
        media_type: Option<MediaType>,
    ) -> Result<(), BlobError> {
        let read = |at, size| read_at(Arc::clone(&file), at, size);
        self.send_read(&names::blob(key), len, attributes(media_type), read).await
    }

    /// Keeps what a direct upload sent through the server.
    pub(crate) async fn keep_incoming(
        &self,
        folder: &Arc<Folder>,
        staged: &Staged,
        id: ContentHash,
    ) -> Result<(), BlobError> {
        self.send(folder, staged, &names::incoming(id), attributes(None)).await
    }

    /// Stores a staged file as an object.
    async fn send(
        &self,
        folder: &Arc<Folder>,
        staged: &Staged,
        below: &str,
        attributes: Attributes,
    ) -> Result<(), BlobError> {
        let file = staged.file();
        self.send_read(below, staged.len(), attributes, |at, size| read(folder, Arc::clone(&file), at, size))
            .await
    }

    /// Stores `len` bytes as an object, as `read` has them at an offset.
    pub(super) async fn send_read<F: Future<Output = Result<Bytes, BlobError>>>(
        &self,
        below: &str,
        len: u64,
        attributes: Attributes,
        read: impl Fn(u64, usize) -> F,
    ) -> Result<(), BlobError> {
        let path = self.path(below);
        let failing = |error| failed(format!("storing {below}"), error);
        if let Some(len) = usize::try_from(len).ok().filter(|len| *len <= PART) {
            let _room = self.room(len).await;
            let payload = PutPayload::from(read(0, len).await?);
            let options = PutOptions { attributes, ..PutOptions::default() };
            self.store.put_opts(&path, payload, options).await.map_err(failing)?;
            return Ok(());
        }
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let mut upload = self.store.put_multipart_opts(&path, options).await.map_err(failing)?;
        let ended = match self.send_parts(&mut *upload, len, read).await {
            Ok(()) => upload.complete().await.map_err(failing).map(drop),
            Err(error) => Err(error),
        };
        if ended.is_err()
            && let Err(error) = upload.abort().await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                blob.object = below,
                "parts of a failed upload are left to the bucket's lifecycle rule"
            );
        }
        ended
    }

    async fn send_parts<F: Future<Output = Result<Bytes, BlobError>>>(
        &self,
        upload: &mut dyn MultipartUpload,
        len: u64,
        read: impl Fn(u64, usize) -> F,
    ) -> Result<(), BlobError> {
        let mut at = 0;
        while at < len {
            let size = usize::try_from(len - at).unwrap_or(PART).min(PART);
            let _room = self.room(size).await;
            let part = read(at, size).await?;
            let sent = upload.put_part(PutPayload::from(part)).await;
            sent.map_err(|error| failed(format!("sending a part of {size} bytes"), error))?;
            at += size as u64;
        }
        Ok(())
    }
}

/// Reads exactly `len` bytes of a file that nobody writes to.
pub(super) async fn read_at(file: Arc<File>, at: u64, len: usize) -> Result<Bytes, BlobError> {
    blocking(move || {
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, at)
            .map_err(|source| BlobError::Unavailable { what: "reading a file to send".to_owned(), source })?;
        Ok(Bytes::from(bytes))
    })
    .await
}

/// Reads exactly `len` bytes.
async fn read(folder: &Arc<Folder>, file: Arc<File>, at: u64, len: usize) -> Result<Bytes, BlobError> {
    let folder = Arc::clone(folder);
    blocking(move || {
        let read = folder
            .disk
            .read_vec(&file, at, len)
            .map_err(|errno| BlobError::unavailable("reading a staged file", errno))?;
        if read.len() < len {
            return Err(BlobError::Corrupt(
                "a staged file is shorter than what was written to it".to_owned(),
            ));
        }
        Ok(Bytes::from(read))
    })
    .await
}
