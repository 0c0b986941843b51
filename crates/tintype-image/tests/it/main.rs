//! What the crate promises, shown on pictures that the tests make themselves and on the shared fixtures.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where it stopped")]

mod avif;
mod bombs;
mod fixtures;
mod metadata;
mod orientation;
mod polyglots;
mod render;
mod strip;
mod support;
mod truncation;
