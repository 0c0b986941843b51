//! WebP by libwebp, in both directions.
//!
//! libwebp decodes rather than image-webp: it reduces while it decodes, so that an opaque picture is proved within a few
//! rows' memory, and it is the faster of the two. Its memory faults are what the sandbox is for.

mod decode;
mod encode;

pub(crate) use self::{decode::decode, encode::encode};
