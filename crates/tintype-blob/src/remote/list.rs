//! Walking the originals of a bucket.

use std::{path::PathBuf, sync::Arc};

use futures_util::{StreamExt as _, stream::BoxStream};
use object_store::{ObjectMeta, ObjectStore as _};
use tintype_types::{BlobKey, UnixMillis};

use super::{Remote, failed};
use crate::{BlobError, Entry, Listed, folder::names};

/// A walk under way.
pub(crate) struct Objects {
    remote: Arc<Remote>,
    found: BoxStream<'static, object_store::Result<ObjectMeta>>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").finish_non_exhaustive()
    }
}

impl Objects {
    pub(crate) fn new(remote: Arc<Remote>) -> Self {
        let found = remote.store.list(Some(&remote.path(names::ORIGINALS)));
        Self { remote, found }
    }

    pub(crate) async fn next(&mut self) -> Option<Result<Listed, BlobError>> {
        let found = self.found.next().await?;
        Some(found.map(|meta| self.looked_at(&meta)).map_err(|error| failed("listing originals", error)))
    }

    fn looked_at(&self, meta: &ObjectMeta) -> Listed {
        let name = meta.location.as_ref();
        let below = name.strip_prefix(&self.remote.prefix).unwrap_or(name).trim_start_matches('/');
        let key = below.rsplit('/').next().and_then(|last| last.parse::<BlobKey>().ok());
        let entry = match key.filter(|key| names::blob(*key) == below) {
            Some(key) => Entry::Blob(key),
            None => Entry::Stray(PathBuf::from(below)),
        };
        Listed { entry, bytes: meta.size, modified: UnixMillis(meta.last_modified.timestamp_millis()) }
    }
}
