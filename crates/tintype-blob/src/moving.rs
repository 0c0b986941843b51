//! Moving the originals from the folder to a service, or back.

use std::{path::Path, sync::Arc};

use tintype_types::{BlobKey, ContentHash, MediaType};

use crate::{
    BlobError,
    blocking::blocking,
    folder::{self, Folder},
    remote::{Remote, S3Options},
    store::{Options, Originals},
};

/// Which way originals go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the folder to the service.
    ToS3,
    /// From the service to the folder.
    ToFolder,
}

/// Two stores of one catalogue. No server may use either meanwhile.
///
/// The source stays as it is until [`Move::remove_source`]; until [`Move::finish`] the catalogue's originals are those of
/// the source. A crash leaves copies in the target, which the next attempt finds.
#[derive(Debug)]
pub struct Move {
    folder: Arc<Folder>,
    remote: Arc<Remote>,
    direction: Direction,
    identity: String,
    place: String,
}

impl Move {
    /// Opens both.
    ///
    /// # Errors
    /// [`BlobError::ForeignStore`] where one of them is another catalogue's, [`BlobError::Remote`] where the service
    /// refuses or does not answer.
    pub async fn open(
        dir: &Path,
        identity: &str,
        s3: &S3Options,
        direction: Direction,
    ) -> Result<Self, BlobError> {
        let remote = Remote::connect(s3)?;
        // An empty bucket becomes this catalogue's; one that is the source has to be it already.
        remote.claim(identity, direction == Direction::ToS3).await?;
        let (dir, owned) = (dir.to_owned(), identity.to_owned());
        let folder =
            blocking(move || folder::open(&dir, &owned, true, Options::real(Originals::Moving))).await?;
        Ok(Self {
            folder,
            remote: Arc::new(remote),
            direction,
            identity: identity.to_owned(),
            place: s3.shown(),
        })
    }

    /// Whether the target has a file of this name and length.
    ///
    /// # Errors
    /// As every question to the target.
    pub async fn has(&self, key: BlobKey, len: u64) -> Result<bool, BlobError> {
        let found = match self.direction {
            Direction::ToS3 => self.remote.len(key).await,
            Direction::ToFolder => {
                let folder = Arc::clone(&self.folder);
                blocking(move || Ok(folder.open_blob(key)?.1)).await
            }
        };
        match found {
            Ok(found) => Ok(found == len),
            Err(BlobError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Copies an original, hashed on the way; durable in the target when this returns.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] or [`BlobError::Corrupt`] for an original that the source does not have, or not as it was
    /// stored; as every write to the target.
    pub async fn copy(&self, key: BlobKey, media_type: Option<MediaType>) -> Result<(), BlobError> {
        let folder = Arc::clone(&self.folder);
        match self.direction {
            Direction::ToS3 => {
                let reading = Arc::clone(&folder);
                let (file, len) = blocking(move || {
                    let (hash, _) = reading.hash(key)?;
                    if hash != key.hash {
                        return Err(BlobError::Corrupt(format!("the file hashes to {hash}")));
                    }
                    reading.open_blob(key)
                })
                .await?;
                self.remote.put_file(key, Arc::new(file), len, media_type).await
            }
            Direction::ToFolder => {
                let staged = self.remote.stage(&folder, key).await?;
                let linking = Arc::clone(&folder);
                let linked = blocking(move || {
                    if linking.open_blob(key).is_ok() {
                        // Of another length, or it would not be copied: a crash of an earlier attempt cannot leave it.
                        linking.unlink(key)?;
                    }
                    linking.link(&staged, key)
                });
                linked.await?;
                folder.synced(key.hash.0[0]).await
            }
        }
    }

    /// The hash of what the target has.
    ///
    /// # Errors
    /// As every read of the target.
    pub async fn hash(&self, key: BlobKey) -> Result<ContentHash, BlobError> {
        match self.direction {
            Direction::ToS3 => Ok(self.remote.hash(key).await?.0),
            Direction::ToFolder => {
                let folder = Arc::clone(&self.folder);
                Ok(blocking(move || folder.hash(key)).await?.0)
            }
        }
    }

    /// Says in `store.json` that the originals are in the target from now on.
    ///
    /// # Errors
    /// As every write to the folder.
    pub async fn finish(&self) -> Result<(), BlobError> {
        let (folder, identity) = (Arc::clone(&self.folder), self.identity.clone());
        let place = (self.direction == Direction::ToS3).then(|| self.place.clone());
        blocking(move || folder.write_identity(&identity, place.as_deref(), true)).await
    }

    /// Removes the copies of images that readers got from the bucket, or only counts them.
    ///
    /// # Errors
    /// As every write to the bucket.
    pub async fn end_copies(&self, remove: bool) -> Result<usize, BlobError> {
        let copies = self.remote.published().await?;
        for (image, media_type) in copies.iter().filter(|_| remove) {
            self.remote.unpublish(*image, *media_type).await?;
        }
        Ok(copies.len())
    }

    /// Removes an original from the source.
    ///
    /// # Errors
    /// As every write to the source.
    pub async fn remove_source(&self, key: BlobKey) -> Result<bool, BlobError> {
        match self.direction {
            Direction::ToFolder => self.remote.delete(key).await,
            Direction::ToS3 => {
                let folder = Arc::clone(&self.folder);
                let removing = Arc::clone(&folder);
                let removed = blocking(move || removing.unlink(key)).await?;
                folder.synced(key.hash.0[0]).await?;
                Ok(removed)
            }
        }
    }
}
