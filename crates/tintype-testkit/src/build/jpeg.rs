use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::side16;
use crate::pixels;

/// What an encoder may be told beyond size and quality.
type Configure = fn(&mut Encoder<&mut Vec<u8>>);

fn encode(width: u32, height: u32, seed: u64, quality: u8, configure: Configure) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, quality);
    configure(&mut encoder);
    let rgb = pixels::rgb(width, height, seed);
    encoder
        .encode(&rgb, side16(width), side16(height), ColorType::Rgb)
        .expect("sides and buffer fit each other");
    out
}

/// A baseline JPEG, YCbCr 4:4:4, quality 90.
pub fn jpeg(width: u32, height: u32, seed: u64) -> Vec<u8> {
    jpeg_quality(width, height, seed, 90)
}

/// A baseline JPEG, YCbCr 4:4:4, of quality 1 to 100.
pub fn jpeg_quality(width: u32, height: u32, seed: u64, quality: u8) -> Vec<u8> {
    encode(width, height, seed, quality, |encoder| encoder.set_sampling_factor(SamplingFactor::F_1_1))
}

/// A baseline JPEG, YCbCr 4:2:0 as cameras write it, quality 85.
pub fn jpeg_420(width: u32, height: u32, seed: u64) -> Vec<u8> {
    encode(width, height, seed, 85, |encoder| encoder.set_sampling_factor(SamplingFactor::F_2_2))
}

/// A progressive JPEG of several scans, YCbCr 4:2:0, quality 85.
pub fn jpeg_progressive(width: u32, height: u32, seed: u64) -> Vec<u8> {
    encode(width, height, seed, 85, |encoder| {
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder.set_progressive(true);
    })
}

/// A baseline JPEG with a restart marker after every fourth unit, quality 85.
pub fn jpeg_restarts(width: u32, height: u32, seed: u64) -> Vec<u8> {
    encode(width, height, seed, 85, |encoder| encoder.set_restart_interval(4))
}

/// A baseline JPEG of one grey component, quality 90.
pub fn jpeg_gray(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let gray = pixels::gray(width, height, seed);
    Encoder::new(&mut out, 90)
        .encode(&gray, side16(width), side16(height), ColorType::Luma)
        .expect("sides and buffer fit each other");
    out
}
