//! What the store promises, on every kind of folder that there is.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod conformance;
mod disk_full;
mod faults;
mod grouping;
mod identity;
mod power_cut;
mod rewrite;
mod s3;
mod staging;
mod support;
mod variants;
