//! Why the store could not do it, by what the caller does about it.

use std::io;

use rustix::io::Errno;

/// What went wrong, by reaction.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Nothing is stored under this name.
    #[error("nothing is stored under this name")]
    NotFound,
    /// Something is stored under this name already; it was left as it is.
    #[error("something is stored under this name already")]
    AlreadyExists,
    /// ENOSPC or EDQUOT: the bytes did not fit. Nothing of them is left behind.
    #[error(
        "the disk of the data folder is full: free some space there, or move the folder to a larger disk"
    )]
    Full,
    /// EROFS, or EACCES or EPERM on a write. Reads go on.
    #[error("the data folder cannot be written: mount it read-write and give its files to the server's user")]
    ReadOnly,
    /// Stored bytes, or the file that describes the store, are not what was written.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// A direct upload sent more than is taken.
    #[error("the upload has {bytes} bytes, more than is taken")]
    TooLarge {
        /// What was sent.
        bytes: u64,
    },
    /// The service that keeps the originals did not do it, retries included.
    #[error("{what} failed: {hint}")]
    Remote {
        /// What was asked of it, with the object's name below the prefix.
        what: String,
        /// What to mend, as far as the answer tells.
        hint: &'static str,
        /// The service's answer.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The disk failed in another way; the source says how.
    #[error("{what} failed")]
    Unavailable {
        /// What the store was doing, with the file or folder, relative to the data folder.
        what: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A sync failed earlier in this process's life. What the kernel could not write then may be gone although it
    /// looks stored, so that the volume takes no writes until the server is started anew. Reads go on.
    #[error(
        "an earlier sync of the data folder failed; look at the disk and the kernel's log, then restart the server"
    )]
    Poisoned,
    /// The data folder holds originals of its own although it should not, or the other way round.
    #[error("{0}")]
    OtherKind(String),
    /// The folder or bucket belongs to another catalogue, or to none although it should.
    #[error(
        "the store is not this catalogue's: its store.json says {}, the catalogue says {expected}; start with the \
         store and the catalogue that belong together (is the volume mounted? is it the right bucket and prefix?)",
        found.as_deref().unwrap_or("nothing, it is not there")
    )]
    ForeignStore {
        /// The identity in the catalogue.
        expected: String,
        /// The identity in `store.json`; `None` where there is no such file.
        found: Option<String>,
    },
}

impl BlobError {
    /// An error met while only reading.
    pub(crate) fn reading(what: impl Into<String>, errno: Errno) -> Self {
        match errno {
            Errno::NOENT => Self::NotFound,
            errno => Self::unavailable(what, errno),
        }
    }

    /// An error met while something was being changed.
    pub(crate) fn writing(what: impl Into<String>, errno: Errno) -> Self {
        match errno {
            Errno::NOSPC | Errno::DQUOT => Self::Full,
            Errno::ROFS | Errno::ACCESS | Errno::PERM => Self::ReadOnly,
            errno => Self::unavailable(what, errno),
        }
    }

    pub(crate) fn unavailable(what: impl Into<String>, errno: Errno) -> Self {
        Self::Unavailable { what: what.into(), source: errno.into() }
    }

    /// The caller asked for something that no name can be built from.
    pub(crate) fn invalid(what: impl Into<String>, why: &'static str) -> Self {
        Self::Unavailable { what: what.into(), source: io::Error::new(io::ErrorKind::InvalidInput, why) }
    }
}
