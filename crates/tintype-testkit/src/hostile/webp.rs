use super::Hostile;
use crate::{
    build, metadata,
    raw::riff::{ANIMATION, EXIF, anim, anmf, chunk, file, vp8x},
};

const PIXEL_SEED: u64 = 6;

pub(super) fn all() -> Vec<Hostile> {
    let pixel = build::webp_rgba(1, 1, PIXEL_SEED);
    let mut looping = vp8x(EXIF, 16, 16);
    looping.extend(chunk(*b"VP8L", &build::vp8l(16, 16, PIXEL_SEED)));
    looping.extend(chunk(*b"EXIF", &metadata::exif::looping()));
    vec![
        Hostile::refused("webp-animation-canvas-16383x16383.webp", animation(16_383, 16_383, 20)),
        Hostile::refused("webp-animation-canvas-16777216-square.webp", animation(1 << 24, 1 << 24, 1)),
        Hostile::refused("webp-animation-10000-frames.webp", animation(1, 1, 10_000)),
        Hostile::refused("webp-animation-900-frames-of-3000x3000.webp", animation(3_000, 3_000, 900)),
        Hostile::refused("webp-animation-no-frames.webp", animation(16, 16, 0)),
        Hostile::refused("webp-lossless-16384x16384-no-data.webp", lossless_head(16_384, 16_384)),
        Hostile::either("webp-lossless-9000x9000-no-data.webp", lossless_head(9_000, 9_000)),
        Hostile::refused("webp-lossy-16383x16383-no-data.webp", lossy_head(16_383, 16_383)),
        Hostile::refused("webp-lossy-zero-sides.webp", lossy_head(0, 0)),
        Hostile::either("webp-canvas-differs-from-picture.webp", differing()),
        Hostile::either("webp-exif-directory-loop.webp", file(&looping)),
        Hostile::either("webp-riff-size-4-gib.webp", patched(&pixel, 4, u32::MAX)),
        Hostile::refused("webp-chunk-size-4-gib.webp", patched(&pixel, 16, u32::MAX)),
        Hostile::either("webp-100000-unknown-chunks.webp", unknown_chunks()),
        Hostile::refused("webp-no-chunks.webp", file(b"")),
    ]
}

/// An animation of frames of one pixel on a canvas of any size.
fn animation(width: u32, height: u32, frames: usize) -> Vec<u8> {
    let mut body = vp8x(ANIMATION, width, height);
    body.extend(anim());
    body.extend(anmf(0, 0, 1, 1, 100, &build::vp8l(1, 1, PIXEL_SEED)).repeat(frames));
    file(&body)
}

/// The head of a lossless picture (RFC 9649, 3.4) with sixteen bytes of data behind it.
fn lossless_head(width: u32, height: u32) -> Vec<u8> {
    let mut data = vec![0x2f];
    data.extend(((width - 1) | ((height - 1) << 14)).to_le_bytes());
    data.extend([0; 16]);
    file(&chunk(*b"VP8L", &data))
}

/// The head of a lossy key frame (RFC 6386, 9.1) with sixteen bytes of data behind it.
fn lossy_head(width: u16, height: u16) -> Vec<u8> {
    let mut data = vec![0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a];
    data.extend(width.to_le_bytes());
    data.extend(height.to_le_bytes());
    data.extend([0; 16]);
    file(&chunk(*b"VP8 ", &data))
}

/// A canvas of 9,000 × 9,000 around a picture of one pixel.
fn differing() -> Vec<u8> {
    let mut body = vp8x(0, 9_000, 9_000);
    body.extend(chunk(*b"VP8L", &build::vp8l(1, 1, PIXEL_SEED)));
    file(&body)
}

fn patched(webp: &[u8], at: usize, value: u32) -> Vec<u8> {
    let mut out = webp.to_vec();
    out[at..at + 4].copy_from_slice(&value.to_le_bytes());
    out
}

fn unknown_chunks() -> Vec<u8> {
    let mut body = vp8x(0, 1, 1);
    body.extend(chunk(*b"VP8L", &build::vp8l(1, 1, PIXEL_SEED)));
    body.extend(chunk(*b"junk", b"").repeat(100_000));
    file(&body)
}
