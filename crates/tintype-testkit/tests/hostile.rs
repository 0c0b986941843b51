//! The hostile files are what their names say: sizes, numbers, and (where they claim to be complete) that a decoder
//! of others gets through them.

use std::{collections::HashSet, io::Cursor, sync::LazyLock};

use tintype_testkit::hostile::{self, BYTES_MAX, Expect, Hostile};

/// Made once: some of them take a while to compress.
static FILES: LazyLock<Vec<Hostile>> = LazyLock::new(hostile::all);

fn find(name: &str) -> &'static Hostile {
    FILES.iter().find(|file| file.name == name).expect("the file is made")
}

#[test]
fn names_are_unique_and_files_small() {
    let files = &*FILES;
    let mut names = HashSet::new();
    for file in files {
        assert!(file.bytes.len() <= BYTES_MAX, "{} has {} bytes", file.name, file.bytes.len());
        assert!(names.insert(&file.name), "{} occurs twice", file.name);
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        assert!(file.name.bytes().all(plain), "{}", file.name);
    }
    assert!(files.iter().any(|file| file.expect == Expect::AcceptedOrRefused));
    assert!(files.iter().any(|file| file.expect == Expect::Refused));
    assert!(files.len() > 1_050, "{}", files.len());
}

#[test]
fn the_png_that_claims_30000_square_is_about_a_kilobyte() {
    let file = find("png-30000x30000-in-1-kb.png");
    assert!(file.bytes.len() < 1_100, "{}", file.bytes.len());
    let reader = png::Decoder::new(Cursor::new(&file.bytes)).read_info().expect("the head is valid");
    assert_eq!((reader.info().width, reader.info().height), (30_000, 30_000));
}

#[test]
fn the_complete_png_bomb_is_complete() {
    let file = find("png-10000x10000-1-bit-complete.png");
    assert!(file.bytes.len() < 14_000, "{}", file.bytes.len());
    let mut reader = png::Decoder::new(Cursor::new(&file.bytes)).read_info().expect("the head is valid");
    let mut buffer = vec![1; reader.output_buffer_size().expect("12.5 MB")];
    reader.next_frame(&mut buffer).expect("every row is there");
    assert!(buffer.iter().all(|byte| *byte == 0));
}

#[test]
fn the_animation_bombs_hold_ten_thousand_frames() {
    let gif = find("gif-10000-frames.gif");
    let mut reader = gif::DecodeOptions::new().read_info(Cursor::new(&gif.bytes)).expect("the head is valid");
    let mut frames = 0;
    while reader.next_frame_info().expect("every frame is valid").is_some() {
        frames += 1;
    }
    assert_eq!(frames, 10_000);

    let apng = find("apng-10000-frames.png");
    let mut reader = png::Decoder::new(Cursor::new(&apng.bytes)).read_info().expect("the head is valid");
    for _ in 0..10_000 {
        reader.next_frame(&mut [0]).expect("every frame is valid");
    }

    let webp = find("webp-animation-10000-frames.webp");
    let decoder = image_webp::WebPDecoder::new(Cursor::new(&webp.bytes)).expect("the head is valid");
    assert_eq!(decoder.num_frames(), 10_000);
}

#[test]
fn the_scan_bomb_has_a_thousand_scans_and_a_valid_beginning() {
    let file = find("jpeg-1000-scans.jpg");
    let scans = file.bytes.windows(2).filter(|two| *two == [0xff, 0xda]).count();
    assert_eq!(scans, 1_000);
    let mut decoder = zune_jpeg::JpegDecoder::new(Cursor::new(&file.bytes));
    decoder.decode_headers().expect("the head is valid");
    assert_eq!(decoder.dimensions(), Some((4_000, 4_000)));
}

#[test]
fn the_javascript_gif_is_a_gif_and_closes_its_comment() {
    let file = find("gif-that-is-javascript.gif");
    assert!(file.bytes.starts_with(b"GIF89a/*"));
    assert!(file.bytes.windows(3).any(|three| three == b"*/="));
    let mut reader =
        gif::DecodeOptions::new().read_info(Cursor::new(&file.bytes)).expect("the head is valid");
    assert!(reader.read_next_frame().expect("the frame is valid").is_some());
}

#[test]
fn text_bombs_inflate_to_256_mib() {
    let file = find("png-ztxt-inflates-to-256-mib.png");
    let at = file.bytes.windows(4).position(|four| four == b"zTXt").expect("the chunk is there") + 4 + 9;
    let mut inflated = flate2::read::ZlibDecoder::new(&file.bytes[at..]);
    let bytes = std::io::copy(&mut inflated, &mut std::io::sink()).expect("the stream is whole");
    assert_eq!(bytes, 256 << 20);
}

#[test]
fn truncations_cover_every_hundredth_of_ten_wholes() {
    let cuts = hostile::truncations();
    assert_eq!(cuts.len(), 1_000);
    assert!(cuts.iter().all(|file| file.name.starts_with("truncated-")));
    let jpeg = |percent: &str| {
        let name = format!("truncated-jpeg-at-{percent}-percent.jpg");
        cuts.iter().find(|file| file.name == name).expect("the file is made").bytes.len()
    };
    assert_eq!(jpeg("00"), 0);
    assert!(jpeg("99") > jpeg("98"));
}
