//! More than the server takes: limits by client, caps, panics, and what an operator sees of it.

mod connections;
mod metrics;
mod panic;
mod rates;
mod ready;
mod storage;

/// A flag by which this machine's own addresses are limited like any other.
const LIMIT_ALL: [&str; 2] = ["--server-trusted-proxies", "192.0.2.1"];
