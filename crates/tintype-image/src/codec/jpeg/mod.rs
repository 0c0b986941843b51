//! JPEG by libjpeg-turbo.

mod decode;
mod encode;
mod turbo;

pub(crate) use self::{decode::decode, encode::encode};
