//! Small valid pictures of every format but AVIF, whose samples come from the fixtures.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use gif::{Encoder, Frame, Repeat};
use tintype_types::{Fit, ImageLimits, MediaType, Recipe};

use super::{
    chunks::{png_chunk, riff_chunk, riff_chunks},
    render,
};

/// Width of the samples.
pub(crate) const WIDTH: u32 = 160;
/// Height of the samples.
pub(crate) const HEIGHT: u32 = 120;

/// A smooth picture without symmetry, with a little grain.
pub(crate) fn rgb(seed: u32) -> Vec<u8> {
    let mut grain = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut out = Vec::new();
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (grain >> 28) as u8;
            out.extend([
                (x * 220 / WIDTH) as u8 + noise,
                (y * 220 / HEIGHT) as u8 + noise,
                ((x + y + seed * 40) / 3) as u8,
            ]);
        }
    }
    out
}

pub(crate) fn jpeg(progressive: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, 90);
    encoder.set_progressive(progressive);
    encoder.encode(&rgb(1), WIDTH as u16, HEIGHT as u16, jpeg_encoder::ColorType::Rgb).unwrap();
    out
}

pub(crate) fn png() -> Vec<u8> {
    apng(1)
}

/// A PNG with alpha: the left half is transparent.
pub(crate) fn png_alpha() -> Vec<u8> {
    let pixels = rgb(1);
    let rgba = pixels.chunks_exact(3).zip(0..).flat_map(|(pixel, index): (_, u32)| {
        let alpha = if index % WIDTH < WIDTH / 2 { 0 } else { 255 };
        [pixel[0], pixel[1], pixel[2], alpha]
    });
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&rgba.collect::<Vec<_>>()).unwrap();
    out
}

/// An animation; with one frame a still.
pub(crate) fn apng(frames: u32) -> Vec<u8> {
    encode_apng(frames, false)
}

/// An animation whose default image is none of its frames.
pub(crate) fn apng_with_still(frames: u32) -> Vec<u8> {
    encode_apng(frames, true)
}

fn encode_apng(frames: u32, still: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    if frames > 1 {
        encoder.set_animated(frames, 3).unwrap();
        encoder.set_frame_delay(1, 10).unwrap();
        encoder.set_sep_def_img(still).unwrap();
    }
    let mut writer = encoder.write_header().unwrap();
    for frame in 0..frames + u32::from(still) {
        writer.write_image_data(&rgb(frame + 1)).unwrap();
    }
    writer.finish().unwrap();
    out
}

/// An animation that loops, has a comment and a transparent colour.
pub(crate) fn gif(frames: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let palette: Vec<u8> = (0..=255).flat_map(|index: u8| [index, 255 - index, index / 2]).collect();
    let mut encoder = Encoder::new(&mut out, WIDTH as u16, HEIGHT as u16, &palette).unwrap();
    encoder.set_repeat(Repeat::Finite(7)).unwrap();
    encoder.write_raw_extension(gif::AnyExtension(0xfe), &[b"a comment that must go"]).unwrap();
    for index in 0..frames {
        let pixels: Vec<u8> = rgb(u32::from(index) + 1).chunks_exact(3).map(|pixel| pixel[0]).collect();
        let (width, height) = (WIDTH as u16, HEIGHT as u16);
        let frame = Frame {
            width,
            height,
            delay: 5,
            buffer: pixels.into(),
            transparent: Some(3),
            ..Frame::default()
        };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    out
}

/// A lossy still.
pub(crate) fn webp() -> Vec<u8> {
    rendered(&png())
}

/// A lossy still with alpha, in the extended format.
pub(crate) fn webp_alpha() -> Vec<u8> {
    rendered(&png_alpha())
}

fn rendered(data: &[u8]) -> Vec<u8> {
    let recipe = Recipe { width: None, height: None, fit: Fit::Contain, format: MediaType::Webp };
    render(data, &recipe, &ImageLimits::default()).unwrap().bytes
}

/// A WebP of the extended format around a still's bit stream; `more` stands behind it.
pub(crate) fn webp_extended(flags: u8, more: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let still = webp();
    let mut chunks = vec![(*b"VP8X", vp8x(flags))];
    chunks.extend(riff_chunks(&still));
    chunks.extend(more.iter().map(|(kind, payload)| (**kind, payload.to_vec())));
    riff(&chunks)
}

/// An animation of stills, each with a foreign chunk inside its frame.
pub(crate) fn webp_animated(frames: u32) -> Vec<u8> {
    let mut chunks = vec![(*b"VP8X", vp8x(0x02)), (*b"ANIM", vec![0, 0, 0, 0, 3, 0])];
    for index in 0..frames {
        let mut still = Vec::new();
        let mut encoder = png::Encoder::new(&mut still, WIDTH, HEIGHT);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(&rgb(index + 1)).unwrap();
        let mut frame = vec![0; 6];
        frame.extend(&(WIDTH - 1).to_le_bytes()[..3]);
        frame.extend(&(HEIGHT - 1).to_le_bytes()[..3]);
        frame.extend([100, 0, 0, 0]);
        for (kind, payload) in riff_chunks(&rendered(&still)) {
            frame.extend(riff_chunk(kind, &payload));
        }
        frame.extend(riff_chunk(*b"junk", b"odd"));
        chunks.push((*b"ANMF", frame));
    }
    riff(&chunks)
}

fn vp8x(flags: u8) -> Vec<u8> {
    let mut payload = vec![flags, 0, 0, 0];
    payload.extend(&(WIDTH - 1).to_le_bytes()[..3]);
    payload.extend(&(HEIGHT - 1).to_le_bytes()[..3]);
    payload
}

/// Puts chunks into a RIFF file.
pub(crate) fn riff(chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let body: Vec<u8> = chunks.iter().flat_map(|(kind, payload)| riff_chunk(*kind, payload)).collect();
    [b"RIFF", &(body.len() as u32 + 4).to_le_bytes()[..], b"WEBP", &body].concat()
}

/// Puts a chunk behind IHDR.
pub(crate) fn png_with(data: &[u8], kind: [u8; 4], payload: &[u8]) -> Vec<u8> {
    [&data[..33], &png_chunk(kind, payload), &data[33..]].concat()
}

/// Puts segments behind SOI; each begins with its marker byte.
pub(crate) fn jpeg_with(data: &[u8], segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut out = data[..2].to_vec();
    for (marker, payload) in segments {
        out.extend([0xff, *marker]);
        out.extend((payload.len() as u16 + 2).to_be_bytes());
        out.extend_from_slice(payload);
    }
    out.extend_from_slice(&data[2..]);
    out
}

/// A TIFF structure with an orientation and, where asked for, a camera's name.
pub(crate) fn tiff(orientation: u8, make: bool) -> Vec<u8> {
    let mut out = b"MM\0*\0\0\0\x08".to_vec();
    out.extend(if make { [0, 2] } else { [0, 1] });
    if make {
        out.extend(*b"\x01\x0f\0\x02\0\0\0\x04Cam\0");
    }
    out.extend([1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    out.extend([0; 4]);
    out
}

/// `len` zeroes, compressed.
pub(crate) fn zlib_zeroes(len: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let block = vec![0; 1 << 16];
    let mut left = len;
    while left > 0 {
        let now = left.min(block.len());
        encoder.write_all(&block[..now]).unwrap();
        left -= now;
    }
    encoder.finish().unwrap()
}
