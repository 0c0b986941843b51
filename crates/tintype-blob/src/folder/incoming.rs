//! Files of direct uploads: sent in one request, published by a later one.

use std::{fs::File, sync::Arc};

use rustix::io::Errno;
use tintype_types::ContentHash;

use super::{
    Folder,
    names::{self, INCOMING, STAGING},
};
use crate::{BlobError, Staged};

impl Folder {
    /// Keeps a staged file under its upload's name, durably; what stood there is replaced.
    ///
    /// A crash before the rename leaves nothing, or a file in `staging/`, which the sweep at start removes; after it, a
    /// whole file that the catalogue's row of the upload knows.
    pub(crate) fn keep_incoming(&self, staged: &Staged, id: ContentHash) -> Result<(), BlobError> {
        self.sync_staged(&staged.inner)?;
        let (temporary, to) = (format!("{STAGING}/{}", self.temporary_name()), names::incoming(id));
        let linked = match staged.inner.name() {
            None => self.disk.link_unnamed(staged.inner.writer(), &temporary),
            Some(from) => self.disk.link_named(from, &temporary),
        };
        let moved = linked.and_then(|()| {
            self.disk.rename(&temporary, &to).inspect_err(|_| {
                let _ = self.disk.unlink(&temporary);
            })
        });
        moved.map_err(|errno| BlobError::writing(format!("naming {to}"), errno))?;
        self.sync_path(INCOMING)
    }

    /// Opens what an upload sent; `None` where it has sent nothing.
    pub(crate) fn open_incoming(&self, id: ContentHash) -> Result<Option<(Arc<File>, u64)>, BlobError> {
        let path = names::incoming(id);
        let failed = |errno| BlobError::unavailable(format!("opening {path}"), errno);
        let file = match self.disk.open(&path) {
            Err(Errno::NOENT) => return Ok(None),
            result => result.map_err(failed)?,
        };
        let len = rustix::fs::fstat(&file).map_err(failed)?.st_size;
        Ok(Some((Arc::new(file), u64::try_from(len).unwrap_or(0))))
    }

    /// Removes what an upload sent, durably; false where there was nothing.
    pub(crate) fn remove_incoming(&self, id: ContentHash) -> Result<bool, BlobError> {
        self.check_writable()?;
        let path = names::incoming(id);
        let removed =
            self.disk.unlink(&path).map_err(|errno| BlobError::writing(format!("removing {path}"), errno))?;
        // Synced even where there was nothing: an earlier removal may have been cut short of its sync.
        self.sync_path(INCOMING)?;
        Ok(removed)
    }
}
