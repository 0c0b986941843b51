//! Serving originals and variants.

use std::sync::Arc;

use bytes::Bytes;
use tintype_blob::{Blob, Signing};
use tintype_types::{BlobKey, ContentHash, ImageId, MediaType, UnixMillis, Visibility};

use crate::{
    Actor, App, Image, Trouble,
    authorize::{Action, Denial, Subject, authorize},
    cache::CacheKey,
    config::Delivery,
    headers::{Lasting, cache_control, disposition},
    purge::image_tag,
};

/// What an entry costs beside its body: texts and the map's own room, roughly.
const ENTRY_COST: u64 = 512;
/// How long a signed address is good for.
const SIGNED_SECONDS: u64 = 3_600;
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
    /// The tag by which caches forget the image.
    pub tag: Bytes,
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
    /// In the store, to be read range by range: an open file, or an object of a service.
    File(Blob),
    /// At the object storage, which readers are sent to: the original's name there, and its length.
    Elsewhere(BlobKey, u64),
}

impl Stored {
    /// Number of bytes.
    pub fn len(&self) -> u64 {
        match &self.body {
            Body::Memory(bytes) => bytes.len() as u64,
            Body::File(blob) => blob.len(),
            Body::Elsewhere(_, len) => *len,
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
            Body::Elsewhere(..) => ENTRY_COST,
        }
    }
}

/// The strong entity tag of a file with this SHA-256, with its quotes.
pub fn etag(hash: ContentHash) -> String {
    format!("\"{}\"", &hash.to_hex()[..32])
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
        let lost = matches!(&stored.body, Body::File(blob) if blob.has_failed());
        (!over && !lost).then_some(stored)
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
        if !self.blobs.is_remote() {
            return self.load_original(&image, key, moment).await;
        }
        // Many who ask at once cause one fetch.
        let flight = self.flights.join(key);
        let _landed = flight.lock().await;
        if let Some(stored) = self.hot(&key) {
            return Ok(stored);
        }
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
        let is_private = image.visibility == Visibility::Private;
        let (body, hot) = match &image.blob {
            Some(blob) if self.redirects() && !is_private && !blob.damaged => {
                (Body::Elsewhere(blob.key, blob.bytes), true)
            }
            _ => {
                let hot = self.is_hot_sized(image);
                let blob = self.open(image, hot).await?;
                let body = if blob.len() <= self.config.cache_original_bytes_max {
                    Body::Memory(blob.read_all().await.map_err(Trouble::from)?)
                } else {
                    Body::File(blob)
                };
                (body, hot)
            }
        };
        self.still_shown(image, moment).await?;
        let hash = image.blob.as_ref().map(|blob| blob.key.hash).ok_or(Denial::Gone)?;
        let stored = Arc::new(Stored {
            id: image.id,
            media_type: image.media_type,
            etag: etag(hash),
            tag: image_tag(image.id),
            file_name: image.file_name.clone(),
            visibility: image.visibility,
            expires_at: image.expires_at,
            body,
        });
        if hot {
            self.cache.insert(key, stored.clone(), moment);
        }
        Ok(stored)
    }

    /// Looks again where anything was deleted or hidden since `moment`. Rendering and fetching take long, and caches in front were
    /// told meanwhile what to forget: what comes to them later would stay.
    pub(crate) async fn still_shown(&self, image: &Image, moment: u64) -> Result<(), ServeError> {
        if self.cache.moment() == moment {
            return Ok(());
        }
        match self.catalog.image(image.id).await.map_err(Trouble::from)? {
            Some(now) if now.deleted_at.is_none() && now.visibility == image.visibility => Ok(()),
            Some(now) if now.deleted_at.is_some() => Err(Denial::Gone.into()),
            _ => Err(Denial::NotFound.into()),
        }
    }

    /// Whether readers are sent to the object storage.
    pub(crate) fn redirects(&self) -> bool {
        self.config.delivery == Delivery::Redirect && self.blobs.is_remote()
    }

    /// An address at the object storage for an original that is [`Body::Elsewhere`]: good for an hour, or as long as the
    /// image lives where that is less.
    ///
    /// # Errors
    /// The server's own trouble: there are no credentials.
    pub async fn address_elsewhere(
        &self,
        stored: &Stored,
        lasting: Lasting,
    ) -> Result<Option<(String, u64)>, Trouble> {
        let Body::Elsewhere(key, _) = stored.body else { return Ok(None) };
        let left = stored.expires_at.map(|end| self.clock.now().seconds_until(end));
        let seconds = u64::try_from(left.unwrap_or(i64::MAX)).unwrap_or(1).clamp(1, SIGNED_SECONDS);
        let signing = Signing {
            content_type: stored.media_type.mime(),
            disposition: &disposition(stored.file_name.as_deref()),
            cache_control: &cache_control(stored.visibility, left, lasting, false),
            seconds,
        };
        Ok(self.blobs.sign_blob(key, &signing).await?.map(|url| (url, seconds)))
    }

    /// Whether RAM may hold the original, or keep it open.
    fn is_hot_sized(&self, image: &Image) -> bool {
        let bytes = image.blob.as_ref().map_or(0, |blob| blob.bytes);
        bytes <= self.config.cache_open_bytes_max && image.visibility != Visibility::Private
    }

    /// The original of an image in a file of this machine, for a worker: the one that is hot, else opened now.
    pub(crate) async fn local_original(&self, image: &Image) -> Result<Arc<std::fs::File>, ServeError> {
        let hot = self.hot(&CacheKey { id: image.id, recipe: None });
        let blob = match hot.as_deref().map(|stored| &stored.body) {
            Some(Body::File(blob)) => blob.clone(),
            _ => self.open(image, false).await?,
        };
        blob.local().await.map_err(|error| Trouble::from(error).into())
    }

    /// Opens the blob of an image that exists. One that has to be fetched is kept where it will be asked for again and
    /// there is room on the disk.
    pub(crate) async fn open(&self, image: &Image, keep: bool) -> Result<Blob, ServeError> {
        let blob = image.blob.as_ref().ok_or(Denial::Gone)?;
        if blob.damaged {
            // A check found other bytes than were stored: an error is better than a picture that is not the owner's.
            return Err(Trouble::Damaged(format!("{} is marked as damaged", blob.key)).into());
        }
        let has_room = || self.blobs.free_bytes().is_ok_and(|free| free >= self.config.free_min);
        let keep = keep && self.blobs.is_remote() && has_room();
        self.blobs.open_blob(blob.key, blob.bytes, keep).await.map_err(|error| Trouble::from(error).into())
    }

    /// Forgets what RAM holds of an image, once the catalogue has changed, and has the caches in front told to do so: not
    /// before, because they may ask again at once.
    pub(crate) fn forget_cached(&self, id: ImageId) {
        self.cache.forget(id);
        self.purging.wake();
    }
}
