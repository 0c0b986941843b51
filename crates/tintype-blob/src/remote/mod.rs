//! Originals in an S3-compatible service.
//!
//! ```text
//! <prefix>/store.json                      which catalogue the originals belong to
//! <prefix>/originals/ab/<sha256>-<nonce>   an original, under the name that it has in a folder
//! <prefix>/incoming/<sha256 of the id>     what a direct upload sent and nobody has published yet
//! <prefix>/quarantine/2026-01-31/…         what a repair put aside that day
//! <prefix>/public/<image id>.<ext>         copies for readers, where links point at the bucket
//! <prefix>/tintype.db                      a backup's catalogue (`vault`)
//! <prefix>/tintype.holder, .released       which server backs its catalogue up there, and which gave that up last
//! ```
//! Nothing here counts on conditional writes, tags, ACLs, policies or versions: engines ignore them in silence. Names are
//! never reused, the catalogue decides which object stands for a hash, and what is read is hashed.
//!
//! An object is durable when the service says that it is stored: that is the service's promise, which `tintype doctor`
//! examines as far as it can be examined.

mod connect;
mod examine;
mod fetch;
mod identity;
mod list;
mod public;
mod put;
mod read;
mod sign;
mod trouble;
mod vault;

use std::{path::PathBuf, sync::Arc};

use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
use tintype_types::{BlobKey, ContentHash};
use tokio::sync::Semaphore;

use crate::{
    BlobError, Entry,
    folder::{names, put_aside},
};
pub use connect::S3Options;
pub use examine::{Checked, Outcome, examine};
pub(crate) use fetch::{Fetch, Read};
pub(crate) use list::Objects;
pub use public::PublicHeaders;
pub use read::ByteStream;
pub use sign::{SignedPut, Signing};
pub(crate) use trouble::failed;
pub use vault::{StoredCatalogue, Vault};

/// What all parts that are being sent or fetched may hold in memory together.
const ROOM: usize = 32 << 20;
/// The unit that room is given out in.
const ROOM_UNIT: usize = 1 << 10;

/// A bucket, or the part of it below a prefix.
#[derive(Debug)]
pub(crate) struct Remote {
    store: Arc<dyn ObjectStore>,
    /// What every name begins with; empty for the whole bucket.
    prefix: String,
    signer: Option<sign::Signer>,
    room: Arc<Semaphore>,
}

impl Remote {
    fn new(store: Arc<dyn ObjectStore>, prefix: &str, signer: Option<sign::Signer>) -> Self {
        let prefix = prefix.trim_matches('/').to_owned();
        Self { store, prefix, signer, room: Arc::new(Semaphore::new(ROOM / ROOM_UNIT)) }
    }

    /// A store that is there already, such as one in memory.
    #[cfg(feature = "testing")]
    pub(crate) fn of(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self::new(store, prefix, None)
    }

    /// A name below the prefix.
    fn name(&self, below: &str) -> String {
        if self.prefix.is_empty() { below.to_owned() } else { format!("{}/{below}", self.prefix) }
    }

    /// The same as the client library takes it. Our names are of characters that need no escaping.
    fn path(&self, below: &str) -> Path {
        Path::from(self.name(below))
    }

    /// Waits for room for so many bytes; given back when dropped.
    async fn room(&self, bytes: usize) -> tokio::sync::OwnedSemaphorePermit {
        let units = u32::try_from(bytes.clamp(1, ROOM).div_ceil(ROOM_UNIT)).unwrap_or(1);
        Arc::clone(&self.room).acquire_many_owned(units).await.expect("the semaphore is never closed")
    }

    /// Removes an object. Services do not say whether there was one.
    async fn remove(&self, below: &str) -> Result<bool, BlobError> {
        match self.store.delete(&self.path(below)).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed(format!("removing {below}"), error)),
        }
    }

    pub(crate) async fn delete(&self, key: BlobKey) -> Result<bool, BlobError> {
        self.remove(&names::blob(key)).await
    }

    pub(crate) async fn remove_incoming(&self, id: ContentHash) -> Result<bool, BlobError> {
        self.remove(&names::incoming(id)).await
    }

    /// Copies an object to the day's quarantine, then removes it. A crash in between leaves it in both places.
    pub(crate) async fn quarantine(&self, entry: &Entry, day: &str) -> Result<PathBuf, BlobError> {
        let (from, day, name) = put_aside(entry, day)?;
        let (from, to) = (from.to_string_lossy().into_owned(), format!("{day}/{name}"));
        match self.store.copy(&self.path(&from), &self.path(&to)).await {
            Err(object_store::Error::NotFound { .. }) => return Err(BlobError::NotFound),
            copied => copied.map_err(|error| failed(format!("copying {from} to {to}"), error))?,
        }
        self.remove(&from).await?;
        tracing::warn!(blob.from = from, blob.to = to, "put an object aside");
        Ok(PathBuf::from(to))
    }
}
