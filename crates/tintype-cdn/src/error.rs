//! Why a cache did not do what it was told, by what helps.

use std::time::Duration;

/// Why a cache did not do what it was told. None of these texts holds a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PurgeError {
    /// It does not take our key, or the key may not purge. Only the operator can help.
    #[error("it does not let us in ({0}): look at its key in the settings, and at what that key may do")]
    Unauthorised(String),
    /// It was asked too often.
    #[error("it asks us to wait {} seconds", .0.as_secs())]
    Limited(Duration),
    /// It does not understand what it is asked for: a wrong name in the settings, or a cache that is not set up for it.
    #[error("it refuses ({0})")]
    Refused(String),
    /// It does not answer, or failed.
    #[error("it does not answer as it should ({0})")]
    Unavailable(String),
    /// It answered that all is well in words that do not say so.
    #[error("its answer is not that of a purge ({0})")]
    Malformed(String),
}
