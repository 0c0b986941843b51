use super::Hostile;
use crate::{
    build, metadata,
    raw::jpeg::{Bits, EOI, SOI, frame_gray, huffman, insert_after_start, quantisation, scan_gray, segment},
};

const BASELINE: u8 = 0xc0;
const PROGRESSIVE: u8 = 0xc2;

pub(super) fn all() -> Vec<Hostile> {
    let small = build::jpeg(16, 16, 4);
    let exif_loop = segment(0xe1, &[b"Exif\0\0".as_slice(), &metadata::exif::looping()].concat());
    let ended_twice = [small.as_slice(), &small].concat();
    vec![
        Hostile::refused("jpeg-65500x65500-tiny-scan.jpg", tiny_scan(BASELINE, 65_500, 65_500)),
        Hostile::refused("jpeg-65500x65500-progressive.jpg", tiny_scan(PROGRESSIVE, 65_500, 65_500)),
        // Within the default limits of side and pixels, but with a hundred bytes of data for 81 million pixels.
        Hostile::either("jpeg-9000x9000-tiny-scan.jpg", tiny_scan(BASELINE, 9_000, 9_000)),
        // Complete: 1,000 passes over 16 million pixels in 31 KB and some.
        Hostile::refused("jpeg-1000-scans.jpg", many_scans(4_000, 1_000)),
        Hostile::refused("jpeg-20000-scans.jpg", many_scans(64, 20_000)),
        Hostile::refused("jpeg-height-zero.jpg", tiny_scan(BASELINE, 16, 0)),
        Hostile::refused("jpeg-width-zero.jpg", tiny_scan(BASELINE, 0, 16)),
        Hostile::either(
            "jpeg-15-app-segments-of-64-kb.jpg",
            insert_after_start(&small, &segment(0xef, &[b'x'; 65_533]).repeat(15)),
        ),
        Hostile::either(
            "jpeg-200000-empty-app-segments.jpg",
            insert_after_start(&small, &segment(0xef, b"").repeat(200_000)),
        ),
        Hostile::either(
            "jpeg-200-huffman-tables.jpg",
            insert_after_start(&small, &huffman(0, &[0, 1, 2, 3]).repeat(200)),
        ),
        Hostile::either("jpeg-exif-directory-loop.jpg", insert_after_start(&small, &exif_loop)),
        Hostile::either("jpeg-icc-part-200-of-1.jpg", icc_parts(&small)),
        Hostile::refused(
            "jpeg-segment-longer-than-file.jpg",
            [SOI.as_slice(), &[0xff, 0xe1, 0xff, 0xff], b"Exif"].concat(),
        ),
        Hostile::refused(
            "jpeg-segment-length-1.jpg",
            [SOI.as_slice(), &[0xff, 0xe1, 0, 1], &small[2..]].concat(),
        ),
        Hostile::refused("jpeg-start-and-end-alone.jpg", [SOI, EOI].concat()),
        Hostile::refused("jpeg-fill-bytes-alone.jpg", [SOI.as_slice(), &[0xff; 500_000]].concat()),
        Hostile::either("jpeg-restart-markers-500000.jpg", restart_markers()),
        Hostile::either("jpeg-two-pictures-in-a-row.jpg", ended_twice),
    ]
}

/// A grey frame of any size with a hundred bytes of entropy-coded data.
fn tiny_scan(frame: u8, width: u16, height: u16) -> Vec<u8> {
    let mut out = SOI.to_vec();
    out.extend(quantisation());
    out.extend(frame_gray(frame, width, height));
    out.extend(huffman(0, &[0, 1]));
    out.extend(huffman(1, &[0]));
    out.extend(scan_gray(0, if frame == BASELINE { 63 } else { 0 }, 0, 0));
    out.extend([0; 100]);
    out.extend(EOI);
    out
}

/// A progressive grey square, complete: one DC scan, then AC scans of "nothing here", each a handful of bytes that
/// make a decoder visit every block (T.81, G.1.2.2, runs of end-of-band).
fn many_scans(side: u16, scans: u32) -> Vec<u8> {
    let blocks = u32::from(side).div_ceil(8).pow(2);
    let mut out = SOI.to_vec();
    out.extend(quantisation());
    out.extend(frame_gray(PROGRESSIVE, side, side));
    // DC: difference 0 is the code "0". AC: a run of 2^14 and more is "0", a single end of band "10".
    out.extend(huffman(0, &[0]));
    out.extend(huffman(1, &[0xe0, 0x00]));
    out.extend(scan_gray(0, 0, 0, 0));
    let mut flat = Bits::default();
    for _ in 0..blocks {
        flat.push(0, 1);
    }
    out.extend(flat.finish());
    let empty = empty_band(blocks);
    for _ in 1..scans {
        out.extend(scan_gray(1, 63, 0, 0));
        out.extend(&empty);
    }
    out.extend(EOI);
    out
}

fn empty_band(blocks: u32) -> Vec<u8> {
    const RUN_MIN: u32 = 1 << 14;
    const RUN_MAX: u32 = (1 << 15) - 1;
    let mut bits = Bits::default();
    let mut left = blocks;
    while left >= RUN_MIN {
        let run = left.min(RUN_MAX);
        bits.push(0, 1);
        bits.push(run - RUN_MIN, 14);
        left -= run;
    }
    for _ in 0..left {
        bits.push(0b10, 2);
    }
    bits.finish()
}

/// Two ICC segments that contradict each other: part 200 of 1, part 0 of 255.
fn icc_parts(jpeg: &[u8]) -> Vec<u8> {
    let part =
        |number, of| segment(0xe2, &[b"ICC_PROFILE\0".as_slice(), &[number, of], &[0x55; 1_000]].concat());
    insert_after_start(jpeg, &[part(200, 1), part(0, 255)].concat())
}

fn restart_markers() -> Vec<u8> {
    let mut out = tiny_scan(BASELINE, 16, 16);
    out.truncate(out.len() - 2);
    out.extend([0xff, 0xd0].repeat(500_000));
    out.extend(EOI);
    out
}
