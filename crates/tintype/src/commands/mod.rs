//! The subcommands, one a file.

pub(crate) mod backup;
pub(crate) mod ban;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod doctor;
mod doctor_cdn;
mod doctor_store;
mod doctor_tls;
pub(crate) mod image;
mod listen;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod purge;
pub(crate) mod report;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod sync;
pub(crate) mod token;
pub(crate) mod upload;

use anyhow::{Context as _, Result};

/// A time for people and programs: RFC 3339, to the second, in UTC.
fn rfc3339(time: tintype_types::UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(time.0)
        .map_or_else(|_| "?".to_owned(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Runs a command that needs little of the machine.
fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(work)
}
