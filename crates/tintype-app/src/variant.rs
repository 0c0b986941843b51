//! Variants: renditions of an original, rendered once and kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use sha2::{Digest, Sha256};
use tintype_types::{ContentHash, ImageId, Recipe, Visibility};

use crate::{
    Actor, App, Image, Trouble,
    authorize::Denial,
    cache::CacheKey,
    purge::image_tag,
    serve::{Body, ServeError, Stored, etag},
};

/// Raised when the same recipe gives other bytes than before: a new encoder, another default quality.
pub const EPOCH: u32 = 1;

type Flight = tokio::sync::Mutex<()>;

/// One lock per variant that is being rendered or original that is being fetched, so that many who ask at once cause one
/// rendering, one fetch.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<CacheKey, Weak<Flight>>>);

impl Flights {
    pub(crate) fn join(&self, key: CacheKey) -> Arc<Flight> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&key).and_then(Weak::upgrade) {
            return flight;
        }
        flights.retain(|_, flight| flight.strong_count() > 0);
        let flight = Arc::<Flight>::default();
        flights.insert(key, Arc::downgrade(&flight));
        flight
    }
}

impl App {
    /// A variant of an image: from RAM, else from the variant store, else rendered now.
    ///
    /// # Errors
    /// [`ServeError`]: denied, not renderable, too many variants, or the server's own trouble.
    pub async fn variant(
        &self,
        actor: &Actor,
        id: ImageId,
        recipe: Recipe,
    ) -> Result<Arc<Stored>, ServeError> {
        let key = CacheKey { id, recipe: Some(recipe) };
        if let Some(stored) = self.hot(&key) {
            return Ok(stored);
        }
        let moment = self.cache.moment();
        let image = self.visible(actor, id).await?;
        if let Some(stored) = self.load_variant(&image, key, recipe, moment).await? {
            return Ok(stored);
        }
        let flight = self.flights.join(key);
        let _landed = flight.lock().await;
        if let Some(stored) = self.load_variant(&image, key, recipe, moment).await? {
            return Ok(stored);
        }
        self.render(&image, key, recipe, moment).await
    }

    async fn load_variant(
        &self,
        image: &Image,
        key: CacheKey,
        recipe: Recipe,
        moment: u64,
    ) -> Result<Option<Arc<Stored>>, ServeError> {
        let found =
            self.blobs.get_variant(image.id, &recipe.canonical(), EPOCH).await.map_err(Trouble::from)?;
        let Some(bytes) = found else { return Ok(None) };
        self.note_variant(image.id, &recipe).await?;
        Ok(Some(self.keep_variant(image, key, recipe, bytes, moment)))
    }

    async fn render(
        &self,
        image: &Image,
        key: CacheKey,
        recipe: Recipe,
        moment: u64,
    ) -> Result<Arc<Stored>, ServeError> {
        let max = self.config.variants_max;
        if self.blobs.variant_count(image.id).await.map_err(Trouble::from)? >= max {
            return Err(ServeError::TooManyVariants { max });
        }
        let original = self.local_original(image).await?;
        let file = original.try_clone().map_err(|error| Trouble::Internal {
            what: "a stored file could not be handed on",
            source: Box::new(error),
        })?;
        let rendered = self.sandbox.render(file, recipe).await.map_err(|error| match Trouble::from(error) {
            Trouble::Busy => ServeError::Trouble(Trouble::Busy),
            trouble => {
                // The original was proven when it came in, so this is worth a line, but it is about this picture alone.
                tracing::warn!(image = %image.id, recipe = recipe.canonical(), error = &trouble as &dyn std::error::Error, "a variant could not be rendered");
                ServeError::Unrenderable
            }
        })?;
        self.note_variant(image.id, &recipe).await?;
        self.still_shown(image, moment).await?;
        let bytes = bytes::Bytes::from(rendered.bytes);
        if let Err(error) = self.blobs.put_variant(image.id, &recipe.canonical(), EPOCH, bytes.clone()).await
        {
            // A cache that cannot be written costs time, not the picture.
            tracing::warn!(image = %image.id, error = &error as &dyn std::error::Error, "a variant was not kept");
        }
        // Deleted for good meanwhile, its variants were removed before this one was there.
        if let Err(error) = self.still_shown(image, moment).await {
            if matches!(error, ServeError::Denied(Denial::Gone)) {
                self.blobs.delete_variants(image.id).await.map_err(Trouble::from)?;
            }
            return Err(error);
        }
        Ok(self.keep_variant(image, key, recipe, bytes, moment))
    }

    /// Notes a variant before it is sent, where a cache forgets no address but those that it is told: its file may be removed
    /// at any time, and what such a cache has of it with nothing.
    async fn note_variant(&self, id: ImageId, recipe: &Recipe) -> Result<(), Trouble> {
        if self.config.cdn.needs_list() {
            self.catalog.note_served_variant(id, recipe.canonical()).await?;
        }
        Ok(())
    }

    fn keep_variant(
        &self,
        image: &Image,
        key: CacheKey,
        recipe: Recipe,
        bytes: bytes::Bytes,
        moment: u64,
    ) -> Arc<Stored> {
        let hash = ContentHash(Sha256::digest(&bytes).into());
        let stored = Arc::new(Stored {
            id: image.id,
            media_type: recipe.format,
            etag: etag(hash),
            tag: image_tag(image.id),
            file_name: image.file_name.as_deref().map(|name| with_extension(name, recipe.format.extension())),
            visibility: image.visibility,
            expires_at: image.expires_at,
            body: Body::Memory(bytes),
        });
        if image.visibility != Visibility::Private && stored.len() <= self.config.cache_variant_bytes_max {
            self.cache.insert(key, stored.clone(), moment);
        }
        stored
    }
}

fn with_extension(name: &str, extension: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{stem}.{extension}")
}
