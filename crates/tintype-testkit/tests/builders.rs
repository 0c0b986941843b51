//! Every builder's output decodes with a decoder that this crate does not build with (for JPEG), or through the
//! decoding half of the library (PNG, GIF, WebP), and its pixels depend on the seed.

use std::io::Cursor;

use tintype_testkit::{build, pixels};
use zune_jpeg::JpegDecoder;

const WIDTH: u32 = 53;
const HEIGHT: u32 = 37;

fn jpeg_pixels(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = JpegDecoder::new(Cursor::new(bytes));
    let pixels = decoder.decode().expect("a valid JPEG decodes");
    assert_eq!(decoder.dimensions(), Some((WIDTH as usize, HEIGHT as usize)));
    pixels
}

/// Frames of a PNG as they are stored, without putting them onto the canvas.
fn png_frames(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().expect("a valid PNG has a header");
    assert_eq!((reader.info().width, reader.info().height), (WIDTH, HEIGHT));
    let count = reader.info().animation_control().map_or(1, |control| control.num_frames);
    (0..count)
        .map(|_| {
            let mut buffer = vec![0; reader.output_buffer_size().expect("small")];
            let info = reader.next_frame(&mut buffer).expect("a valid PNG decodes");
            buffer.truncate(info.buffer_size());
            buffer
        })
        .collect()
}

fn gif_frames(bytes: &[u8]) -> Vec<(u16, u16, Vec<u8>)> {
    let mut reader =
        gif::DecodeOptions::new().read_info(Cursor::new(bytes)).expect("a valid GIF has a header");
    assert_eq!((u32::from(reader.width()), u32::from(reader.height())), (WIDTH, HEIGHT));
    let mut frames = Vec::new();
    while let Some(frame) = reader.read_next_frame().expect("a valid GIF decodes") {
        frames.push((frame.left, frame.top, frame.buffer.to_vec()));
    }
    frames
}

fn webp_frames(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(bytes)).expect("a valid WebP has a header");
    assert_eq!(decoder.dimensions(), (WIDTH, HEIGHT));
    let mut buffer = vec![0; decoder.output_buffer_size().expect("small")];
    if !decoder.is_animated() {
        decoder.read_image(&mut buffer).expect("a valid WebP decodes");
        return vec![buffer];
    }
    (0..decoder.num_frames())
        .map(|_| {
            decoder.read_frame(&mut buffer).expect("a valid WebP decodes");
            buffer.clone()
        })
        .collect()
}

#[test]
fn jpegs_decode_to_about_their_pixels() {
    let close = |bytes: &[u8], wanted: &[u8]| {
        let got = jpeg_pixels(bytes);
        assert_eq!(got.len(), wanted.len());
        let off: u64 = got.iter().zip(wanted).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(off / (wanted.len() as u64) < 8, "mean difference {}", off as f64 / wanted.len() as f64);
    };
    let colour = pixels::rgb(WIDTH, HEIGHT, 1);
    close(&build::jpeg(WIDTH, HEIGHT, 1), &colour);
    close(&build::jpeg_420(WIDTH, HEIGHT, 1), &colour);
    close(&build::jpeg_progressive(WIDTH, HEIGHT, 1), &colour);
    close(&build::jpeg_restarts(WIDTH, HEIGHT, 1), &colour);
    // This decoder answers RGB for grey as well.
    let gray: Vec<u8> = pixels::gray(WIDTH, HEIGHT, 1).into_iter().flat_map(|sample| [sample; 3]).collect();
    close(&build::jpeg_gray(WIDTH, HEIGHT, 1), &gray);
}

#[test]
fn the_progressive_jpeg_is_progressive_and_the_others_are_not() {
    let has = |bytes: &[u8], marker: u8| bytes.windows(2).any(|two| two == [0xff, marker]);
    assert!(has(&build::jpeg_progressive(WIDTH, HEIGHT, 1), 0xc2));
    assert!(has(&build::jpeg(WIDTH, HEIGHT, 1), 0xc0));
    assert!(has(&build::jpeg_restarts(WIDTH, HEIGHT, 1), 0xdd));
}

#[test]
fn pngs_decode_to_exactly_their_pixels() {
    let check = |bytes: &[u8], wanted: Vec<u8>| assert_eq!(png_frames(bytes), [wanted]);
    check(&build::png(WIDTH, HEIGHT, 2), pixels::rgb(WIDTH, HEIGHT, 2));
    check(&build::png_rgba(WIDTH, HEIGHT, 2), pixels::rgba(WIDTH, HEIGHT, 2));
    check(&build::png_rgb16(WIDTH, HEIGHT, 2), pixels::rgb16_be(WIDTH, HEIGHT, 2));
    check(&build::png_gray(WIDTH, HEIGHT, 2), pixels::gray(WIDTH, HEIGHT, 2));
    check(&build::png_interlaced(WIDTH, HEIGHT, 2), pixels::gray(WIDTH, HEIGHT, 2));
    check(&build::png_palette(WIDTH, HEIGHT, 2), pixels::indices(WIDTH, HEIGHT, 200, 2));
    let bits = &png_frames(&build::png_gray1(WIDTH, HEIGHT, 2))[0];
    assert_eq!(bits.len(), WIDTH.div_ceil(8) as usize * HEIGHT as usize);
    assert_eq!(bits[0] >> 7, pixels::gray(WIDTH, HEIGHT, 2)[0] >> 7);
}

#[test]
fn animations_decode_frame_by_frame() {
    let apng = png_frames(&build::apng(WIDTH, HEIGHT, 4, 3));
    assert_eq!(apng.len(), 4);
    assert_eq!(apng[0], pixels::rgba(WIDTH, HEIGHT, 3));
    assert_eq!(apng[2], pixels::rgba(WIDTH - 1, HEIGHT - 1, 5));

    let gif = gif_frames(&build::gif_animated(WIDTH, HEIGHT, 4, 3));
    assert_eq!(
        gif.iter().map(|frame| (frame.0, frame.1)).collect::<Vec<_>>(),
        [(0, 0), (1, 1), (1, 1), (1, 1)]
    );
    assert_eq!(gif[3].2, pixels::indices(WIDTH - 1, HEIGHT - 1, 128, 6));

    let webp = webp_frames(&build::webp_animated(WIDTH, HEIGHT, 4, 3));
    assert_eq!(webp.len(), 4);
    assert_ne!(webp[1], webp[2]);
}

#[test]
fn stills_of_gif_and_webp_decode_to_exactly_their_pixels() {
    let gif = gif_frames(&build::gif(WIDTH, HEIGHT, 4));
    assert_eq!(gif, [(0, 0, pixels::indices(WIDTH, HEIGHT, 128, 4))]);
    assert_eq!(webp_frames(&build::webp(WIDTH, HEIGHT, 4)), [pixels::rgb(WIDTH, HEIGHT, 4)]);
    assert_eq!(webp_frames(&build::webp_rgba(WIDTH, HEIGHT, 4)), [pixels::rgba(WIDTH, HEIGHT, 4)]);
}

#[test]
fn one_pixel_a_side_is_enough_for_every_builder() {
    for bytes in [
        build::jpeg(1, 1, 1),
        build::png(1, 1, 1),
        build::apng(1, 1, 2, 1),
        build::gif(1, 1, 1),
        build::gif_animated(1, 1, 2, 1),
        build::webp(1, 1, 1),
        build::webp_animated(1, 1, 2, 1),
    ] {
        assert!(bytes.len() > 20);
    }
}

#[test]
fn the_avif_states_its_sides_and_seeds_make_it_distinct() {
    let avif = build::avif();
    let at = avif.windows(4).position(|four| four == b"ispe").expect("an AVIF states its sides") + 8;
    let side = |at: usize| u32::from_be_bytes([avif[at], avif[at + 1], avif[at + 2], avif[at + 3]]);
    assert_eq!((side(at), side(at + 4)), (build::AVIF_WIDTH, build::AVIF_HEIGHT));
    assert_ne!(build::avif_seeded(1), build::avif_seeded(2));
}

#[test]
fn samples_differ_by_seed() {
    for media in tintype_types::MediaType::ALL {
        assert_eq!(build::sample(media, 1), build::sample(media, 1), "{media}");
        assert_ne!(build::sample(media, 1), build::sample(media, 2), "{media}");
    }
}
