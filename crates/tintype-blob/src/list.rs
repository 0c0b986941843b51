//! What lies in the folder of the originals.

use std::{collections::VecDeque, path::PathBuf, sync::Arc};

use tintype_types::{BlobKey, UnixMillis};

use crate::{
    BlobError,
    blocking::blocking,
    folder::{Folder, Walk},
};

/// Something in the folder of the originals.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// An original in its place. Whether its bytes are those of its name, [`crate::BlobStore::hash`] tells.
    Blob(BlobKey),
    /// What is none of ours: its path in the data folder.
    Stray(PathBuf),
}

/// An entry, its size and its age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What it is.
    pub entry: Entry,
    /// Size of the file; 0 for anything that is not a file.
    pub bytes: u64,
    /// When its content was written last.
    pub modified: UnixMillis,
}

/// A walk through the originals, in no order, in bounded memory. What is put or deleted meanwhile may or may not appear.
#[derive(Debug)]
pub struct Listing {
    /// `None` while a batch is under way, and for good after a future was dropped in the middle of one.
    walk: Option<Walk>,
    ready: VecDeque<Result<Listed, BlobError>>,
}

impl Listing {
    pub(crate) fn new(folder: Arc<Folder>) -> Self {
        Self { walk: Some(Walk::new(folder)), ready: VecDeque::new() }
    }

    /// The next entry; `None` at the end.
    ///
    /// # Errors
    /// A folder or file that could not be looked at. The walk goes on behind it, but is no longer complete.
    pub async fn next(&mut self) -> Option<Result<Listed, BlobError>> {
        if self.ready.is_empty() {
            let mut walk = self.walk.take()?;
            let batch = blocking(move || {
                let batch = walk.batch();
                Ok((walk, batch))
            });
            match batch.await {
                Ok((walk, batch)) if !batch.is_empty() => {
                    self.ready = batch.into();
                    self.walk = Some(walk);
                }
                Ok(_) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        self.ready.pop_front()
    }
}
