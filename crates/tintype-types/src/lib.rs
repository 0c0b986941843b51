//! The words that every part of Tintype shares: ids, units, limits, media types, recipes.
//!
//! Synchronous, without I/O, and without any of the other crates.

pub mod blob_key;
pub mod hash;
pub mod id;
pub mod inspection;
pub mod limits;
pub mod media;
pub mod recipe;
pub mod refusal;
pub mod scope;
pub mod secret;
pub mod span;
pub mod time;
pub mod visibility;

mod base58;

pub use blob_key::BlobKey;
pub use hash::ContentHash;
pub use id::ImageId;
pub use inspection::{Inspection, Rendered};
pub use limits::ImageLimits;
pub use media::MediaType;
pub use recipe::{Fit, Recipe};
pub use refusal::Refusal;
pub use scope::{Scope, Scopes};
pub use span::{Span, SpanPlan};
pub use time::UnixMillis;
pub use visibility::Visibility;
