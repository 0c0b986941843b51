//! The server's own trouble: what every use case may fail with besides its caller's mistakes.

use tintype_blob::BlobError;
use tintype_catalog::CatalogError;
use tintype_sandbox::SandboxError;

/// Trouble that is not the caller's fault. The whole cause goes to the log once; the caller gets an id.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The disk is full.
    #[error("the storage is full")]
    StorageFull(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The folder cannot be written.
    #[error("the storage takes no writes")]
    StorageReadOnly(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Too much to do; the caller may try again soon.
    #[error("too busy")]
    Busy,
    /// The service that keeps the originals does not answer, or refuses.
    #[error("the object storage failed")]
    StoreUnavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Stored bytes are missing or not what was stored.
    #[error("stored bytes are damaged: {0}")]
    Damaged(String),
    /// Anything else.
    #[error("{what}")]
    Internal {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl From<CatalogError> for Trouble {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Full => Self::StorageFull(Box::new(error)),
            CatalogError::ReadOnly | CatalogError::Sealed => Self::StorageReadOnly(Box::new(error)),
            _ => Self::Internal { what: "the catalogue failed", source: Box::new(error) },
        }
    }
}

impl From<BlobError> for Trouble {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Full => Self::StorageFull(Box::new(error)),
            BlobError::ReadOnly | BlobError::Poisoned => Self::StorageReadOnly(Box::new(error)),
            BlobError::Remote { .. } => Self::StoreUnavailable(Box::new(error)),
            BlobError::NotFound => Self::Damaged("a stored file is missing".to_owned()),
            BlobError::Corrupt(detail) => Self::Damaged(detail),
            _ => Self::Internal { what: "the store failed", source: Box::new(error) },
        }
    }
}

impl From<SandboxError> for Trouble {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Busy | SandboxError::OutOfMemory => Self::Busy,
            _ => Self::Internal { what: "no worker could be used", source: Box::new(error) },
        }
    }
}
