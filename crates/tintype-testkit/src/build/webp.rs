use image_webp::{ColorType, WebPEncoder};

use crate::{pixels, raw::riff};

fn encode(data: &[u8], width: u32, height: u32, color: ColorType) -> Vec<u8> {
    let mut out = Vec::new();
    WebPEncoder::new(&mut out)
        .encode(data, width, height, color)
        .expect("WebP holds 1 to 16,384 pixels a side");
    out
}

/// A lossless WebP of red, green and blue (16,384 pixels a side at most).
pub fn webp(width: u32, height: u32, seed: u64) -> Vec<u8> {
    encode(&pixels::rgb(width, height, seed), width, height, ColorType::Rgb8)
}

/// A lossless WebP of red, green, blue and opacity.
pub fn webp_rgba(width: u32, height: u32, seed: u64) -> Vec<u8> {
    encode(&pixels::rgba(width, height, seed), width, height, ColorType::Rgba8)
}

/// The payload of the `VP8L` chunk alone, for pictures that are put together by hand.
pub(crate) fn vp8l(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let still = webp_rgba(width, height, seed);
    riff::chunks(&still).find(|(name, _)| name == b"VP8L").expect("the encoder writes VP8L").1.to_vec()
}

/// An animated lossless WebP of `frames` pictures with opacity, 100 ms each, that repeats for ever (RFC 9649, 2.7).
/// Frames after the first are two pixels narrower and lower where there is room and placed at (2, 2).
///
/// # Panics
/// When `frames` is 0.
pub fn webp_animated(width: u32, height: u32, frames: u32, seed: u64) -> Vec<u8> {
    assert!(frames > 0, "an animation has at least one frame");
    let mut body = riff::vp8x(riff::ANIMATION | riff::ALPHA, width, height);
    body.extend(riff::anim());
    for number in 0..frames {
        let inset = if number > 0 && width > 2 && height > 2 { 2 } else { 0 };
        let (width, height) = (width - inset, height - inset);
        let image = vp8l(width, height, seed.wrapping_add(u64::from(number)));
        body.extend(riff::anmf(inset, inset, width, height, 100, &image));
    }
    riff::file(&body)
}
