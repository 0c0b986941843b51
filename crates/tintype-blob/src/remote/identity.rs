//! `store.json` of a bucket, as a folder has it.

use object_store::{ObjectStoreExt as _, PutPayload};

use futures_util::StreamExt as _;

use super::{Remote, failed};
use crate::{
    BlobError,
    folder::{identity, names},
};

impl Remote {
    /// Sees to it that the bucket is this catalogue's. `fresh` says that the catalogue knows no blob yet; only then is a
    /// bucket without an identity taken, and only when no original lies in it.
    pub(crate) async fn claim(&self, expected: &str, fresh: bool) -> Result<(), BlobError> {
        let foreign =
            |found: Option<String>| Err(BlobError::ForeignStore { expected: expected.to_owned(), found });
        match self.identity().await? {
            Some(found) if found == expected => return Ok(()),
            Some(found) => return foreign(Some(found)),
            None if !fresh || self.holds_originals().await? => return foreign(None),
            None => {}
        }
        let path = self.path(names::IDENTITY);
        let text = identity::written(expected, None);
        let put = self.store.put(&path, PutPayload::from(text)).await;
        put.map_err(|error| failed("writing store.json", error))?;
        // Two servers may have begun on the same bucket at once: the one whose name stands there goes on.
        match self.identity().await? {
            Some(found) if found == expected => Ok(()),
            found => foreign(found),
        }
    }

    /// Whose bucket it is; `None` where nothing says so.
    pub(crate) async fn identity(&self) -> Result<Option<String>, BlobError> {
        let found = match self.store.get(&self.path(names::IDENTITY)).await {
            Err(error @ object_store::Error::NotFound { .. }) => {
                let error = failed("reading store.json", error);
                // Both a missing object and a missing bucket are 404.
                return if error.to_string().contains("bucket does not exist") {
                    Err(error)
                } else {
                    Ok(None)
                };
            }
            found => found.map_err(|error| failed("reading store.json", error))?,
        };
        let text = found.bytes().await.map_err(|error| failed("reading store.json", error))?;
        identity::read(&text).map(|found| Some(found.identity))
    }

    async fn holds_originals(&self) -> Result<bool, BlobError> {
        let mut found = self.store.list(Some(&self.path(names::ORIGINALS)));
        match found.next().await {
            None => Ok(false),
            Some(Ok(_)) => Ok(true),
            Some(Err(error)) => Err(failed("listing originals", error)),
        }
    }
}
