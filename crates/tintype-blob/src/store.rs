//! The store as the rest of the program sees it: one type, whatever keeps the bytes.

use std::{io, path::Path, path::PathBuf, sync::Arc};

use bytes::Bytes;
use tintype_types::{BlobKey, ContentHash, ImageId, MediaType, SpanPlan};

use crate::{
    Blob, BlobError, Entry, Listing, Staged, Staging,
    blocking::blocking,
    folder::{self, Folder, StagingKind},
    remote::{Fetch, PublicHeaders, Remote, S3Options, SignedPut, Signing},
    rewrite::{restage, rewrite},
};

/// Stored bytes. Clones are the same store.
///
/// Uploads are staged and variants cached in the data folder; originals lie there too, or in an S3-compatible service.
///
/// Dropping a future stops the waiting, not the work under way: a put may then still end as an unreferenced blob, which
/// the sweep takes, and a delete may still happen.
#[derive(Clone, Debug)]
pub struct BlobStore {
    folder: Arc<Folder>,
    /// Where the originals are, if not in the folder.
    remote: Option<Arc<Remote>>,
}

/// How a folder is opened.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) disk: folder::disk::Kind,
    /// How files are staged, where that is known.
    pub(crate) staging: StagingKind,
    pub(crate) originals: Originals,
}

/// Where the originals are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Originals {
    /// In the folder.
    Here,
    /// In a service, at this place for people to read.
    Elsewhere(String),
    /// On their way from one to the other.
    Moving,
}

impl Originals {
    /// What `store.json` says of it.
    pub(crate) fn place(&self) -> Option<&str> {
        match self {
            Self::Elsewhere(place) => Some(place),
            Self::Here | Self::Moving => None,
        }
    }
}

impl Options {
    pub(crate) fn real(originals: Originals) -> Self {
        Self { disk: folder::disk::Kind::Real, staging: StagingKind::Unknown, originals }
    }
}

impl BlobStore {
    /// Opens the data folder `dir` of the catalogue whose identity is these 32 hex digits, or creates it.
    ///
    /// `fresh` says that the catalogue knows no blob yet; only then is a folder without an identity taken, and only
    /// when no original lies in it. A disk that is full or read-only still opens, to be read.
    ///
    /// # Errors
    /// [`BlobError::ForeignStore`] where folder and catalogue do not belong together, [`BlobError::OtherKind`] where the
    /// originals are elsewhere; nothing was changed then.
    pub async fn open(dir: &Path, identity: &str, fresh: bool) -> Result<Self, BlobError> {
        Self::open_as(dir, identity, fresh, Options::real(Originals::Here), None).await
    }

    /// The same with the originals in an S3-compatible service; the data folder keeps what may be lost.
    ///
    /// # Errors
    /// As for [`BlobStore::open`]; [`BlobError::Remote`] where the service refuses or does not answer.
    pub async fn open_s3(dir: &Path, identity: &str, fresh: bool, s3: &S3Options) -> Result<Self, BlobError> {
        let remote = Remote::connect(s3)?;
        Self::open_as(dir, identity, fresh, Options::real(Originals::Elsewhere(s3.shown())), Some(remote))
            .await
    }

    async fn open_as(
        dir: &Path,
        identity: &str,
        fresh: bool,
        options: Options,
        remote: Option<Remote>,
    ) -> Result<Self, BlobError> {
        if let Some(remote) = &remote {
            remote.claim(identity, fresh).await?;
        }
        let (dir, identity) = (dir.to_owned(), identity.to_owned());
        let folder = blocking(move || folder::open(&dir, &identity, fresh, options)).await?;
        Ok(Self { folder, remote: remote.map(Arc::new) })
    }

    fn folder(&self) -> Arc<Folder> {
        Arc::clone(&self.folder)
    }

    /// The `store.json` of a folder that keeps the originals of the catalogue with this identity itself.
    pub fn folder_identity(identity: &str) -> Vec<u8> {
        folder::identity::written(identity, None)
    }

    /// The identity that a `store.json` names.
    ///
    /// # Errors
    /// [`BlobError::Corrupt`]: not one of ours, or of a newer version.
    pub fn identity_in(text: &[u8]) -> Result<String, BlobError> {
        folder::identity::read(text).map(|found| found.identity)
    }

    /// Whether the originals are in an S3-compatible service.
    pub fn is_remote(&self) -> bool {
        self.remote.is_some()
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

    /// Makes a staged file's bytes durable (fsync), once. Where the originals are in a service, they are durable only when
    /// they are there: nothing is done.
    ///
    /// # Errors
    /// As for [`BlobStore::stage`]. After a failed sync the store takes no more writes.
    pub async fn sync(&self, staged: &Staged) -> Result<(), BlobError> {
        if self.remote.is_some() {
            return Ok(());
        }
        let (folder, staged) = (self.folder(), staged.shared());
        blocking(move || folder.sync_staged(&staged.inner)).await
    }

    /// Stores a staged file of this type under `key`, durably: when this returns, a power cut takes nothing away. Bytes that were not
    /// synced yet are synced first. Concurrent calls share the syncs of folders.
    ///
    /// # Errors
    /// As for [`BlobStore::sync`]; [`BlobError::AlreadyExists`] where the key is taken; [`BlobError::Corrupt`] where the
    /// key names other bytes. Nothing is left behind.
    pub async fn link(&self, staged: Staged, key: BlobKey, media_type: MediaType) -> Result<(), BlobError> {
        if let Some(remote) = &self.remote {
            return remote.put(&self.folder, &staged, key, Some(media_type)).await;
        }
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
        if let Some(remote) = &self.remote {
            return remote.keep_incoming(&self.folder, &staged, id).await;
        }
        let folder = self.folder();
        blocking(move || folder.keep_incoming(&staged, id)).await
    }

    /// Copies what a direct upload sent into a staged file, hashed on the way; `None` where it has sent nothing. The file
    /// itself stays.
    ///
    /// # Errors
    /// As for [`BlobStore::stage`]; [`BlobError::TooLarge`] where it has more than `bytes_max` bytes.
    pub async fn stage_incoming(&self, id: ContentHash, bytes_max: u64) -> Result<Option<Staged>, BlobError> {
        if let Some(remote) = &self.remote {
            return remote.stage_incoming(&self.folder, id, bytes_max).await;
        }
        let folder = self.folder();
        blocking(move || match folder.open_incoming(id)? {
            Some((_, len)) if len > bytes_max => Err(BlobError::TooLarge { bytes: len }),
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
        if let Some(remote) = &self.remote {
            return remote.remove_incoming(id).await;
        }
        let folder = self.folder();
        blocking(move || folder.remove_incoming(id)).await
    }

    /// Signs an address that a direct upload's file can be sent to, for so many seconds; `None` where the store takes none.
    ///
    /// # Errors
    /// [`BlobError::Remote`] where there are no credentials.
    pub async fn sign_incoming(
        &self,
        id: ContentHash,
        content_type: Option<&str>,
        len: Option<u64>,
        sha256: Option<ContentHash>,
        seconds: u64,
    ) -> Result<Option<SignedPut>, BlobError> {
        match &self.remote {
            Some(remote) => remote.sign_put(id, content_type, len, sha256, seconds).await,
            None => Ok(None),
        }
    }

    /// Signs an address of a stored original; `None` where the store has none. Whoever has it reads the original until it
    /// expires, deleted or not.
    ///
    /// # Errors
    /// [`BlobError::Remote`] where there are no credentials.
    pub async fn sign_blob(&self, key: BlobKey, answer: &Signing<'_>) -> Result<Option<String>, BlobError> {
        match &self.remote {
            Some(remote) => remote.sign_get(key, answer).await,
            None => Ok(None),
        }
    }

    /// Copies an original to `public/<image>.<extension>`, for readers that come without a signature; an earlier copy is
    /// replaced. `false` where the store has no bucket.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] where there is no such original; [`BlobError::Remote`].
    pub async fn publish_copy(
        &self,
        key: BlobKey,
        image: ImageId,
        headers: &PublicHeaders,
    ) -> Result<bool, BlobError> {
        match &self.remote {
            Some(remote) => remote.publish(key, image, headers).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// The copies of images that readers can get; none where the store has no bucket.
    ///
    /// # Errors
    /// [`BlobError::Remote`].
    pub async fn copies(&self) -> Result<Vec<(ImageId, MediaType)>, BlobError> {
        match &self.remote {
            Some(remote) => remote.published().await,
            None => Ok(Vec::new()),
        }
    }

    /// Removes an image's copy. Whether there was one, services do not always say.
    ///
    /// # Errors
    /// [`BlobError::Remote`].
    pub async fn remove_copy(&self, image: ImageId, media_type: MediaType) -> Result<(), BlobError> {
        match &self.remote {
            Some(remote) => remote.unpublish(image, media_type).await.map(drop),
            None => Ok(()),
        }
    }

    /// Scheme and host of signed addresses; `None` where the store has none.
    pub fn signed_origin(&self) -> Option<String> {
        self.remote.as_ref()?.signed_origin()
    }

    /// Opens a blob of `len` bytes to be read. Where it has to be fetched and `keep` says so, it is fetched once, for
    /// everybody who has this [`Blob`], into a file that is gone with the last of them.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], [`BlobError::Corrupt`] for what is not a file or has another length than a service says,
    /// [`BlobError::Unavailable`] or [`BlobError::Remote`].
    pub async fn open_blob(&self, key: BlobKey, len: u64, keep: bool) -> Result<Blob, BlobError> {
        let folder = self.folder();
        if let Some(remote) = &self.remote {
            let fetch = if keep { Fetch::begin(remote, &folder, key, len).await? } else { None };
            return Ok(match fetch {
                Some(fetch) => Blob::of_fetch(folder, key, fetch, len),
                // Where the disk takes no file to keep it in, it is streamed.
                None => Blob::of_object(folder, key, Arc::clone(remote), len),
            });
        }
        blocking(move || {
            let (file, len) = folder.open_blob(key)?;
            Ok(Blob::of_file(folder, key, file, len))
        })
        .await
    }

    /// The length that a blob has.
    ///
    /// # Errors
    /// As for [`BlobStore::open_blob`].
    pub async fn blob_len(&self, key: BlobKey) -> Result<u64, BlobError> {
        if let Some(remote) = &self.remote {
            return remote.len(key).await;
        }
        let folder = self.folder();
        blocking(move || Ok(folder.open_blob(key)?.1)).await
    }

    /// Removes a blob, durably; false where there was none. A service does not always say: true then.
    ///
    /// # Errors
    /// As for [`BlobStore::sync`].
    pub async fn delete(&self, key: BlobKey) -> Result<bool, BlobError> {
        if let Some(remote) = &self.remote {
            return remote.delete(key).await;
        }
        let folder = self.folder();
        let removing = Arc::clone(&folder);
        let removed = blocking(move || removing.unlink(key)).await?;
        // Synced even where there was nothing to remove: an earlier delete may have been cut short of its sync.
        folder.synced(key.hash.0[0]).await?;
        Ok(removed)
    }

    /// Moves an entry of [`BlobStore::list`] to `quarantine/<day>/`, durably; returns where it lies now, relative to the
    /// data folder or the prefix. `day` is written as `2026-01-31`.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], or as for [`BlobStore::sync`].
    pub async fn quarantine(&self, entry: &Entry, day: &str) -> Result<PathBuf, BlobError> {
        if let Some(remote) = &self.remote {
            return remote.quarantine(entry, day).await;
        }
        let (folder, entry, day) = (self.folder(), entry.clone(), day.to_owned());
        blocking(move || folder.quarantine(&entry, &day)).await
    }

    /// Walks through the originals.
    pub fn list(&self) -> Listing {
        match &self.remote {
            Some(remote) => Listing::of_objects(Arc::clone(remote)),
            None => Listing::of_folder(self.folder()),
        }
    }

    /// Reads a blob whole and returns its hash and length; the caller compares them with the key's and the catalogue's.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] or [`BlobError::Unavailable`].
    pub async fn hash(&self, key: BlobKey) -> Result<(ContentHash, u64), BlobError> {
        if let Some(remote) = &self.remote {
            return remote.hash(key).await;
        }
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
        self.folder.disk.free_bytes().map_err(io::Error::from)
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

    /// The recipes of an image's variants in their canonical form, such as `w=640,h=480,fit=cover.webp`, in alphabetical
    /// order.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    pub async fn variant_recipes(&self, image: ImageId) -> Result<Vec<String>, BlobError> {
        let folder = self.folder();
        blocking(move || folder.variant_recipes(image)).await
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
        let options =
            Options { disk: folder::disk::Kind::Faulty(faults), staging, originals: Originals::Here };
        Self::open_as(dir, identity, fresh, options, None).await
    }

    /// Opens a store whose originals are in this one, such as one in memory or one that fails on demand.
    ///
    /// # Errors
    /// As for [`BlobStore::open_s3`].
    pub async fn open_objects(
        dir: &Path,
        identity: &str,
        fresh: bool,
        store: Arc<dyn object_store::ObjectStore>,
    ) -> Result<Self, BlobError> {
        let remote = Remote::of(store, "");
        Self::open_as(
            dir,
            identity,
            fresh,
            Options::real(Originals::Elsewhere("memory".to_owned())),
            Some(remote),
        )
        .await
    }
}
