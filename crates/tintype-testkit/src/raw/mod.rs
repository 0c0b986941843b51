//! The containers' smallest parts, written by hand: what an encoder would refuse to write can be put together here.

pub mod boxes;
pub mod gif;
pub mod jpeg;
pub mod png;
pub mod riff;

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};

/// Bytes compressed as a zlib stream (RFC 1950), as small as they get.
pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a vector takes every write");
    encoder.finish().expect("a vector takes every write")
}

/// A zlib stream that inflates to `bytes` zeros, about a thousandth of their size, without ever holding them.
pub fn zlib_zeros(bytes: u64) -> Vec<u8> {
    let block = [0; 1 << 16];
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let mut left = bytes;
    while left > 0 {
        let now = left.min(block.len() as u64);
        encoder
            .write_all(&block[..usize::try_from(now).expect("at most the block's length")])
            .expect("a vector takes it");
        left -= now;
    }
    encoder.finish().expect("a vector takes every write")
}
