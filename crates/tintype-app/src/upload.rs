//! Taking images in.
//!
//! The order of every upload, and what a crash leaves behind at each step:
//!
//! 1. Bytes stream into an unnamed file while they are counted and hashed. A crash leaves nothing: the file has no name.
//! 2. A confined worker proves that they are an image and says which ranges are published. Still nothing.
//! 3. The published file is synced while an intent (its future name) is written to the catalogue. A crash leaves the
//!    intent, which the next start settles.
//! 4. The file gets its name and its folder is synced. A crash leaves a file that only the intent knows: the next start
//!    removes both.
//! 5. One catalogue transaction inserts blob and image and drops the intent. From here on the image exists.
//! 6. The reply. Where it is lost, the image exists all the same; a browser that tries again gets the same image.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use tintype_blob::{BlobError, Staged, Staging};
use tintype_catalog::{CatalogError, Constraint, Duplicates, IntentId, NewImage, PathCondition, Published};
use tintype_sandbox::SandboxError;
use tintype_types::{BlobKey, ContentHash, Inspection, MediaType, Refusal, Visibility, secret::DeleteToken};

use crate::{
    Actor, App, Image, OwnerId, Trouble,
    actor::hash_secret,
    authorize::{Action, Denial, authorize},
};

/// What an uploader says about an image.
#[derive(Clone, Debug, Default)]
pub struct UploadFields {
    /// Title.
    pub title: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Alternative text.
    pub alt: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// The caller's own string.
    pub label: Option<String>,
    /// Named path to publish at.
    pub path: Option<String>,
    /// What has to stand at that path.
    pub path_condition: PathCondition,
    /// Who may see it; else whoever sees what it replaces at its path, or whoever has the link.
    pub visibility: Option<Visibility>,
    /// Life in seconds.
    pub expires_in: Option<i64>,
    /// Whether metadata stays in.
    pub keep_metadata: bool,
    /// Whether the same bytes again give the same image; by default only for browsers.
    pub return_duplicates: Option<bool>,
    /// What makes the upload repeatable.
    pub idempotency: Option<IdempotencyKey>,
}

/// A key of the sender's choice: the same key again answers the same image, however often it is sent.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    /// The sender's text.
    pub text: String,
    /// What tells one sender from another where nobody in particular sends.
    pub nobody: String,
    /// Which file of the request.
    pub index: usize,
}

impl IdempotencyKey {
    /// What the catalogue knows the key by: keys of different senders are different keys.
    fn hash(&self, actor: &Actor) -> [u8; 32] {
        let sender = match actor {
            Actor::Token { owner, .. } => format!("owner {}", owner.0),
            Actor::Browser { key_hash, .. } => format!("browser {key_hash:?}"),
            Actor::Nobody => format!("nobody {}", self.nobody),
        };
        hash_secret(&format!("{sender}\n{}\n{}", self.index, self.text))
    }
}

/// An image that was taken in.
#[derive(Debug)]
pub struct Uploaded {
    /// The image.
    pub image: Image,
    /// What deletes it, owner or not; none where the image was already there.
    pub delete_token: Option<DeleteToken>,
    /// Whether the image was already there.
    pub duplicate: bool,
}

/// Why an upload is not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// More bytes than the limit.
    #[error("the file is larger than {max} bytes")]
    TooLarge {
        /// The limit in bytes.
        max: u64,
    },
    /// Not an image, or not one that is accepted.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The worker died of it, or ran out of time.
    #[error("the file could not be decoded")]
    Undecodable,
    /// The operator does not take these bytes.
    #[error("this content is banned")]
    Banned,
    /// The upload's key was used for another file.
    #[error("the Idempotency-Key was used for another file")]
    KeyReused,
    /// Another owner's named path.
    #[error("the path belongs to somebody else")]
    PathTaken,
    /// Something else stands at the named path than the sender expects.
    #[error("something else stands at the path than was expected")]
    PathChanged,
    /// The server's own trouble.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<BlobError> for UploadError {
    fn from(error: BlobError) -> Self {
        Self::Trouble(error.into())
    }
}

impl From<CatalogError> for UploadError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Conflict(Constraint::PathTaken) => Self::PathTaken,
            CatalogError::Conflict(Constraint::PathChanged) => Self::PathChanged,
            CatalogError::Conflict(Constraint::KeyReused) => Self::KeyReused,
            error => Self::Trouble(error.into()),
        }
    }
}

impl From<SandboxError> for UploadError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Refused(refusal) => Self::Refused(refusal),
            // Logged where the worker was reaped; to the uploader it is a file that cannot be decoded.
            SandboxError::Died { .. } | SandboxError::Deadline(_) | SandboxError::Nonsense(_) => {
                Self::Undecodable
            }
            error => Self::Trouble(error.into()),
        }
    }
}

/// Bounds the uploads under way.
#[derive(Debug)]
pub(crate) struct Gate {
    under_way: Arc<AtomicUsize>,
    max: usize,
}

impl Gate {
    pub(crate) fn new(max: usize) -> Self {
        Self { under_way: Arc::default(), max }
    }

    fn enter(&self) -> Result<Admission, Trouble> {
        let admission = Admission { under_way: self.under_way.clone() };
        if admission.under_way.fetch_add(1, Ordering::Relaxed) < self.max {
            Ok(admission)
        } else {
            Err(Trouble::Busy)
        }
    }
}

/// The right to send one request's files. Given back when dropped.
#[derive(Debug)]
pub struct Admission {
    under_way: Arc<AtomicUsize>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A file on its way in.
pub struct Receiving {
    staging: Staging,
    bytes_max: u64,
}

impl Receiving {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`UploadError::TooLarge`] as soon as the limit is passed; the store's trouble.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), UploadError> {
        if self.staging.len().saturating_add(chunk.len() as u64) > self.bytes_max {
            return Err(UploadError::TooLarge { max: self.bytes_max });
        }
        Ok(self.staging.write(chunk).await?)
    }

    /// Bytes so far.
    pub fn len(&self) -> u64 {
        self.staging.len()
    }

    /// Whether nothing has come yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All bytes are there.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn finish(self) -> Result<Received, UploadError> {
        Ok(Received { staged: self.staging.finish().await? })
    }
}

/// A whole file, received and hashed, not yet looked at.
pub struct Received {
    pub(crate) staged: Staged,
}

impl App {
    /// Lets an upload in, before its body is read.
    ///
    /// # Errors
    /// Not allowed, the declared length passes the limit, too many uploads at once, or the disk is nearly full.
    pub fn admit_upload(
        &self,
        actor: &Actor,
        path: bool,
        declared: Option<u64>,
    ) -> Result<Admission, UploadError> {
        let action = if path { Action::PublishAtPath } else { Action::Upload };
        authorize(actor, action, None, self.config.uploaders)?;
        self.admit_bytes(declared)
    }

    /// Lets bytes in whose sender may send them.
    ///
    /// # Errors
    /// As [`App::admit_upload`].
    pub(crate) fn admit_bytes(&self, declared: Option<u64>) -> Result<Admission, UploadError> {
        // A form's own overhead is small beside the files; each file is measured again while it streams in.
        let max = self.config.upload_bytes_max;
        let body_max = max.saturating_mul(self.config.upload_files_max as u64).saturating_add(1 << 20);
        if declared.is_some_and(|bytes| bytes > body_max) {
            return Err(UploadError::TooLarge { max });
        }
        let admission = self.admission.enter()?;
        if self.is_over_cap(declared.unwrap_or(0)) {
            let (max, used) = (self.config.store_bytes_max.unwrap_or(0), self.usage().bytes);
            let detail = format!("{used} bytes are stored; store.bytes_max is {max}");
            return Err(Trouble::StorageFull(detail.into()).into());
        }
        let free = self.blobs.free_bytes().unwrap_or(u64::MAX);
        if free < self.config.free_min.saturating_add(declared.unwrap_or(0)) {
            let detail =
                format!("{free} bytes are free; uploads need {} beside their own size", self.config.free_min);
            return Err(Trouble::StorageFull(detail.into()).into());
        }
        Ok(admission)
    }

    /// Asks before the bytes come whether what stands at a named path of the actor's is what it expects.
    ///
    /// # Errors
    /// [`UploadError::PathTaken`], [`UploadError::PathChanged`], or the server's own trouble.
    pub async fn expect_at_path(
        &self,
        actor: &Actor,
        path: &str,
        condition: &PathCondition,
    ) -> Result<(), UploadError> {
        let Some(whose) = self.paths_of(actor) else { return Ok(()) };
        Ok(self.catalog.expect_at_path(path, whose, condition, self.clock.now()).await?)
    }

    /// Opens an unnamed file for one upload's bytes.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn receive(&self, _admission: &Admission) -> Result<Receiving, UploadError> {
        Ok(Receiving { staging: self.blobs.stage().await?, bytes_max: self.config.upload_bytes_max })
    }

    /// Inspects a received file and publishes it.
    ///
    /// Runs to its end even when the caller goes away: a sender that vanishes after its last byte has uploaded.
    ///
    /// # Errors
    /// [`UploadError`]; nothing is left behind.
    pub async fn publish(
        &self,
        actor: &Actor,
        received: Received,
        file_name: Option<String>,
        fields: UploadFields,
    ) -> Result<Uploaded, UploadError> {
        let action = if fields.path.is_some() { Action::PublishAtPath } else { Action::Upload };
        authorize(actor, action, None, self.config.uploaders)?;
        let return_duplicates = fields.return_duplicates.unwrap_or(matches!(actor, Actor::Browser { .. }));
        let idempotency = fields.idempotency.as_ref().map(|key| key.hash(actor));
        let whose = Whose::Actor(actor.clone());
        let any_path = authorize(actor, Action::UseEveryPath, None, self.config.uploaders).is_ok();
        let sender = Sender { whose, any_path, file_name, return_duplicates, direct: None, idempotency };
        self.publish_from(sender, received.staged, fields).await
    }

    /// Inspects and publishes in a task of its own.
    pub(crate) async fn publish_from(
        &self,
        sender: Sender,
        staged: Staged,
        fields: UploadFields,
    ) -> Result<Uploaded, UploadError> {
        let app = self.clone();
        let work = async move { app.inspect_and_publish(sender, staged, fields).await };
        self.tasks.spawn(work).await.unwrap_or_else(|error| {
            Err(Trouble::Internal { what: "publishing an upload failed", source: Box::new(error) }.into())
        })
    }

    async fn inspect_and_publish(
        &self,
        sender: Sender,
        staged: Staged,
        fields: UploadFields,
    ) -> Result<Uploaded, UploadError> {
        if staged.is_empty() {
            return Err(Refusal::Empty.into());
        }
        let (received_hash, received_bytes) = (staged.hash(), staged.len());
        let inspection =
            self.sandbox.inspect(staged.file(), fields.keep_metadata, &self.config.accepted).await?;
        if self.is_banned_content(received_hash) {
            return Err(UploadError::Banned);
        }
        let staged = if inspection.plan.is_whole(received_bytes) {
            staged
        } else {
            self.blobs.rewrite(&staged, &inspection.plan).await?
        };
        if self.is_banned_content(staged.hash()) {
            return Err(UploadError::Banned);
        }
        let owner = match &sender.whose {
            Whose::Actor(actor) => self.owner_for_upload(actor).await?,
            Whose::Owner(owner) => *owner,
        };
        let delete_token = match sender.idempotency {
            // A repeated request answers as the first one did, and only a hash of its token is kept: so it is made anew.
            Some(key) => self.delete_token_of(key).await?,
            None => self.random.delete_token(),
        };
        let origin = Origin { owner, received_hash, received_bytes, sender };
        let published = self.keep(staged, inspection.media_type, |app, key, bytes, intent| {
            app.new_image(origin, &fields, inspection, &delete_token, key, bytes, intent)
        });
        let Published { image, duplicate, replayed, used_own_file } = published.await?;
        if replayed && image.deleted_at.is_some() {
            return Err(Denial::Gone.into());
        }
        if image.path.is_some() {
            self.forget_cached(image.id);
        }
        if used_own_file {
            let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
            usage.bytes += image.blob.as_ref().map_or(0, |blob| blob.bytes);
        }
        let image = if duplicate || replayed { image } else { self.with_copy(image).await };
        Ok(Uploaded { image, delete_token: (!duplicate).then_some(delete_token), duplicate })
    }

    /// The delete token of an upload with this key: the same each time, and not to be found out without the server's secret.
    async fn delete_token_of(&self, key: [u8; 32]) -> Result<DeleteToken, UploadError> {
        let fresh = self.random.owner_key().expose().to_owned();
        let secret = self.catalog.meta_once("delete_token_secret", fresh).await?;
        let mut block = hash_secret(&format!("{secret} {key:?}"));
        let mut at = 0;
        Ok(DeleteToken::generate(|| {
            if at == block.len() {
                block = hash_secret(&format!("{secret} {block:?}"));
                at = 0;
            }
            at += 1;
            block[at - 1]
        }))
    }

    /// Makes a staged file durable under a new name and has the catalogue publish it (steps 3 to 5).
    async fn keep(
        &self,
        staged: Staged,
        media_type: MediaType,
        new_image: impl FnOnce(&Self, BlobKey, u64, IntentId) -> NewImage,
    ) -> Result<Published, UploadError> {
        let key = BlobKey { hash: staged.hash(), nonce: self.random.nonce() };
        let bytes = staged.len();
        let (synced, intent) =
            tokio::join!(self.blobs.sync(&staged), self.catalog.begin_upload(key, self.clock.now()));
        let intent = intent?;
        let outcome = async {
            synced.map_err(|error| KeepError::Failed(error.into()))?;
            self.blobs.link(staged, key, media_type).await.map_err(|error| match error {
                BlobError::Remote { .. } => KeepError::Unsure(error.into()),
                error => KeepError::Failed(error.into()),
            })?;
            let new = new_image(self, key, bytes, intent);
            self.catalog.publish_image(new).await.map_err(|error| match error {
                CatalogError::Unavailable(_) => KeepError::Unsure(error.into()),
                error => KeepError::Failed(error.into()),
            })
        };
        match outcome.await {
            Ok(published) => {
                if !published.used_own_file {
                    // The same bytes were there already. A crash before this leaves the file with its intent.
                    self.undo(key, intent).await;
                }
                Ok(published)
            }
            // A commit that failed half-way may come back after a crash, and a service that gave no answer may store the
            // file yet, or refuse to remove it for as long as it refused to take it: the sweep looks again later.
            Err(KeepError::Unsure(error)) => Err(error),
            Err(KeepError::Failed(error)) => {
                self.undo(key, intent).await;
                Err(error)
            }
        }
    }

    /// Removes a file that did not become an image's, then the intent that knew it. What fails is left to the sweep.
    async fn undo(&self, key: BlobKey, intent: IntentId) {
        if let Err(error) = self.blobs.delete(key).await {
            tracing::warn!(error = &error as &dyn std::error::Error, %key, "a file that nothing names is left to the sweep");
        } else if let Err(error) = self.catalog.settle_intent(intent).await {
            tracing::warn!(error = &error as &dyn std::error::Error, %key, "an intent is left to the sweep");
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one value per step that contributes to the row, used once"
    )]
    fn new_image(
        &self,
        origin: Origin,
        fields: &UploadFields,
        inspection: Inspection,
        delete_token: &DeleteToken,
        key: BlobKey,
        bytes: u64,
        intent: IntentId,
    ) -> NewImage {
        let now = self.clock.now();
        NewImage {
            id: self.random.image_id(),
            owner: origin.owner,
            intent: Some(intent),
            key,
            bytes,
            received_hash: origin.received_hash,
            received_bytes: origin.received_bytes,
            keep_metadata: fields.keep_metadata,
            file_name: origin.sender.file_name,
            title: fields.title.clone(),
            description: fields.description.clone(),
            alt: fields.alt.clone(),
            label: fields.label.clone(),
            tags: fields.tags.clone(),
            media_type: inspection.media_type,
            width: inspection.width,
            height: inspection.height,
            frames: inspection.frames,
            orientation: inspection.orientation,
            has_alpha: inspection.has_alpha,
            thumbhash: inspection.thumbhash,
            colour: inspection.colour,
            visibility: fields.visibility,
            created_at: now,
            expires_at: fields.expires_in.map(|seconds| now.plus_seconds(seconds)),
            delete_token_hash: Some(hash_secret(delete_token.expose())),
            path: fields.path.clone(),
            any_path: origin.sender.any_path,
            path_condition: fields.path_condition.clone(),
            duplicates: if origin.sender.return_duplicates { Duplicates::Return } else { Duplicates::New },
            direct: origin.sender.direct,
            copied: self.makes_copies(),
            idempotency: origin.sender.idempotency,
        }
    }
}

/// Why a staged file did not become an image's.
enum KeepError {
    /// It did not, for certain.
    Failed(UploadError),
    /// It may have: the catalogue broke off while committing, or a service gave no answer.
    Unsure(UploadError),
}

/// Who an image will belong to.
pub(crate) enum Whose {
    /// Whoever sends it, who becomes an owner by it where they are none yet.
    Actor(Actor),
    /// An owner that is known.
    Owner(OwnerId),
}

/// Where an upload comes from.
pub(crate) struct Sender {
    pub(crate) whose: Whose,
    /// Whether it may replace what others have at named paths.
    pub(crate) any_path: bool,
    pub(crate) file_name: Option<String>,
    /// Whether the same bytes again give the same image.
    pub(crate) return_duplicates: bool,
    /// The direct upload that is published, by the hash of its id.
    pub(crate) direct: Option<[u8; 32]>,
    /// The hash of the upload's key.
    pub(crate) idempotency: Option<[u8; 32]>,
}

/// What is known of an upload when it becomes an image.
struct Origin {
    owner: OwnerId,
    received_hash: ContentHash,
    received_bytes: u64,
    sender: Sender,
}
