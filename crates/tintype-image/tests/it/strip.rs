//! Publishing removes metadata and changes no pixel.

use tintype_types::Inspection;

use crate::support::{
    apply_plan, check,
    chunks::{png_kinds, riff_chunks},
    fixture, inspect, options, pixels, published,
    samples::{self, jpeg_with, png_with, tiff, webp_extended},
};

/// What is private in the samples, as bytes that must not come out.
const SECRETS: [&[u8]; 6] =
    [b"Cam\0", b"secret", b"http://ns.adobe.com", b"Photoshop 3.0", b"JFXX", b"hung on"];

/// Publishes `data`, checks that secrets are gone and pixels are not, and that publishing again changes nothing.
fn check_strip(name: &str, data: &[u8]) -> (Inspection, Vec<u8>) {
    let data = &[data, b"hung on behind the picture"].concat();
    let found = check(data).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
    let out = apply_plan(data, &found.plan);
    for secret in SECRETS {
        assert!(
            !out.windows(secret.len()).any(|window| window == secret),
            "{name}: {} is left",
            secret.escape_ascii()
        );
    }
    assert_eq!(pixels(data), pixels(&out), "{name}");
    let again = check(&out).unwrap();
    assert!(again.plan.is_whole(out.len() as u64), "{name}: {:?}", again.plan);
    assert_eq!(Inspection { plan: found.plan.clone(), ..again }, found, "{name}");
    let kept = inspect(data, &options(true)).unwrap();
    let kept = apply_plan(data, &kept.plan);
    assert!(
        data.starts_with(&kept) && data.len() - kept.len() >= 26,
        "{name}: metadata kept, the rest dropped"
    );
    (found, out)
}

#[test]
fn jpeg() {
    for (progressive, orientation) in [(false, 1), (true, 1), (false, 6), (true, 3)] {
        let exif = [b"Exif\0\0", &tiff(orientation, true)[..]].concat();
        let icc = [b"ICC_PROFILE\0\x01\x01", &[7; 300][..]].concat();
        let segments: [(u8, &[u8]); 8] = [
            (0xe1, &exif),
            (0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
            (0xe2, &icc),
            (0xe2, b"MPF\0secret"),
            (0xed, b"Photoshop 3.0\0secret"),
            (0xe0, b"JFXX\0\x10secret"),
            (0xeb, b"JP\0\x01secret"),
            (0xfe, b"secret comment"),
        ];
        let data = jpeg_with(&samples::jpeg(progressive), &segments);
        let (found, out) = check_strip("jpeg", &data);
        assert_eq!(found.orientation, orientation);
        assert!(out.windows(icc.len()).any(|window| window == icc), "the profile stays");
        assert_eq!(out.windows(4).any(|window| window == b"Exif"), orientation > 1);
    }
}

#[test]
fn a_jfif_thumbnail_goes_and_adobe_is_cut_to_its_length() {
    let jfif = b"JFIF\0\x01\x02\x01\0\x48\0\x48\x01\x01secret";
    let plain = samples::jpeg(false);
    // Without the encoder's own JFIF, which would be the second one.
    let without = [&plain[..2], &plain[20..]].concat();
    let adobe = b"Adobe\0\x64\0\0\0\0\x01secret";
    let data = jpeg_with(&without, &[(0xe0, jfif), (0xee, adobe)]);
    let (_, out) = check_strip("jfif", &data);
    assert_eq!(out[2..20], *b"\xff\xe0\0\x10JFIF\0\x01\x02\x01\0\x48\0\x48\0\0");
    assert_eq!(out[20..36], *b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\x01");
}

#[test]
fn png() {
    for orientation in [1, 8] {
        let mut data = png_with(&samples::png(), *b"eXIf", &tiff(orientation, true));
        for (kind, payload) in [
            (*b"tEXt", &b"Comment\0secret"[..]),
            (*b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0secret"),
            (*b"tIME", &[7, 231, 1, 1, 0, 0, 0]),
            (*b"prVt", b"secret"),
            (*b"gAMA", &[0, 0, 0xb1, 0x8f]),
            (*b"pHYs", &[0, 0, 11, 0x13, 0, 0, 11, 0x13, 1]),
        ] {
            data = png_with(&data, kind, payload);
        }
        let (found, out) = check_strip("png", &data);
        assert_eq!(found.orientation, orientation);
        let exif: &[[u8; 4]] = if orientation > 1 { &[*b"eXIf"] } else { &[] };
        let mut kinds = vec![*b"IHDR"];
        kinds.extend(exif);
        kinds.extend([*b"pHYs", *b"gAMA", *b"IDAT", *b"IEND"]);
        let mut found_kinds = png_kinds(&out);
        found_kinds.dedup();
        assert_eq!(found_kinds, kinds);
    }
}

#[test]
fn apng_keeps_its_frames() {
    let data = png_with(&samples::apng(4), *b"tEXt", b"Comment\0secret");
    let (found, out) = check_strip("apng", &data);
    assert_eq!(found.frames, 4);
    let frames = |data: &[u8]| {
        let mut reader = png::Decoder::new(std::io::Cursor::new(data.to_vec())).read_info().unwrap();
        assert_eq!(reader.info().animation_control().unwrap().num_plays, 3);
        let mut frames = Vec::new();
        for _ in 0..4 {
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            frames.push(pixels);
        }
        frames
    };
    assert_eq!(frames(&data), frames(&out));
}

#[test]
fn apng_may_have_a_still_of_its_own() {
    let (found, _) = check_strip("apng with a still", &samples::apng_with_still(3));
    assert_eq!(found.frames, 3);
}

#[test]
fn gif_keeps_its_animation() {
    let (found, out) = check_strip("gif", &samples::gif(3));
    assert_eq!((found.frames, found.has_alpha), (3, true));
    assert!(!out.windows(9).any(|window| window == b"a comment"));
    let frames = |data: &[u8]| {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(data).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            frames.push((frame.buffer.to_vec(), frame.delay, frame.dispose as u8));
        }
        assert_eq!(decoder.repeat(), gif::Repeat::Finite(7));
        frames
    };
    assert_eq!(frames(&samples::gif(3)), frames(&out));
}

#[test]
fn gif_applications_but_loops_go() {
    let data = samples::gif(1);
    let xmp = b"\x21\xff\x0bXMP DataXMP\x06secret\0";
    let long_loop = b"\x21\xff\x0bNETSCAPE2.0\x06secret\x03\x01\x05\0\0";
    let begin = 13 + 768;
    let data = [&data[..begin], xmp, long_loop, &data[begin..]].concat();
    let (_, out) = check_strip("gif applications", &data);
    assert_eq!(out[begin..begin + 19], *b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x05\0\0");
}

#[test]
fn webp() {
    for orientation in [1, 5] {
        let exif = tiff(orientation, true);
        let more: [(&[u8; 4], &[u8]); 4] = [
            (b"EXIF", &exif),
            (b"XMP ", b"http://ns.adobe.com secret"),
            (b"UNKN", b"secret"),
            (b"ICCP", b"late one"),
        ];
        let data = webp_extended(0x0c, &more);
        let (found, out) = check_strip("webp", &data);
        assert_eq!(found.orientation, orientation);
        let chunks = riff_chunks(&out);
        assert_eq!(chunks[0].1[0], if orientation > 1 { 0x08 } else { 0 }, "the flags say what is there");
        let exif = chunks.iter().find(|(kind, _)| kind == b"EXIF").map(|(_, payload)| payload.clone());
        assert_eq!(exif, (orientation > 1).then(|| tiff(orientation, false)));
    }
    check_strip("webp simple", &samples::webp());
    let (found, _) = check_strip("webp alpha", &samples::webp_alpha());
    assert!(found.has_alpha);
}

#[test]
fn webp_keeps_its_animation() {
    let data = samples::webp_animated(3);
    let (found, out) = check_strip("webp animation", &data);
    assert_eq!(found.frames, 3);
    let frames = |data: &[u8]| -> Vec<Vec<u8>> {
        riff_chunks(data)
            .into_iter()
            .filter(|(kind, _)| kind == b"ANMF")
            .map(|(_, payload)| payload)
            .collect()
    };
    for (before, after) in frames(&data).iter().zip(frames(&out)) {
        assert_eq!(before[..before.len() - 12], after[..], "a frame without its foreign chunk");
    }
    assert!(
        riff_chunks(&out).iter().any(|(kind, payload)| kind == b"ANIM" && payload[4] == 3),
        "it loops thrice"
    );
}

#[test]
fn avif() {
    let Some(folder) = fixture("avif", "formats/avif") else { return };
    for path in crate::support::files(&folder) {
        let data = std::fs::read(&path).unwrap();
        check_strip(&path.display().to_string(), &data);
        assert_eq!(published(&data).len(), data.len(), "nothing moves");
    }
}
