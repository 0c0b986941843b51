//! Serving originals and variants.

use std::sync::Arc;

use bytes::Bytes;
use tintype_blob::Blob;
use tintype_types::{ImageId, MediaType, UnixMillis, Visibility};

use crate::{
    Actor, App, Image, Trouble,
    authorize::{Action, Denial, Subject, authorize},
    cache::CacheKey,
};

/// What an entry costs beside its body: texts and the map's own room, roughly.
const ENTRY_COST: u64 = 512;
/// What an open file is counted as, so that 32 MB of cache keep at most 1,024 files open.
const OPEN_FILE_COST: u64 = 32 << 10;

/// Bytes that can be served, with all that their headers need.
#[derive(Debug)]
pub struct Stored {
    /// The image they belong to.
    pub id: ImageId,
    /// What they are.
    pub media_type: MediaType,
    /// Strong entity tag with its quotes, made of the bytes' own hash.
    pub etag: String,
    /// The name that a browser saves them under, if the uploader's file had one.
    pub file_name: Option<String>,
    /// Who may see them.
    pub visibility: Visibility,
    /// When they stop being served.
    pub expires_at: Option<UnixMillis>,
    /// The bytes.
    pub body: Body,
}

/// Where bytes are.
#[derive(Debug)]
pub enum Body {
    /// In RAM.
    Memory(Bytes),
    /// In the store, to be read range by range.
    File(Blob),
}

impl Stored {
    /// Number of bytes.
    pub fn len(&self) -> u64 {
        match &self.body {
            Body::Memory(bytes) => bytes.len() as u64,
            Body::File(blob) => blob.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What keeping it costs, in bytes of RAM: the body, or an open file, which is bounded by its number.
    pub(crate) fn cost(&self) -> u64 {
        match &self.body {
            Body::Memory(bytes) => bytes.len() as u64 + ENTRY_COST,
            Body::File(_) => OPEN_FILE_COST,
        }
    }
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Not there, gone, or not for this actor.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The picture cannot be turned into this variant.
    #[error("this picture cannot be rendered")]
    Unrenderable,
    /// The image has as many variants as it may.
    #[error("the image already has {max} variants")]
    TooManyVariants {
        /// The limit.
        max: usize,
    },
    /// The server's own trouble.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl App {
    /// A hot original, without touching catalogue or disk. Only images that need no identity are ever hot.
    pub fn hot_original(&self, id: ImageId) -> Option<Arc<Stored>> {
        self.hot(&CacheKey { id, recipe: None })
    }

    pub(crate) fn hot(&self, key: &CacheKey) -> Option<Arc<Stored>> {
        let stored = self.cache.get(key)?;
        let over = stored.expires_at.is_some_and(|end| end <= self.clock.now());
        (!over).then_some(stored)
    }

    /// The original of an image.
    ///
    /// # Errors
    /// [`ServeError`]: denied, or the server's own trouble.
    pub async fn original(&self, actor: &Actor, id: ImageId) -> Result<Arc<Stored>, ServeError> {
        let key = CacheKey { id, recipe: None };
        if let Some(stored) = self.hot(&key) {
            return Ok(stored);
        }
        let moment = self.cache.moment();
        let image = self.visible(actor, id).await?;
        self.load_original(&image, key, moment).await
    }

    /// The image with this id, if `actor` may see it.
    ///
    /// # Errors
    /// [`ServeError`]: denied, or the server's own trouble.
    pub async fn visible(&self, actor: &Actor, id: ImageId) -> Result<Image, ServeError> {
        let image = self.catalog.image(id).await.map_err(Trouble::from)?;
        self.if_visible(actor, image)
    }

    pub(crate) fn if_visible(&self, actor: &Actor, image: Option<Image>) -> Result<Image, ServeError> {
        let image = image.ok_or(Denial::NotFound)?;
        let subject = Subject::of(&image, self.clock.now());
        authorize(actor, Action::View, Some(subject), self.config.uploaders)?;
        Ok(image)
    }

    /// The original of an image that the caller may see.
    pub(crate) async fn load_original(
        &self,
        image: &Image,
        key: CacheKey,
        moment: u64,
    ) -> Result<Arc<Stored>, ServeError> {
        let blob = self.open(image).await?;
        let len = blob.len();
        let body = if len <= self.config.cache_original_bytes_max {
            let all = usize::try_from(len).unwrap_or(usize::MAX);
            Body::Memory(blob.read_at(0, all).await.map_err(Trouble::from)?)
        } else {
            Body::File(blob)
        };
        let hash = image.blob.as_ref().map(|blob| blob.key.hash).ok_or(Denial::Gone)?;
        let stored = Arc::new(Stored {
            id: image.id,
            media_type: image.media_type,
            etag: format!("\"{}\"", &hash.to_hex()[..32]),
            file_name: image.file_name.clone(),
            visibility: image.visibility,
            expires_at: image.expires_at,
            body,
        });
        if len <= self.config.cache_open_bytes_max && image.visibility != Visibility::Private {
            self.cache.insert(key, stored.clone(), moment);
        }
        Ok(stored)
    }

    /// Opens the blob of an image that exists.
    pub(crate) async fn open(&self, image: &Image) -> Result<Blob, ServeError> {
        let blob = image.blob.as_ref().ok_or(Denial::Gone)?;
        if blob.damaged {
            // A check found other bytes than were stored: an error is better than a picture that is not the owner's.
            return Err(Trouble::Damaged(format!("{} is marked as damaged", blob.key)).into());
        }
        self.blobs.open_blob(blob.key).await.map_err(|error| Trouble::from(error).into())
    }

    /// Forgets what RAM holds of an image, once the catalogue has changed.
    pub(crate) fn forget_cached(&self, id: ImageId) {
        self.cache.forget(id);
    }
}
