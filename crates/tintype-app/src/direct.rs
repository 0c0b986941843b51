//! Uploads in two steps: the sender first says what will come, then sends the file to an address of its own, then has it
//! published.
//!
//! What a crash leaves behind: before the file is kept, a row that the sweep removes after [`KEEP_SECONDS`]; after it, the
//! row and its file, which the sweep removes together. Publishing copies what was sent and ties the row to the image in the
//! transaction that makes the image, so that a repeated or parallel request answers that same image.

use tintype_blob::{BlobError, SignedPut, Staged};
use tintype_catalog::{DirectUpload, NewDirectUpload};
use tintype_types::{ContentHash, UnixMillis, secret::UploadId};

use crate::{
    Actor, App, Trouble,
    actor::hash_secret,
    authorize::{Action, Denial, Subject, authorize},
    sweep::BATCH,
    upload::{Admission, Received, Sender, UploadError, UploadFields, Uploaded, Whose},
};

/// Time in which the file must begin to come.
const SEND_SECONDS: i64 = 600;
/// Time in which it must be published; what was not is forgotten.
const KEEP_SECONDS: i64 = 86_400;

/// What the sender says of a file.
#[derive(Clone, Debug, Default)]
pub struct Announcement {
    /// Its name.
    pub file_name: Option<String>,
    /// Its length.
    pub bytes: Option<u64>,
    /// Its SHA-256.
    pub sha256: Option<ContentHash>,
    /// Its media type, as the sender believes.
    pub content_type: Option<String>,
}

/// What names a direct upload: its id, or the object that it was sent to. Either is the right to publish it; neither can be
/// guessed.
#[derive(Clone, Debug)]
pub enum DirectName {
    /// The id.
    Id(UploadId),
    /// The hash of the id, which names the object.
    Object(ContentHash),
}

impl DirectName {
    fn hash(&self) -> [u8; 32] {
        match self {
            Self::Id(id) => hash_secret(id.expose()),
            Self::Object(hash) => hash.0,
        }
    }
}

/// A direct upload that may begin.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Its id: the right to send and to publish the file.
    pub id: UploadId,
    /// What the file is called until it is published, below the store's prefix.
    pub key: String,
    /// Where it goes, if not to this server: an address of the object storage, signed for this one file.
    pub put: Option<SignedPut>,
    /// Until when the file must begin to come.
    pub expires_at: UnixMillis,
}

/// A file that may be sent now.
pub struct Slot {
    id: ContentHash,
    /// The length that was announced.
    bytes: Option<u64>,
    sha256: Option<ContentHash>,
    /// The right to send.
    pub admission: Admission,
}

/// Why a direct upload goes no further.
#[derive(Debug, thiserror::Error)]
pub enum DirectError {
    /// There is none of this id, or it was forgotten.
    #[error("there is no such upload")]
    Unknown,
    /// Its time to be sent is over.
    #[error("the time to send the file is over")]
    TooLate,
    /// It was published before.
    #[error("the file was published already")]
    Published,
    /// Nothing was sent yet.
    #[error("the file was not sent yet")]
    NotSent,
    /// The file has another length than was announced.
    #[error("the file has {actual} bytes; {announced} were announced")]
    WrongLength {
        /// What was announced.
        announced: u64,
        /// What came.
        actual: u64,
    },
    /// The file has another SHA-256 than was announced.
    #[error("the file's SHA-256 is {actual}; {announced} was announced")]
    WrongHash {
        /// What was announced.
        announced: ContentHash,
        /// What came.
        actual: ContentHash,
    },
    /// As any upload.
    #[error(transparent)]
    Upload(#[from] UploadError),
}

impl From<Trouble> for DirectError {
    fn from(trouble: Trouble) -> Self {
        Self::Upload(trouble.into())
    }
}

impl From<tintype_catalog::CatalogError> for DirectError {
    fn from(error: tintype_catalog::CatalogError) -> Self {
        Self::Upload(error.into())
    }
}

impl From<tintype_blob::BlobError> for DirectError {
    fn from(error: tintype_blob::BlobError) -> Self {
        Self::Upload(error.into())
    }
}

/// Refuses a file that is not the one that was announced.
fn as_announced(staged: &Staged, bytes: Option<u64>, sha256: Option<ContentHash>) -> Result<(), DirectError> {
    let (actual, hash) = (staged.len(), staged.hash());
    if let Some(announced) = bytes.filter(|announced| *announced != actual) {
        return Err(DirectError::WrongLength { announced, actual });
    }
    match sha256.filter(|announced| *announced != hash) {
        Some(announced) => Err(DirectError::WrongHash { announced, actual: hash }),
        None => Ok(()),
    }
}

impl App {
    /// Begins a direct upload.
    ///
    /// # Errors
    /// Not allowed, or the announced length passes the limit; the server's own trouble.
    pub async fn begin_direct(&self, actor: &Actor, announced: Announcement) -> Result<Begun, UploadError> {
        let max = self.config.upload_bytes_max;
        if announced.bytes.is_some_and(|bytes| bytes > max) {
            return Err(UploadError::TooLarge { max });
        }
        // Refuses now what it would refuse when the file comes.
        drop(self.admit_upload(actor, false, announced.bytes)?);
        let owner = self.owner_for_upload(actor).await?;
        let (id, now) = (self.random.upload_id(), self.clock.now());
        let id_hash = hash_secret(id.expose());
        let put = if self.takes_direct() {
            let seconds = SEND_SECONDS.unsigned_abs();
            let (content_type, bytes) = (announced.content_type.as_deref(), announced.bytes);
            self.blobs
                .sign_incoming(ContentHash(id_hash), content_type, bytes, announced.sha256, seconds)
                .await?
        } else {
            None
        };
        let key = match put {
            Some(_) => format!("incoming/{}", ContentHash(id_hash)),
            None => format!("incoming/{}", id.expose()),
        };
        let new = NewDirectUpload {
            id_hash,
            owner,
            file_name: announced.file_name,
            bytes: announced.bytes,
            sha256: announced.sha256,
            created_at: now,
        };
        self.catalog.begin_direct_upload(new).await?;
        Ok(Begun { id, key, put, expires_at: now.plus_seconds(SEND_SECONDS) })
    }

    /// Whether files may go straight to the object storage.
    pub fn takes_direct(&self) -> bool {
        self.config.direct && self.blobs.is_remote()
    }

    /// Whether originals are kept in an object storage.
    pub fn keeps_in_bucket(&self) -> bool {
        self.blobs.is_remote()
    }

    /// Scheme and host of the object storage where browsers send files there or read pictures from there.
    pub fn store_origin(&self) -> Option<String> {
        if self.takes_direct() || self.redirects() { self.blobs.signed_origin() } else { None }
    }

    /// Lets the file of a direct upload in, before its body is read.
    ///
    /// # Errors
    /// [`DirectError`], but for what is wrong with the bytes.
    pub async fn admit_direct(&self, id: &UploadId, declared: Option<u64>) -> Result<Slot, DirectError> {
        let upload = self.direct_upload(hash_secret(id.expose())).await?;
        if upload.image.is_some() {
            return Err(DirectError::Published);
        }
        let begun = upload.begun;
        if self.clock.now() > begun.created_at.plus_seconds(SEND_SECONDS) {
            return Err(DirectError::TooLate);
        }
        if let (Some(announced), Some(actual)) = (begun.bytes, declared)
            && announced != actual
        {
            return Err(DirectError::WrongLength { announced, actual });
        }
        let admission = self.admit_bytes(declared.or(begun.bytes))?;
        Ok(Slot { id: ContentHash(begun.id_hash), bytes: begun.bytes, sha256: begun.sha256, admission })
    }

    /// Keeps the file that came, in the place of an earlier one. Returns its SHA-256.
    ///
    /// # Errors
    /// [`DirectError::WrongLength`], [`DirectError::WrongHash`], the store's trouble; nothing is kept then.
    pub async fn keep_direct(&self, slot: Slot, received: Received) -> Result<ContentHash, DirectError> {
        let hash = received.staged.hash();
        as_announced(&received.staged, slot.bytes, slot.sha256)?;
        self.blobs.keep_incoming(received.staged, slot.id).await?;
        Ok(hash)
    }

    /// Publishes the file of a direct upload, as any upload: inspected, its metadata removed. What is published is what was
    /// read now; the image that it became before is answered again, without its delete token.
    ///
    /// # Errors
    /// [`DirectError`]. A file that is refused may be sent anew while there is time.
    pub async fn publish_direct(
        &self,
        name: &DirectName,
        fields: UploadFields,
    ) -> Result<Uploaded, DirectError> {
        let id_hash = name.hash();
        let upload = self.direct_upload(id_hash).await?;
        if let Some(image) = upload.image {
            return self.published_before(image).await;
        }
        let begun = upload.begun;
        let incoming = ContentHash(begun.id_hash);
        let _admission = self.admit_bytes(begun.bytes)?;
        let max = self.config.upload_bytes_max;
        let staged = self.read_incoming(&begun, max).await;
        if matches!(staged, Err(BlobError::TooLarge { .. })) {
            self.forget_incoming(incoming).await;
            return Err(UploadError::TooLarge { max }.into());
        }
        let Some(staged) = staged? else {
            // A parallel request may have published and removed it since the row was read.
            let image = self.direct_upload(id_hash).await?.image.ok_or(DirectError::NotSent)?;
            return self.published_before(image).await;
        };
        // The store was told what to refuse; what stands here was read, and is what will be published.
        as_announced(&staged, begun.bytes, begun.sha256)?;
        let sender = Sender {
            whose: Whose::Owner(begun.owner),
            any_path: false,
            file_name: begun.file_name,
            return_duplicates: fields.return_duplicates.unwrap_or(false),
            direct: Some(begun.id_hash),
            idempotency: None,
        };
        let uploaded = self.publish_from(sender, staged, fields).await?;
        self.forget_incoming(incoming).await;
        Ok(uploaded)
    }

    /// Reads what was sent. A bucket has looked at the hash before it took the file: what does not fit then is asked for once
    /// more, before the sender is blamed for what happened on the way here.
    async fn read_incoming(
        &self,
        begun: &NewDirectUpload,
        bytes_max: u64,
    ) -> Result<Option<Staged>, BlobError> {
        let incoming = ContentHash(begun.id_hash);
        let staged = self.blobs.stage_incoming(incoming, bytes_max).await?;
        match &staged {
            Some(read) if begun.sha256.is_some_and(|announced| announced != read.hash()) => {
                self.blobs.stage_incoming(incoming, bytes_max).await
            }
            _ => Ok(staged),
        }
    }

    async fn forget_incoming(&self, incoming: ContentHash) {
        if let Err(error) = self.blobs.remove_incoming(incoming).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the file of a direct upload is left to the sweep"
            );
        }
    }

    async fn direct_upload(&self, id_hash: [u8; 32]) -> Result<DirectUpload, DirectError> {
        let now = self.clock.now();
        self.catalog
            .direct_upload(id_hash)
            .await?
            .filter(|upload| upload.begun.created_at.plus_seconds(KEEP_SECONDS) > now)
            .ok_or(DirectError::Unknown)
    }

    async fn published_before(&self, id: tintype_types::ImageId) -> Result<Uploaded, DirectError> {
        let image = self.catalog.image(id).await?.ok_or(UploadError::Denied(Denial::NotFound))?;
        let subject = Subject::of(&image, self.clock.now());
        // Whoever has the upload's id has sent the image; they see what its owner sees.
        let owner = Actor::Browser { key_hash: [0; 32], owner: Some(image.owner) };
        authorize(&owner, Action::View, Some(subject), self.config.uploaders).map_err(UploadError::Denied)?;
        Ok(Uploaded { image, delete_token: None, duplicate: true })
    }

    /// Removes the direct uploads whose time is over, and counts them.
    pub(crate) async fn sweep_direct(&self, now: UnixMillis) -> Result<usize, Trouble> {
        let mut removed = 0;
        loop {
            let old = self.catalog.old_direct_uploads(now.minus_seconds(KEEP_SECONDS), BATCH).await?;
            for id in &old {
                self.blobs.remove_incoming(ContentHash(*id)).await?;
                self.catalog.forget_direct_upload(*id).await?;
            }
            removed += old.len();
            if old.len() < BATCH as usize {
                return Ok(removed);
            }
        }
    }
}
