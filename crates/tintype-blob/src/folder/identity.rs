//! `store.json`: which catalogue the folder belongs to.
//!
//! A catalogue restored from a backup, a wrong folder or a volume that is not mounted would make every sweep delete
//! what is alive; the identity in the catalogue must be the one in the folder before anything is touched.

use std::{io::IoSlice, sync::Arc};

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::{Folder, names};
use crate::BlobError;

/// The layout of a store that keeps its originals itself.
const FORMAT: u32 = 1;
/// The same where the originals are elsewhere; versions that know no such store must not take it for an empty one.
const FORMAT_ELSEWHERE: u32 = 2;
/// More than any `store.json` of ours.
const SIZE_MAX: usize = 4096;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreFile {
    format: u32,
    pub(crate) identity: String,
    /// Where the originals are, if not here: `s3://bucket/prefix`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) originals: Option<String>,
}

/// Only the version, which every format has.
#[derive(Debug, Deserialize)]
struct AnyStoreFile {
    format: u32,
}

/// The text of a `store.json`.
pub(crate) fn written(identity: &str, originals: Option<&str>) -> Vec<u8> {
    let format = if originals.is_some() { FORMAT_ELSEWHERE } else { FORMAT };
    let content =
        StoreFile { format, identity: identity.to_owned(), originals: originals.map(ToOwned::to_owned) };
    serde_json::to_vec(&content).expect("numbers and strings are JSON")
}

/// Reads the text of a `store.json`.
///
/// # Errors
/// [`BlobError::Corrupt`]: not one of ours, or of a newer version.
pub(crate) fn read(text: &[u8]) -> Result<StoreFile, BlobError> {
    let damaged =
        |error: serde_json::Error| BlobError::Corrupt(format!("store.json is not readable: {error}"));
    let AnyStoreFile { format } = serde_json::from_slice(text).map_err(damaged)?;
    if format != FORMAT && format != FORMAT_ELSEWHERE {
        return Err(BlobError::Corrupt(format!(
            "store.json has format {format} and this version reads formats {FORMAT} and {FORMAT_ELSEWHERE}: start a \
             newer version"
        )));
    }
    serde_json::from_slice(text).map_err(damaged)
}

/// Whether the text is 32 lower-case hex digits.
pub(crate) fn is_identity(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Folder {
    /// What `store.json` says; `None` where there is none yet.
    pub(super) fn read_identity(&self) -> Result<Option<StoreFile>, BlobError> {
        let file = match self.disk.open(names::IDENTITY) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(BlobError::unavailable("opening store.json", errno)),
        };
        let text = self
            .disk
            .read_vec(&file, 0, SIZE_MAX)
            .map_err(|errno| BlobError::unavailable("reading store.json", errno))?;
        read(&text).map(Some)
    }

    /// Writes `store.json`, durably, as the last step of the first start: where it stands, the folder is complete. An
    /// earlier one is replaced in one step.
    ///
    /// A crash before the name leaves a temporary file in `staging/`, which the sweep at start removes; the next start
    /// begins again.
    pub(crate) fn write_identity(
        self: &Arc<Self>,
        identity: &str,
        originals: Option<&str>,
        replace: bool,
    ) -> Result<(), BlobError> {
        let text = written(identity, originals);
        let failed = |errno| BlobError::writing("writing store.json", errno);
        let staged = super::StagedFile::create(Arc::clone(self))?;
        self.disk.write(staged.writer(), &mut [IoSlice::new(&text)]).map_err(failed)?;
        self.sync_staged(&staged)?;
        let temporary = replace.then(|| format!("{}/{}", names::STAGING, self.temporary_name()));
        let to = temporary.as_deref().unwrap_or(names::IDENTITY);
        let linked = match staged.name() {
            None => self.disk.link_unnamed(staged.writer(), to),
            Some(from) => self.disk.link_named(from, to),
        };
        linked.map_err(failed)?;
        if let Some(temporary) = &temporary {
            self.disk.rename(temporary, names::IDENTITY).map_err(failed)?;
        }
        self.sync_path(".")
    }
}
