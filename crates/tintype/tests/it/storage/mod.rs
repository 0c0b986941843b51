//! The server with its originals in an S3-compatible service.

mod delivery;
mod deploy;
mod direct;
mod leftovers;
mod moving;
mod public;
mod redeploy;
mod replaced;
mod trouble;

use tempfile::TempDir;
use tintype_testkit::engine;

use crate::support::{Server, environment, path_of};

/// A server on an empty folder with a part of the bucket of its own.
fn server(endpoint: &str, flags: &[&str]) -> Server {
    on(tempfile::tempdir().unwrap(), endpoint, &engine::fresh_prefix(), flags)
}

fn on(dir: TempDir, endpoint: &str, prefix: &str, flags: &[&str]) -> Server {
    Server::with_environment(dir, environment(endpoint, prefix), flags)
}
