//! PNG and APNG by the png crate.

mod decode;
mod encode;
mod order;

pub(crate) use self::{decode::decode, encode::encode};
