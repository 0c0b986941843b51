//! The store as the rest of the program sees it: one type, whatever keeps the bytes.

use std::{io, path::Path, path::PathBuf, sync::Arc};

use bytes::Bytes;
use tintype_types::{BlobKey, ContentHash, ImageId, SpanPlan};

use crate::{
    Blob, BlobError, Entry, Listing, Staged, Staging,
    blocking::blocking,
    folder::{self, Folder, StagingKind},
    rewrite::{restage, rewrite},
};

/// Stored bytes. Clones are the same store.
///
/// Dropping a future stops the waiting, not the work under way: a put may then still end as an unreferenced blob, which
/// the sweep takes, and a delete may still happen.
#[derive(Clone, Debug)]
pub struct BlobStore {
    backend: Backend,
}

/// What keeps the bytes. A closed set: each method matches it.
#[derive(Clone, Debug)]
enum Backend {
    Folder(Arc<Folder>),
}

/// How a folder is opened.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) disk: folder::disk::Kind,
    /// How files are staged, where that is known.
    pub(crate) staging: StagingKind,
}

impl BlobStore {
    /// Opens the data folder `dir` of the catalogue whose identity is these 32 hex digits, or creates it.
    ///
    /// `fresh` says that the catalogue knows no blob yet; only then is a folder without an identity taken, and only
    /// when no original lies in it. A disk that is full or read-only still opens, to be read.
    ///
    /// # Errors
    /// [`BlobError::ForeignStore`] where folder and catalogue do not belong together; nothing was changed then.
    pub async fn open(dir: &Path, identity: &str, fresh: bool) -> Result<Self, BlobError> {
        Self::open_as(
            dir,
            identity,
            fresh,
            Options { disk: folder::disk::Kind::Real, staging: StagingKind::Unknown },
        )
        .await
    }

    async fn open_as(dir: &Path, identity: &str, fresh: bool, options: Options) -> Result<Self, BlobError> {
        let (dir, identity) = (dir.to_owned(), identity.to_owned());
        let folder = blocking(move || folder::open(&dir, &identity, fresh, options)).await?;
        Ok(Self { backend: Backend::Folder(folder) })
    }

    fn folder(&self) -> Arc<Folder> {
        match &self.backend {
            Backend::Folder(folder) => Arc::clone(folder),
        }
    }

    /// Begins to take bytes in.
    ///
    /// # Errors
    /// [`BlobError::Full`], [`BlobError::ReadOnly`], [`BlobError::Poisoned`] or [`BlobError::Unavailable`].
    pub async fn stage(&self) -> Result<Staging, BlobError> {
        Staging::create(self.folder()).await
    }

    /// Copies what a plan keeps of a staged file, and what it adds, into a new staged file, hashed on the way.
    ///
    /// # Errors
    /// As for [`BlobStore::stage`]; [`BlobError::Corrupt`] for a plan that does not fit the file.
    pub async fn rewrite(&self, staged: &Staged, plan: &SpanPlan) -> Result<Staged, BlobError> {
        let (folder, staged, plan) = (self.folder(), staged.shared(), plan.clone());
        blocking(move || rewrite(&folder, &staged, &plan)).await
    }

    /// Makes a staged file's bytes durable (fsync), once.
    ///
    /// # Errors
    /// As for [`BlobStore::stage`]. After a failed sync the store takes no more writes.
    pub async fn sync(&self, staged: &Staged) -> Result<(), BlobError> {
        let (folder, staged) = (self.folder(), staged.shared());
        blocking(move || folder.sync_staged(&staged.inner)).await
    }

    /// Stores a staged file under `key`, durably: when this returns, a power cut takes nothing away. Bytes that were not
    /// synced yet are synced first. Concurrent calls share the syncs of folders.
    ///
    /// # Errors
    /// As for [`BlobStore::sync`]; [`BlobError::AlreadyExists`] where the key is taken; [`BlobError::Corrupt`] where the
    /// key names other bytes. Nothing is left behind.
    pub async fn link(&self, staged: Staged, key: BlobKey) -> Result<(), BlobError> {
        let folder = self.folder();
        let linking = Arc::clone(&folder);
        blocking(move || linking.link(&staged, key)).await?;
        let Err(error) = folder.synced(key.hash.0[0]).await else { return Ok(()) };
        let removing = Arc::clone(&folder);
        blocking(move || {
            removing.unlink_quietly(key);
            Err(error)
        })
        .await
    }

    /// Keeps what a direct upload sent until somebody publishes it, durably; an earlier file of the same upload is
    /// replaced. `id` is the SHA-256 of the upload's id.
    ///
    /// # Errors
    /// As for [`BlobStore::sync`]. Nothing is left behind.
    pub async fn keep_incoming(&self, staged: Staged, id: ContentHash) -> Result<(), BlobError> {
        let folder = self.folder();
        blocking(move || folder.keep_incoming(&staged, id)).await
    }

    /// Copies what a direct upload sent into a staged file, hashed on the way; `None` where it has sent nothing. The file
    /// itself stays.
    ///
    /// # Errors
    /// As for [`BlobStore::stage`].
    pub async fn stage_incoming(&self, id: ContentHash) -> Result<Option<Staged>, BlobError> {
        let folder = self.folder();
        blocking(move || match folder.open_incoming(id)? {
            Some((file, len)) => restage(&folder, file, len).map(Some),
            None => Ok(None),
        })
        .await
    }

    /// Removes what a direct upload sent, durably; false where there was nothing.
    ///
    /// # Errors
    /// As for [`BlobStore::sync`].
    pub async fn remove_incoming(&self, id: ContentHash) -> Result<bool, BlobError> {
        let folder = self.folder();
        blocking(move || folder.remove_incoming(id)).await
    }

    /// Opens a blob to be read.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], [`BlobError::Corrupt`] for what is not a file, or [`BlobError::Unavailable`].
    pub async fn open_blob(&self, key: BlobKey) -> Result<Blob, BlobError> {
        let folder = self.folder();
        blocking(move || {
            let (file, len) = folder.open_blob(key)?;
            Ok(Blob::new(folder, key, file, len))
        })
        .await
    }

    /// Removes a blob, durably; false where there was none.
    ///
    /// # Errors
    /// As for [`BlobStore::sync`].
    pub async fn delete(&self, key: BlobKey) -> Result<bool, BlobError> {
        let folder = self.folder();
        let removing = Arc::clone(&folder);
        let removed = blocking(move || removing.unlink(key)).await?;
        // Synced even where there was nothing to remove: an earlier delete may have been cut short of its sync.
        folder.synced(key.hash.0[0]).await?;
        Ok(removed)
    }

    /// Moves an entry of [`BlobStore::list`] to `quarantine/<day>/`, durably; returns where it lies now, relative to the
    /// data folder. `day` is written as `2026-01-31`.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], or as for [`BlobStore::sync`].
    pub async fn quarantine(&self, entry: &Entry, day: &str) -> Result<PathBuf, BlobError> {
        let (folder, entry, day) = (self.folder(), entry.clone(), day.to_owned());
        blocking(move || folder.quarantine(&entry, &day)).await
    }

    /// Walks through the originals.
    pub fn list(&self) -> Listing {
        Listing::new(self.folder())
    }

    /// Reads a blob whole and returns its hash and length; the caller compares them with the key's and the catalogue's.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] or [`BlobError::Unavailable`].
    pub async fn hash(&self, key: BlobKey) -> Result<(ContentHash, u64), BlobError> {
        let folder = self.folder();
        blocking(move || folder.hash(key)).await
    }

    /// Removes the temporary files of earlier processes; returns how many. Those of this process stay. To be called at
    /// start, when no earlier process uses the folder any more.
    ///
    /// # Errors
    /// [`BlobError::ReadOnly`] or [`BlobError::Unavailable`].
    pub async fn sweep_staging(&self) -> Result<usize, BlobError> {
        let folder = self.folder();
        blocking(move || folder.sweep_staging()).await
    }

    /// Bytes that may still be written to the file system of the data folder. A quick system call.
    ///
    /// # Errors
    /// The system's answer.
    pub fn free_bytes(&self) -> io::Result<u64> {
        match &self.backend {
            Backend::Folder(folder) => folder.disk.free_bytes().map_err(io::Error::from),
        }
    }

    /// Stores a rendered variant in the cache; it may be gone after a power cut, never wrong.
    ///
    /// # Errors
    /// As for [`BlobStore::stage`]; the variant can be served all the same.
    pub async fn put_variant(
        &self,
        image: ImageId,
        recipe: &str,
        epoch: u32,
        bytes: Bytes,
    ) -> Result<(), BlobError> {
        let (folder, recipe) = (self.folder(), recipe.to_owned());
        blocking(move || folder.put_variant(image, &recipe, epoch, &bytes)).await
    }

    /// Reads a variant from the cache. A damaged file is removed, and the answer is `None`.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    pub async fn get_variant(
        &self,
        image: ImageId,
        recipe: &str,
        epoch: u32,
    ) -> Result<Option<Bytes>, BlobError> {
        let (folder, recipe) = (self.folder(), recipe.to_owned());
        blocking(move || folder.get_variant(image, &recipe, epoch)).await
    }

    /// Removes an image's variants of every recipe and epoch; returns how many.
    ///
    /// # Errors
    /// [`BlobError::ReadOnly`] or [`BlobError::Unavailable`].
    pub async fn delete_variants(&self, image: ImageId) -> Result<usize, BlobError> {
        let folder = self.folder();
        blocking(move || folder.delete_variants(image)).await
    }

    /// Counts an image's variants of every recipe and epoch.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    pub async fn variant_count(&self, image: ImageId) -> Result<usize, BlobError> {
        let folder = self.folder();
        blocking(move || folder.variant_count(image)).await
    }
}

#[cfg(feature = "testing")]
impl BlobStore {
    /// Opens a folder whose disk fails as planned, and, without `unnamed`, as on a file system that has no files without
    /// names.
    ///
    /// # Errors
    /// As for [`BlobStore::open`].
    pub async fn open_faulty(
        dir: &Path,
        identity: &str,
        fresh: bool,
        faults: Arc<crate::Faults>,
        unnamed: bool,
    ) -> Result<Self, BlobError> {
        let staging = if unnamed { StagingKind::Unknown } else { StagingKind::Named };
        Self::open_as(dir, identity, fresh, Options { disk: folder::disk::Kind::Faulty(faults), staging })
            .await
    }
}
