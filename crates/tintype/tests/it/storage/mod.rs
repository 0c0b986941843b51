//! The server with its originals in an S3-compatible service.

mod delivery;
mod deploy;
mod direct;
mod moving;
mod public;
mod redeploy;
mod trouble;

use tempfile::TempDir;
use tintype_testkit::engine;

use crate::support::Server;

/// What makes the server keep its originals in the engine at `endpoint`.
fn environment(endpoint: &str, prefix: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ACCESS_KEY_ID", engine::ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", engine::SECRET_KEY.to_owned()),
        ("AWS_REGION", engine::REGION.to_owned()),
        ("S3_BUCKET", engine::BUCKET.to_owned()),
        ("ENDPOINT", endpoint.to_owned()),
        ("TINTYPE_STORE_PREFIX", prefix.to_owned()),
        ("TINTYPE_STORE_DEADLINE", "5s".to_owned()),
    ]
}

/// A server on an empty folder with a part of the bucket of its own.
fn server(endpoint: &str, flags: &[&str]) -> Server {
    on(tempfile::tempdir().unwrap(), endpoint, &engine::fresh_prefix(), flags)
}

fn on(dir: TempDir, endpoint: &str, prefix: &str, flags: &[&str]) -> Server {
    Server::with_environment(dir, environment(endpoint, prefix), flags)
}

/// Path and query of an address.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    &rest[rest.find('/').unwrap_or(rest.len())..]
}
