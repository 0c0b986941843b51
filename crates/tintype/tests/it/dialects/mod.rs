//! The routes of systems that Tintype replaces, as their own front ends use them.

mod base64;
mod direct;
mod own_pages;
mod upload;

use crate::support::Reply;

/// Asserts that pages of every origin may read the answer.
#[track_caller]
fn assert_open(reply: &Reply, methods: &str) {
    assert_eq!(reply.header("access-control-allow-origin"), "*", "{}", reply.text());
    assert_eq!(reply.header("access-control-allow-methods"), methods);
    assert_eq!(
        reply.header("access-control-allow-headers"),
        "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token"
    );
}
