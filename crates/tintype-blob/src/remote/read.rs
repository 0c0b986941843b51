//! Reading objects straight from the service.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use object_store::{GetOptions, GetRange, GetResult, ObjectStore as _, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use tintype_types::{BlobKey, ContentHash};

use super::{Remote, failed};
use crate::{
    BlobError, Staged, Staging,
    folder::{Folder, names},
};

/// Bytes of a blob as they come.
pub type ByteStream = BoxStream<'static, Result<Bytes, BlobError>>;

impl Remote {
    /// Asks for an object, or a range of it; answers when the service does, so that what is missing is known before the
    /// first byte is sent on.
    pub(super) async fn get(&self, below: &str, range: Option<Range<u64>>) -> Result<GetResult, BlobError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        match self.store.get_opts(&self.path(below), options).await {
            Err(object_store::Error::NotFound { .. }) => Err(BlobError::NotFound),
            found => found.map_err(|error| failed(format!("reading {below}"), error)),
        }
    }

    /// The same for an original, whose length is known.
    pub(crate) async fn get_blob(
        &self,
        key: BlobKey,
        len: u64,
        range: Option<Range<u64>>,
    ) -> Result<ByteStream, BlobError> {
        let below = names::blob(key);
        let found = self.get(&below, range).await?;
        if found.meta.size != len {
            let has = found.meta.size;
            return Err(BlobError::Corrupt(format!("{below} has {has} bytes, not {len}")));
        }
        let bytes = found.into_stream();
        Ok(bytes.map(move |piece| piece.map_err(|error| failed(format!("reading {below}"), error))).boxed())
    }

    /// Bytes `start..end` of an original. Where these are all of it, they are hashed on the way, and the last of them is
    /// held back until the hash fits: whoever reads to the end has read the original.
    pub(crate) async fn stream(
        self: &Arc<Self>,
        key: BlobKey,
        len: u64,
        range: Range<u64>,
    ) -> Result<ByteStream, BlobError> {
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        if range != (0..len) {
            return self.get_blob(key, len, Some(range)).await;
        }
        let bytes = self.get_blob(key, len, None).await?;
        Ok(verified(bytes, key, len).boxed())
    }

    /// Length of an original.
    pub(crate) async fn len(&self, key: BlobKey) -> Result<u64, BlobError> {
        let below = names::blob(key);
        match self.store.head(&self.path(&below)).await {
            Err(object_store::Error::NotFound { .. }) => Err(BlobError::NotFound),
            found => Ok(found.map_err(|error| failed(format!("looking at {below}"), error))?.size),
        }
    }

    /// Reads an original whole and hashes it.
    pub(crate) async fn hash(&self, key: BlobKey) -> Result<(ContentHash, u64), BlobError> {
        let below = names::blob(key);
        let mut bytes = self.get(&below, None).await?.into_stream();
        let (mut hasher, mut len) = (Sha256::new(), 0);
        while let Some(piece) = bytes.next().await {
            let piece = piece.map_err(|error| failed(format!("reading {below}"), error))?;
            hasher.update(&piece);
            len += piece.len() as u64;
        }
        Ok((ContentHash(hasher.finalize().into()), len))
    }

    /// Copies an original into a staged file.
    pub(crate) async fn stage(&self, folder: &Arc<Folder>, key: BlobKey) -> Result<Staged, BlobError> {
        let below = names::blob(key);
        let staged = self.stage_object(folder, &below, u64::MAX).await?;
        if staged.hash() != key.hash {
            return Err(BlobError::Corrupt(format!("{below} hashes to {}", staged.hash())));
        }
        Ok(staged)
    }

    /// Copies what a direct upload sent into a staged file; `None` where it has sent nothing.
    pub(crate) async fn stage_incoming(
        &self,
        folder: &Arc<Folder>,
        id: ContentHash,
        bytes_max: u64,
    ) -> Result<Option<Staged>, BlobError> {
        match self.stage_object(folder, &names::incoming(id), bytes_max).await {
            Err(BlobError::NotFound) => Ok(None),
            staged => staged.map(Some),
        }
    }

    async fn stage_object(
        &self,
        folder: &Arc<Folder>,
        below: &str,
        bytes_max: u64,
    ) -> Result<Staged, BlobError> {
        let found = self.get(below, None).await?;
        let (len, mut bytes) = (found.meta.size, found.into_stream());
        if len > bytes_max {
            return Err(BlobError::TooLarge { bytes: len });
        }
        let mut staging = Staging::create(Arc::clone(folder)).await?;
        while let Some(piece) = bytes.next().await {
            let piece = piece.map_err(|error| failed(format!("reading {below}"), error))?;
            if staging.len() + piece.len() as u64 > len {
                return Err(BlobError::Corrupt(format!(
                    "{below} has more than the {len} bytes that it was said to have"
                )));
            }
            staging.write(piece).await?;
        }
        if staging.len() != len {
            return Err(BlobError::Corrupt(format!("{below} ended after {} of {len} bytes", staging.len())));
        }
        staging.finish().await
    }
}

/// Lets bytes through while they are hashed; the last piece only where the whole is what it is called.
fn verified(bytes: ByteStream, key: BlobKey, len: u64) -> impl Stream<Item = Result<Bytes, BlobError>> {
    struct State {
        bytes: ByteStream,
        hasher: Sha256,
        seen: u64,
        /// Handed on before it is hashed, so that its reader does not wait for that.
        unhashed: Option<Bytes>,
        /// What would complete the whole.
        last: Option<Bytes>,
        over: bool,
    }
    let state = State { bytes, hasher: Sha256::new(), seen: 0, unhashed: None, last: None, over: false };
    futures_util::stream::try_unfold(state, move |mut state| async move {
        if let Some(piece) = state.unhashed.take() {
            state.hasher.update(&piece);
        }
        while !state.over {
            match state.bytes.next().await.transpose()? {
                Some(piece) if piece.is_empty() => {}
                Some(piece) => {
                    state.seen += piece.len() as u64;
                    if state.seen < len {
                        state.unhashed = Some(piece.clone());
                        return Ok(Some((piece, state)));
                    }
                    state.hasher.update(&piece);
                    state.last = state.last.or(Some(piece));
                }
                None => state.over = true,
            }
        }
        let Some(last) = state.last.take() else {
            // Whoever got all there was without an error would take it for the whole.
            return if state.seen == len { Ok(None) } else { Err(other_bytes(key)) };
        };
        let hash = ContentHash(std::mem::take(&mut state.hasher).finalize().into());
        if hash != key.hash || state.seen != len {
            return Err(other_bytes(key));
        }
        Ok(Some((last, state)))
    })
}

fn other_bytes(key: BlobKey) -> BlobError {
    BlobError::Corrupt(format!("{key} came with other bytes than were stored"))
}
