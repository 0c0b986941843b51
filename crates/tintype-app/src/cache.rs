//! Hot images in RAM.

use std::sync::{Mutex, PoisonError};

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};
use tintype_types::{ImageId, Recipe};

use crate::serve::Stored;

/// What is kept: an original, or a variant of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey {
    pub(crate) id: ImageId,
    pub(crate) recipe: Option<Recipe>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, Arc<Stored>> for ByBytes {
    fn weight(&self, _: &CacheKey, stored: &Arc<Stored>) -> u64 {
        stored.cost()
    }
}

/// A cache bounded by bytes (S3-FIFO).
pub(crate) struct RamCache {
    entries: Cache<CacheKey, Arc<Stored>, ByBytes>,
    /// Counts invalidations. A value that was read before one may be stale and is not kept.
    invalidations: Mutex<u64>,
}

impl RamCache {
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / (64 << 10)).unwrap_or(1024).max(64);
        Self { entries: Cache::with_weighter(items, bytes, ByBytes), invalidations: Mutex::new(0) }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.entries.weight()
    }

    pub(crate) fn get(&self, key: &CacheKey) -> Option<Arc<Stored>> {
        self.entries.get(key)
    }

    /// To be called before the catalogue is read; the answer goes to [`RamCache::insert`].
    pub(crate) fn moment(&self) -> u64 {
        *self.invalidations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a value unless anything was invalidated since `moment`.
    pub(crate) fn insert(&self, key: CacheKey, stored: Arc<Stored>, moment: u64) {
        let invalidations = self.invalidations.lock().unwrap_or_else(PoisonError::into_inner);
        if *invalidations == moment {
            self.entries.insert(key, stored);
        }
    }

    /// Forgets an image and all its variants. To be called after the catalogue has changed and before the reply.
    pub(crate) fn forget(&self, id: ImageId) {
        let mut invalidations = self.invalidations.lock().unwrap_or_else(PoisonError::into_inner);
        *invalidations += 1;
        self.entries.retain(|key, _| key.id != id);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tintype_types::{MediaType, Visibility};

    use super::*;
    use crate::serve::Body;

    fn stored(id: ImageId) -> Arc<Stored> {
        Arc::new(Stored {
            id,
            media_type: MediaType::Png,
            etag: "\"x\"".to_owned(),
            tag: Bytes::from_static(b"img-x"),
            file_name: None,
            visibility: Visibility::Unlisted,
            expires_at: None,
            body: Body::Memory(Bytes::from_static(b"bytes")),
        })
    }

    #[test]
    fn what_was_read_before_an_invalidation_is_not_kept() {
        let cache = RamCache::new(1 << 20);
        let id: ImageId = "11111111111111111".parse().unwrap();
        let key = CacheKey { id, recipe: None };
        let before = cache.moment();
        cache.forget(id);
        cache.insert(key, stored(id), before);
        assert!(cache.get(&key).is_none());
        cache.insert(key, stored(id), cache.moment());
        assert!(cache.get(&key).is_some());
        cache.forget(id);
        assert!(cache.get(&key).is_none());
    }
}
