//! `store.json`: which catalogue the folder belongs to.
//!
//! A catalogue restored from a backup, a wrong folder or a volume that is not mounted would make every sweep delete
//! what is alive; the identity in the catalogue must be the one in the folder before anything is touched.

use std::{io::IoSlice, sync::Arc};

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::{Folder, names};
use crate::BlobError;

/// The layout that this version reads and writes.
const FORMAT: u32 = 1;
/// More than any `store.json` of ours.
const SIZE_MAX: usize = 4096;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreFile {
    format: u32,
    identity: String,
}

/// Only the version, which every format has.
#[derive(Debug, Deserialize)]
struct AnyStoreFile {
    format: u32,
}

/// Whether the text is 32 lower-case hex digits.
pub(crate) fn is_identity(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Folder {
    /// The identity written in the folder; `None` where there is none yet.
    pub(super) fn read_identity(&self) -> Result<Option<String>, BlobError> {
        let file = match self.disk.open(names::IDENTITY) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(BlobError::unavailable("opening store.json", errno)),
        };
        let text = self
            .disk
            .read_vec(&file, 0, SIZE_MAX)
            .map_err(|errno| BlobError::unavailable("reading store.json", errno))?;
        let damaged =
            |error: serde_json::Error| BlobError::Corrupt(format!("store.json is not readable: {error}"));
        let AnyStoreFile { format } = serde_json::from_slice(&text).map_err(damaged)?;
        if format != FORMAT {
            return Err(BlobError::Corrupt(format!(
                "store.json has format {format} and this version reads format {FORMAT}: start a newer version"
            )));
        }
        let StoreFile { identity, .. } = serde_json::from_slice(&text).map_err(damaged)?;
        Ok(Some(identity))
    }

    /// Writes the identity, durably, as the last step of the first start: where it stands, the folder is complete.
    ///
    /// A crash before the name leaves a temporary file in `staging/`, which the sweep at start removes; the next start
    /// begins again.
    pub(super) fn write_identity(self: &Arc<Self>, identity: &str) -> Result<(), BlobError> {
        let content = StoreFile { format: FORMAT, identity: identity.to_owned() };
        let text = serde_json::to_vec(&content).expect("a number and a string are JSON");
        let failed = |errno| BlobError::writing("writing store.json", errno);
        let staged = super::StagedFile::create(Arc::clone(self))?;
        self.disk.write(staged.writer(), &mut [IoSlice::new(&text)]).map_err(failed)?;
        self.sync_staged(&staged)?;
        let linked = match staged.name() {
            None => self.disk.link_unnamed(staged.writer(), names::IDENTITY),
            Some(from) => self.disk.link_named(from, names::IDENTITY),
        };
        linked.map_err(failed)?;
        self.sync_path(".")
    }
}
