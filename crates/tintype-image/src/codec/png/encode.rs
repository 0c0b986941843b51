//! Encoding with 8 bits, alpha kept.

use png::{BitDepth, ColorType, Compression, Encoder};
use tintype_types::{MediaType, Refusal};

use crate::{codec::Layout, refuse::corrupt, steps::Bitmap};

/// Encodes a picture; gray stays gray.
pub(crate) fn encode(bitmap: &Bitmap) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, bitmap.width, bitmap.height);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_color(match bitmap.layout {
        Layout::Gray => ColorType::Grayscale,
        Layout::Rgb => ColorType::Rgb,
        Layout::Rgba => ColorType::Rgba,
    });
    encoder.set_compression(Compression::Balanced);
    let refuse = |error| corrupt(MediaType::Png, error);
    let mut writer = encoder.write_header().map_err(refuse)?;
    writer.write_image_data(&bitmap.pixels).map_err(refuse)?;
    writer.finish().map_err(refuse)?;
    Ok(out)
}
