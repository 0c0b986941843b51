//! Laying a picture with alpha on white, for formats without alpha.

use super::Bitmap;
use crate::codec::Layout;

/// Blends with white; a picture without alpha is left as it is.
pub(crate) fn flatten(bitmap: Bitmap) -> Bitmap {
    if bitmap.layout != Layout::Rgba {
        return bitmap;
    }
    let blend = |value: u8, alpha: u32| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
    let pixels = bitmap.pixels.as_chunks::<4>().0.iter().flat_map(|[red, green, blue, alpha]| {
        let alpha = u32::from(*alpha);
        [blend(*red, alpha), blend(*green, alpha), blend(*blue, alpha)]
    });
    Bitmap { layout: Layout::Rgb, pixels: pixels.collect(), ..bitmap }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparency_becomes_white() {
        let pixels = vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 128];
        let flat = flatten(Bitmap { width: 3, height: 1, layout: Layout::Rgba, pixels });
        assert_eq!(flat.layout, Layout::Rgb);
        assert_eq!(flat.pixels, [10, 20, 30, 255, 255, 255, 127, 127, 127]);
    }

    #[test]
    fn what_is_opaque_stays() {
        let gray = Bitmap { width: 1, height: 1, layout: Layout::Gray, pixels: vec![7] };
        assert_eq!(flatten(gray.clone()), gray);
    }
}
