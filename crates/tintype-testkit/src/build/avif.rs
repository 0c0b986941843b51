use crate::raw::boxes;

/// Width of [`avif`] in pixels.
pub const AVIF_WIDTH: u32 = 64;
/// Height of [`avif`] in pixels.
pub const AVIF_HEIGHT: u32 = 42;

/// The one AVIF of this crate, 64 × 42 pixels, 8 bit, 4:2:0 (its origin: `assets/README.md`). A file and not made by
/// code, because an AV1 encoder is too heavy for that.
pub fn avif() -> Vec<u8> {
    include_bytes!("../../assets/photo-64x42.avif").to_vec()
}

/// [`avif`] with a `free` box at its end (ISO/IEC 14496-12, 8.1.2) that holds the seed: distinct bytes, equal pixels.
pub fn avif_seeded(seed: u64) -> Vec<u8> {
    let mut out = avif();
    out.extend(boxes::plain(*b"free", &seed.to_be_bytes()));
    out
}
