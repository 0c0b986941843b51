//! Small valid pictures, one file per format. Width and height are in pixels; the seed makes the pixels distinct.

mod avif;
mod gif;
mod jpeg;
mod png;
mod webp;

use tintype_types::MediaType;

pub use avif::{AVIF_HEIGHT, AVIF_WIDTH, avif, avif_seeded};
pub use gif::{gif, gif_animated};
pub use jpeg::{jpeg, jpeg_420, jpeg_gray, jpeg_progressive, jpeg_quality, jpeg_restarts};
pub use png::{apng, png, png_gray, png_gray1, png_interlaced, png_palette, png_rgb16, png_rgba};
pub use webp::{webp, webp_animated, webp_rgba};

pub(crate) use webp::vp8l;

/// One still picture of a format, 64 × 42 pixels, for tests that run over all formats. Other seeds give other bytes
/// (and, but for AVIF, other pixels).
pub fn sample(media: MediaType, seed: u64) -> Vec<u8> {
    match media {
        MediaType::Jpeg => jpeg(AVIF_WIDTH, AVIF_HEIGHT, seed),
        MediaType::Png => png(AVIF_WIDTH, AVIF_HEIGHT, seed),
        MediaType::Gif => gif(AVIF_WIDTH, AVIF_HEIGHT, seed),
        MediaType::Webp => webp(AVIF_WIDTH, AVIF_HEIGHT, seed),
        MediaType::Avif => avif_seeded(seed),
    }
}

/// A side as the two bytes that JPEG and GIF have for it.
///
/// # Panics
/// When it is 0 or more than 65,535.
fn side16(side: u32) -> u16 {
    assert!(side > 0, "a picture has at least one pixel a side");
    u16::try_from(side).expect("JPEG and GIF hold at most 65,535 pixels a side")
}
