//! Files that ask for far more than they are: refused by a limit, from their headers.

use tintype_image::InspectOptions;
use tintype_types::{Fit, ImageLimits, MediaType, Recipe, Refusal, refusal::LimitKind};

use crate::support::{
    check,
    chunks::png_chunk,
    files, fixture, inspect, options,
    samples::{self, jpeg_with, png_with, riff, webp_extended, zlib_zeroes},
};

fn check_limit(name: &str, data: &[u8], kind: LimitKind) {
    match check(data) {
        Err(Refusal::Limit { kind: found, actual, max }) => {
            assert_eq!(found, kind, "{name}");
            assert!(actual > max, "{name}: {actual} of {max}");
        }
        other => panic!("{name}: {other:?}"),
    }
}

/// A PNG of nothing but a claim.
fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    let data = zlib_zeroes(700);
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        png_chunk(*b"IHDR", &header),
        png_chunk(*b"IDAT", &data),
        png_chunk(*b"IEND", b""),
    ]
    .concat()
}

#[test]
fn png_claims() {
    check_limit("30,000 × 30,000", &png_claiming(30_000, 30_000), LimitKind::Pixels);
    check_limit("2^31 wide", &png_claiming(0x7fff_ffff, 1), LimitKind::Side);
}

#[test]
fn inflating_metadata() {
    let bomb = zlib_zeroes(64 << 20);
    let png = samples::png();
    for (kind, prefix) in [
        (*b"zTXt", &b"Comment\0\0"[..]),
        (*b"iCCP", b"icc\0\0"),
        (*b"iTXt", b"Comment\0\x01\0en\0Kommentar\0"),
    ] {
        let data = png_with(&png, kind, &[prefix, &bomb].concat());
        check_limit(&kind.escape_ascii().to_string(), &data, LimitKind::MetadataBytes);
    }
    // Many small ones count together.
    let part = [&b"Comment\0\0"[..], &zlib_zeroes(1 << 20)].concat();
    let many = (0..9).fold(png, |data, _| png_with(&data, *b"zTXt", &part));
    check_limit("nine megabytes in nine chunks", &many, LimitKind::MetadataBytes);
}

#[test]
fn gif_claims() {
    let mut huge = samples::gif(1);
    huge[6..10].copy_from_slice(&[0xff; 4]);
    check_limit("65,535 × 65,535", &huge, LimitKind::Side);
    let mut dot = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    for _ in 0..10_000 {
        dot.extend(*b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0");
    }
    dot.push(0x3b);
    check_limit("10,000 frames", &dot, LimitKind::Frames);
    let wide: Vec<u8> = {
        let mut wide = b"GIF89a\x00\x20\x00\x20\x80\0\0\0\0\0\xff\xff\xff".to_vec();
        for _ in 0..4 {
            wide.extend(*b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0");
        }
        wide.push(0x3b);
        wide
    };
    check_limit("4 frames of 8192 × 8192", &wide, LimitKind::FramePixels);
}

#[test]
fn jpeg_scans() {
    let data = samples::jpeg(true);
    let at = data.windows(2).rposition(|window| window == [0xff, 0xda]).unwrap();
    let scan = &data[at..data.len() - 2];
    let many = [&data[..data.len() - 2], &scan.repeat(1_000), &[0xff, 0xd9]].concat();
    check_limit("1,000 scans", &many, LimitKind::Scans);
}

#[test]
fn jpeg_claims() {
    for (progressive, kind) in [(false, LimitKind::Side), (true, LimitKind::Side)] {
        let mut data = samples::jpeg(progressive);
        let marker = if progressive { 0xc2 } else { 0xc0 };
        let at = data.windows(2).position(|window| window == [0xff, marker]).unwrap();
        data[at + 5..at + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
        check_limit("65,535 × 65,535", &data, kind);
    }
    let mut data = samples::jpeg(true);
    let at = data.windows(2).position(|window| window == [0xff, 0xc2]).unwrap();
    data[at + 5..at + 9].copy_from_slice(&[0x27, 0x10, 0x27, 0x10]);
    let limits = ImageLimits { decoded_bytes_max: 64 << 20, ..ImageLimits::default() };
    let refusal = inspect(&data, &InspectOptions { limits, ..options(false) });
    assert!(matches!(refusal, Err(Refusal::Limit { kind: LimitKind::DecodedBytes, .. })), "{refusal:?}");
}

#[test]
fn jpeg_profiles() {
    let part = [&b"ICC_PROFILE\0\x01\xff"[..], &[0; 65_000]].concat();
    let segments: Vec<(u8, &[u8])> = (0..150).map(|_| (0xe2, &part[..])).collect();
    check_limit("9.7 MB of ICC", &jpeg_with(&samples::jpeg(false), &segments), LimitKind::MetadataBytes);
}

#[test]
fn webp_claims() {
    let mut huge = webp_extended(0, &[]);
    huge[24..30].copy_from_slice(&[0xff; 6]);
    check_limit("16,777,216 × 16,777,216", &huge, LimitKind::Side);
    let frame = samples::webp_animated(1);
    let chunks = crate::support::chunks::riff_chunks(&frame);
    let mut many = chunks[..2].to_vec();
    many.extend(std::iter::repeat_n(chunks[2].clone(), 1_001));
    check_limit("1,001 frames", &riff(&many), LimitKind::Frames);
}

#[test]
fn limits_are_those_that_were_given() {
    let limits = ImageLimits { side_max: 100, ..ImageLimits::default() };
    for data in [samples::jpeg(false), samples::png(), samples::gif(1), samples::webp()] {
        let refusal = inspect(&data, &InspectOptions { limits, ..options(false) }).unwrap_err();
        assert_eq!(refusal, Refusal::Limit { kind: LimitKind::Side, actual: 160, max: 100 });
    }
}

#[test]
fn segments_without_end() {
    let comments: Vec<(u8, &[u8])> = vec![(0xfe, b""); 70_000];
    let data = jpeg_with(&samples::jpeg(false), &comments);
    assert!(matches!(check(&data), Err(Refusal::Corrupt { media_type: MediaType::Jpeg, .. })));
}

/// Bytes for which an inspection and a rendering each ask.
fn asked(data: &[u8]) -> (Vec<u64>, Vec<u64>) {
    let (mut inspecting, mut rendering) = (Vec::new(), Vec::new());
    tintype_image::inspect(data, &options(false), &mut |bytes| inspecting.push(bytes)).unwrap();
    let recipe = Recipe { width: None, height: None, fit: Fit::Contain, format: MediaType::Jpeg };
    tintype_image::render(data, &recipe, &ImageLimits::default(), &mut |bytes| rendering.push(bytes))
        .unwrap();
    (inspecting, rendering)
}

#[test]
fn memory_is_asked_for_once_and_covers_what_is_held() {
    let pixels = u64::from(samples::WIDTH * samples::HEIGHT);
    for (name, data, at_least) in [
        ("baseline JPEG", samples::jpeg(false), 0),
        // Two bytes a coefficient, and chroma of a quarter's size or more.
        ("progressive JPEG", samples::jpeg(true), pixels * 3),
        ("PNG", samples::png(), 0),
        ("GIF", samples::gif(1), 0),
        ("WebP with alpha", samples::webp_alpha(), pixels * 4),
    ] {
        let (inspecting, rendering) = asked(&data);
        assert_eq!((inspecting.len(), rendering.len()), (1, 1), "{name}");
        assert!(inspecting[0] >= at_least, "{name}: {} bytes", inspecting[0]);
        assert!(rendering[0] >= at_least + pixels * 3, "{name}: the picture itself lies in memory too");
    }
    let Some(folder) = fixture("memory_is_asked_for_once_and_covers_what_is_held", "formats/avif") else {
        return;
    };
    for file in files(&folder) {
        let (inspecting, rendering) = asked(&std::fs::read(&file).unwrap());
        assert_eq!((inspecting.len(), rendering.len()), (1, 1), "{}", file.display());
        assert!(rendering[0] > inspecting[0], "{}", file.display());
    }
}

#[test]
fn what_is_refused_never_asks() {
    let limits = ImageLimits { decoded_bytes_max: 1 << 10, ..ImageLimits::default() };
    for data in [samples::jpeg(true), samples::webp_alpha()] {
        let mut asked = 0;
        let refused =
            tintype_image::inspect(&data, &InspectOptions { limits, ..options(false) }, &mut |_| asked += 1);
        assert!(matches!(refused, Err(Refusal::Limit { kind: LimitKind::DecodedBytes, .. })), "{refused:?}");
        assert_eq!(asked, 0);
    }
}
