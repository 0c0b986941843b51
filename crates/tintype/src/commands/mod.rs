//! The subcommands, one a file.

pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod openapi;
pub(crate) mod serve;
pub(crate) mod token;

use anyhow::{Context as _, Result};

/// Runs a command that needs little of the machine.
fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(work)
}
