//! GIF: frames decompressed by weezl, the LZW decoder of the gif crate, and laid out by us.

mod decode;

pub(crate) use self::decode::decode;
