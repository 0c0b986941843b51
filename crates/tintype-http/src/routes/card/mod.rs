//! What cards and crawlers ask for.

pub(crate) mod oembed;
pub(crate) mod robots;
