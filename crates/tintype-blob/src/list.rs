//! What lies in the folder of the originals.

use std::{collections::VecDeque, path::PathBuf, sync::Arc};

use tintype_types::{BlobKey, UnixMillis};

use crate::{
    BlobError,
    blocking::blocking,
    folder::{Folder, Walk},
    remote::{Objects, Remote},
};

/// Something in the folder of the originals.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// An original in its place. Whether its bytes are those of its name, [`crate::BlobStore::hash`] tells.
    Blob(BlobKey),
    /// What is none of ours: its path in the data folder, or below the prefix.
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
pub struct Listing(Source);

#[derive(Debug)]
enum Source {
    Folder {
        /// `None` while a batch is under way, and for good after a future was dropped in the middle of one.
        walk: Option<Walk>,
        ready: VecDeque<Result<Listed, BlobError>>,
    },
    Objects(Objects),
}

impl Listing {
    pub(crate) fn of_folder(folder: Arc<Folder>) -> Self {
        Self(Source::Folder { walk: Some(Walk::new(folder)), ready: VecDeque::new() })
    }

    pub(crate) fn of_objects(remote: Arc<Remote>) -> Self {
        Self(Source::Objects(Objects::new(remote)))
    }

    /// The next entry; `None` at the end.
    ///
    /// # Errors
    /// A folder or file that could not be looked at. The walk goes on behind it, but is no longer complete.
    pub async fn next(&mut self) -> Option<Result<Listed, BlobError>> {
        let (walk, ready) = match &mut self.0 {
            Source::Folder { walk, ready } => (walk, ready),
            Source::Objects(objects) => return objects.next().await,
        };
        if ready.is_empty() {
            let mut taken = walk.take()?;
            let batch = blocking(move || {
                let batch = taken.batch();
                Ok((taken, batch))
            });
            match batch.await {
                Ok((back, batch)) if !batch.is_empty() => {
                    *ready = batch.into();
                    *walk = Some(back);
                }
                Ok(_) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        ready.pop_front()
    }
}
