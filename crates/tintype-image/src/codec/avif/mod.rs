//! AVIF by rav1d, with one thread: the calling one.

mod av1;
mod colour;
mod decode;

pub(crate) use self::decode::decode;
