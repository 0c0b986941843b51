use png::{BitDepth, BlendOp, ColorType, DisposeOp, Encoder};

use crate::{pixels, raw};

fn encode(width: u32, height: u32, color: ColorType, depth: BitDepth, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().expect("the sides are above 0");
    writer.write_image_data(data).expect("sides and buffer fit each other");
    writer.finish().expect("a vector takes every write");
    out
}

/// A PNG of 8-bit red, green and blue.
pub fn png(width: u32, height: u32, seed: u64) -> Vec<u8> {
    encode(width, height, ColorType::Rgb, BitDepth::Eight, &pixels::rgb(width, height, seed))
}

/// A PNG of 8-bit red, green, blue and opacity.
pub fn png_rgba(width: u32, height: u32, seed: u64) -> Vec<u8> {
    encode(width, height, ColorType::Rgba, BitDepth::Eight, &pixels::rgba(width, height, seed))
}

/// A PNG of 16-bit red, green and blue.
pub fn png_rgb16(width: u32, height: u32, seed: u64) -> Vec<u8> {
    encode(width, height, ColorType::Rgb, BitDepth::Sixteen, &pixels::rgb16_be(width, height, seed))
}

/// A PNG of 8-bit grey.
pub fn png_gray(width: u32, height: u32, seed: u64) -> Vec<u8> {
    encode(width, height, ColorType::Grayscale, BitDepth::Eight, &pixels::gray(width, height, seed))
}

/// A PNG of 1-bit grey: rows padded to whole bytes.
pub fn png_gray1(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let gray = pixels::gray(width, height, seed);
    let packed: Vec<u8> = gray
        .chunks(width as usize)
        .flat_map(|row| row.chunks(8).map(pack_bits).collect::<Vec<_>>())
        .collect();
    encode(width, height, ColorType::Grayscale, BitDepth::One, &packed)
}

fn pack_bits(samples: &[u8]) -> u8 {
    samples.iter().enumerate().fold(0, |byte, (place, sample)| byte | ((sample >> 7) << (7 - place)))
}

/// A PNG of 200 palette colours; the palette is opaque.
pub fn png_palette(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(pixels::palette(200, seed));
    let mut writer = encoder.write_header().expect("the sides are above 0");
    writer
        .write_image_data(&pixels::indices(width, height, 200, seed))
        .expect("sides and buffer fit each other");
    writer.finish().expect("a vector takes every write");
    out
}

/// A PNG of 8-bit grey, interlaced by Adam7. Written by hand, because the encoder here has no interlacing.
pub fn png_interlaced(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let gray = pixels::gray(width, height, seed);
    // Start and step of each pass, from the table of the PNG specification, "Interlacing".
    let passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
    let mut lines = Vec::new();
    for (x0, y0, step_x, step_y) in passes {
        if x0 >= width {
            continue;
        }
        for y in (y0..height).step_by(step_y) {
            lines.push(0); // Filter type "None".
            lines.extend((x0..width).step_by(step_x).map(|x| gray[(y * width + x) as usize]));
        }
    }
    let mut out = raw::png::SIGNATURE.to_vec();
    out.extend(raw::png::header(width, height, 8, 0, 1));
    out.extend(raw::png::chunk(*b"IDAT", &raw::zlib(&lines)));
    out.extend(raw::png::chunk(*b"IEND", b""));
    out
}

/// An animated PNG of `frames` pictures with opacity, 100 ms each, that repeats for ever. Frames after the first are
/// one pixel narrower and lower where there is room, placed at (1, 1), blended over and cleared.
///
/// # Panics
/// When `frames` is 0.
pub fn apng(width: u32, height: u32, frames: u32, seed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_animated(frames, 0).expect("an animation has at least one frame");
    encoder.set_frame_delay(1, 10).expect("set_animated came first");
    let mut writer = encoder.write_header().expect("the sides are above 0");
    let inset = u32::from(width > 1 && height > 1);
    for frame in 0..frames {
        let inset = if frame == 0 { 0 } else { inset };
        if frame == 1 {
            let fits = "a frame one pixel smaller fits at (1, 1)";
            writer.set_frame_dimension(width - inset, height - inset).expect(fits);
            writer.set_frame_position(inset, inset).expect(fits);
            writer.set_blend_op(BlendOp::Over).expect(fits);
            writer.set_dispose_op(DisposeOp::Background).expect(fits);
        }
        let data = pixels::rgba(width - inset, height - inset, seed.wrapping_add(u64::from(frame)));
        writer.write_image_data(&data).expect("sides and buffer fit each other");
    }
    writer.finish().expect("a vector takes every write");
    out
}
