//! Resampling with Lanczos3, and laying the result on a canvas.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use tintype_types::{MediaType, Refusal};

use super::Bitmap;
use crate::{codec::Layout, refuse::corrupt};

/// Takes `crop` (left, top, width, height, in pixels of the bitmap) and makes it `size`. Colours are weighed by their
/// opacity. `media_type` is what a refusal blames.
pub(crate) fn resize(
    bitmap: Bitmap,
    crop: (f64, f64, f64, f64),
    (width, height): (u32, u32),
    media_type: MediaType,
) -> Result<Bitmap, Refusal> {
    let whole = (0.0, 0.0, f64::from(bitmap.width), f64::from(bitmap.height));
    if (width, height) == (bitmap.width, bitmap.height) && crop == whole {
        return Ok(bitmap);
    }
    let kind = match bitmap.layout {
        Layout::Gray => PixelType::U8,
        Layout::Rgb => PixelType::U8x3,
        Layout::Rgba => PixelType::U8x4,
    };
    let failed =
        |error: &dyn std::fmt::Display| corrupt(media_type, format_args!("resizing failed: {error}"));
    let source =
        ImageRef::new(bitmap.width, bitmap.height, &bitmap.pixels, kind).map_err(|error| failed(&error))?;
    let mut target = Image::new(width, height, kind);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(crop.0, crop.1, crop.2, crop.3)
        .use_alpha(bitmap.layout == Layout::Rgba);
    Resizer::new().resize(&source, &mut target, &options).map_err(|error| failed(&error))?;
    Ok(Bitmap { width, height, layout: bitmap.layout, pixels: target.into_vec() })
}

/// Centres the picture on a canvas that is at least as large: white where `opaque`, transparent otherwise.
pub(crate) fn pad(bitmap: Bitmap, (width, height): (u32, u32), opaque: bool) -> Bitmap {
    if (width, height) == (bitmap.width, bitmap.height) {
        return bitmap;
    }
    let bitmap = if opaque { bitmap } else { with_alpha(bitmap) };
    let channels = bitmap.layout.channels();
    let ground = if opaque { 255 } else { 0 };
    let mut pixels = vec![ground; width as usize * height as usize * channels];
    let (left, top) = ((width - bitmap.width) / 2, (height - bitmap.height) / 2);
    let row = bitmap.width as usize * channels;
    for (source, y) in bitmap.pixels.chunks_exact(row).zip(top..) {
        let start = (y as usize * width as usize + left as usize) * channels;
        pixels[start..start + row].copy_from_slice(source);
    }
    Bitmap { width, height, layout: bitmap.layout, pixels }
}

fn with_alpha(bitmap: Bitmap) -> Bitmap {
    let pixels: Vec<u8> = match bitmap.layout {
        Layout::Rgba => return bitmap,
        Layout::Gray => bitmap.pixels.iter().flat_map(|gray| [*gray, *gray, *gray, 255]).collect(),
        Layout::Rgb => {
            bitmap.pixels.as_chunks::<3>().0.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect()
        }
    };
    Bitmap { layout: Layout::Rgba, pixels, ..bitmap }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparent_colours_do_not_bleed() {
        // Opaque white beside transparent black: every pixel that is visible stays white.
        let pixels = [[255u8, 255, 255, 255], [0, 0, 0, 0]].concat().repeat(32 * 64);
        let bitmap = Bitmap { width: 64, height: 64, layout: Layout::Rgba, pixels };
        let small = resize(bitmap, (0.0, 0.0, 64.0, 64.0), (16, 16), MediaType::Png).unwrap();
        for pixel in small.pixels.as_chunks::<4>().0.iter().filter(|pixel| pixel[3] > 8) {
            assert!(pixel[..3].iter().all(|value| *value > 250), "{pixel:?}");
        }
    }

    #[test]
    fn padding_is_white_or_transparent() {
        let dot = Bitmap { width: 1, height: 1, layout: Layout::Gray, pixels: vec![9] };
        assert_eq!(pad(dot.clone(), (3, 1), true).pixels, [255, 9, 255]);
        let clear = pad(dot, (3, 1), false);
        assert_eq!(clear.layout, Layout::Rgba);
        assert_eq!(clear.pixels, [0, 0, 0, 0, 9, 9, 9, 255, 0, 0, 0, 0]);
    }
}
