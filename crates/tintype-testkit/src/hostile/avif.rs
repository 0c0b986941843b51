use super::Hostile;
use crate::{
    build,
    raw::boxes::{avif_type, full, plain, sized},
};

pub(super) fn all() -> Vec<Hostile> {
    let whole = build::avif();
    let ftyp = avif_type();
    let with = |rest: Vec<u8>| [ftyp.clone(), rest].concat();
    vec![
        Hostile::refused("avif-type-box-alone.avif", ftyp.clone()),
        Hostile::refused("avif-box-size-4-gib.avif", with(sized(u32::MAX, *b"meta", &[0; 64]))),
        Hostile::refused("avif-box-size-64-bit-overflow.avif", with(large(u64::MAX))),
        Hostile::refused("avif-box-size-64-bit-below-header.avif", with(large(3))),
        Hostile::refused("avif-box-size-4.avif", with(sized(4, *b"meta", &[0; 64]))),
        Hostile::refused("avif-boxes-nested-20000-deep.avif", with(nested(20_000))),
        Hostile::refused("avif-60000-empty-boxes.avif", with(plain(*b"free", b"").repeat(60_000))),
        Hostile::refused("avif-no-primary-item.avif", with(meta(&[]))),
        Hostile::refused("avif-65535-items-claimed.avif", with(meta(&[claimed_items()]))),
        Hostile::refused("avif-location-beyond-64-bit.avif", with(location_overflow())),
        Hostile::refused("avif-grid-256x256-tiles.avif", with(grid(u32::MAX, u32::MAX))),
        Hostile::refused("avif-grid-of-itself.avif", with(grid(64, 42))),
        Hostile::refused("avif-claims-65535x65535.avif", claim(&whole, 65_535, 65_535)),
        Hostile::refused("avif-claims-4294967295-square.avif", claim(&whole, u32::MAX, u32::MAX)),
        Hostile::refused("avif-claims-zero.avif", claim(&whole, 0, 0)),
        Hostile::either("avif-claims-another-size.avif", claim(&whole, 9_000, 9_000)),
        Hostile::refused("avif-av1-data-noise.avif", noise_data(&whole)),
    ]
}

/// A box with its size in 64 bits.
fn large(size: u64) -> Vec<u8> {
    sized(1, *b"meta", &[size.to_be_bytes().as_slice(), &[0; 64]].concat())
}

fn nested(depth: usize) -> Vec<u8> {
    // The outermost box first; each states the size of what is left.
    (0..depth).rev().flat_map(|inner| sized((inner as u32 + 1) * 8, *b"moov", b"")).collect()
}

fn meta(boxes: &[Vec<u8>]) -> Vec<u8> {
    let handler = full(*b"hdlr", 0, 0, b"\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0");
    full(*b"meta", 0, 0, &[handler, boxes.concat()].concat())
}

/// The primary item's number, 1.
fn primary() -> Vec<u8> {
    full(*b"pitm", 0, 0, &[0, 1])
}

fn item(number: u8, kind: [u8; 4]) -> Vec<u8> {
    full(*b"infe", 2, 0, &[[0, number, 0, 0].as_slice(), &kind, b"\0"].concat())
}

fn claimed_items() -> Vec<u8> {
    [primary(), full(*b"iinf", 0, 0, &[[0xff, 0xff].as_slice(), &item(1, *b"av01")].concat())].concat()
}

/// An item whose place is 2^64 - 16 and whose length is 2^64 - 1.
fn location_overflow() -> Vec<u8> {
    let items = full(*b"iinf", 0, 0, &[[0, 1].as_slice(), &item(1, *b"av01")].concat());
    let mut content = vec![0x88, 0x00, 0, 1]; // Offsets and lengths of 8 bytes; no base; one item.
    content.extend([0, 1, 0, 0, 0, 1]); // Item 1, this file, one extent.
    content.extend((u64::MAX - 15).to_be_bytes());
    content.extend(u64::MAX.to_be_bytes());
    meta(&[primary(), items, full(*b"iloc", 0, 0, &content)])
}

/// A grid of 256 × 256 tiles, every one of which is the grid itself (ISO/IEC 23008-12, 6.6.2.3).
fn grid(width: u32, height: u32) -> Vec<u8> {
    let items = full(*b"iinf", 0, 0, &[[0, 1].as_slice(), &item(1, *b"grid")].concat());
    let tiles = [[0, 1, 0xff, 0xff].as_slice(), &[0, 1].repeat(65_535)].concat();
    let references = full(*b"iref", 0, 0, &plain(*b"dimg", &tiles));
    let size = full(*b"ispe", 0, 0, &[width.to_be_bytes(), height.to_be_bytes()].concat());
    let association = full(*b"ipma", 0, 0, &[0, 0, 0, 1, 0, 1, 1, 0x81]);
    let properties = plain(*b"iprp", &[plain(*b"ipco", &size), association].concat());
    let description = [[0, 1, 255, 255].as_slice(), &width.to_be_bytes(), &height.to_be_bytes()].concat();
    // Construction method 1: the extent lies in the `idat` box.
    let location = [0x44, 0x00, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 12];
    meta(&[
        primary(),
        items,
        references,
        properties,
        full(*b"iloc", 1, 0, &location),
        plain(*b"idat", &description),
    ])
}

fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).expect("the asset has this box")
}

/// The asset with other sides in its `ispe` property, which is not what its AV1 data say.
fn claim(avif: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut out = avif.to_vec();
    let sides = find(avif, b"ispe") + 8;
    out[sides..sides + 4].copy_from_slice(&width.to_be_bytes());
    out[sides + 4..sides + 8].copy_from_slice(&height.to_be_bytes());
    out
}

/// The asset with every bit of its AV1 data turned over.
fn noise_data(avif: &[u8]) -> Vec<u8> {
    let mut out = avif.to_vec();
    let data = find(avif, b"mdat") + 4;
    out[data..].iter_mut().for_each(|byte| *byte = !*byte);
    out
}
