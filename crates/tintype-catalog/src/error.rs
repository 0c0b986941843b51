//! What may go wrong, by what the caller does about it.

use std::{error::Error, fmt, sync::Arc};

use crate::dialect;

/// The result of every question.
pub type Result<T, E = CatalogError> = std::result::Result<T, E>;

/// Why the catalogue did not answer. What is merely absent is `None`, never an error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CatalogError {
    /// The wish contradicts what is stored. Nothing was changed; asking again gives the same answer.
    #[error("{0}")]
    Conflict(Constraint),
    /// The catalogue cannot be reached at the moment: locked for too long by another process, closed, or an I/O error.
    /// A write that answers this may or may not last: ask before undoing what was done outside the catalogue.
    #[error("the catalogue is not available")]
    Unavailable(#[source] Cause),
    /// The volume of the catalogue is full. Nothing was changed.
    #[error("the volume that holds the catalogue is full: free some space")]
    Full,
    /// The file, its folder or its volume cannot be written.
    #[error("the catalogue cannot be written: make the file and its folder writable for this user")]
    ReadOnly,
    /// Writes are refused by [`Catalog::seal`](crate::Catalog::seal).
    #[error(
        "another server has taken the catalogue over: this one shows pictures, and takes nothing in until it is stopped"
    )]
    Sealed,
    /// The file is damaged, is no catalogue, or holds what the program never writes.
    #[error("the catalogue is damaged: {detail}")]
    Corrupt {
        /// What was found.
        detail: String,
    },
    /// The file was written by a newer release. It was not touched.
    #[error(
        "the catalogue has schema {found}, this release knows schemas up to {known}: start a newer release"
    )]
    TooNew {
        /// Schema of the file.
        found: i64,
        /// Newest schema of this release.
        known: i64,
    },
    /// The SQLite that was linked is known to lose data.
    #[error(
        "the linked SQLite is {found}, the catalogue needs {needed} or newer: build with the bundled SQLite"
    )]
    Outdated {
        /// The linked version.
        found: String,
        /// The oldest version that is safe.
        needed: &'static str,
    },
    /// The engine refuses a setting that durability rests on, mostly because the volume is a network share.
    #[error("the volume refuses {setting} = {needed} (it stays {found}): keep the catalogue on a local disk")]
    Unsafe {
        /// The setting's name.
        setting: &'static str,
        /// What the engine uses instead.
        found: String,
        /// What it must use.
        needed: &'static str,
    },
}

/// The rule that a wish would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Constraint {
    /// The named path belongs to another owner.
    #[error("the path belongs to another owner: choose another path")]
    PathTaken,
    /// Something else stands at the named path than the wish expects.
    #[error("something else stands at the path than was expected: read it anew")]
    PathChanged,
    /// The alias leads to another image already.
    #[error("the alias leads to another image already")]
    AliasTaken,
    /// A token that is not revoked has this name.
    #[error("a token of that name exists: choose another name, or revoke that token first")]
    TokenNameTaken,
    /// An image has this id, a token or an image this secret. Random values do not meet: make new ones.
    #[error("an id or a secret is taken already")]
    IdTaken,
    /// The owner does not exist, or another row that the wish names.
    #[error("the wish names an owner that does not exist")]
    UnknownReference,
    /// The key of a repeatable upload was used for other bytes.
    #[error("the key was used for another file")]
    KeyReused,
    /// The identity of a store never changes.
    #[error("the store's identity cannot be changed")]
    IdentityFixed,
}

/// The error behind an error, kept for the log.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    pub(crate) fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl CatalogError {
    pub(crate) fn unavailable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(Cause::new(error))
    }

    pub(crate) fn corrupt(detail: impl Into<String>) -> Self {
        Self::Corrupt { detail: detail.into() }
    }

    pub(crate) fn closed() -> Self {
        Self::unavailable("the catalogue was closed")
    }
}

impl From<sqlx::Error> for CatalogError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Database(database) => {
                dialect::classify(database.as_ref()).unwrap_or_else(|| Self::unavailable(error))
            }
            E::ColumnDecode { .. } | E::ColumnNotFound(_) | E::Decode(_) | E::RowNotFound => {
                Self::corrupt(error.to_string())
            }
            E::PoolClosed => Self::closed(),
            _ => Self::unavailable(error),
        }
    }
}
