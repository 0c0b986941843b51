//! GIF (GIF89a specification, CompuServe 1990).

/// Header and logical screen of a canvas with a global palette of two colours, black and white.
pub fn screen(width: u16, height: u16) -> Vec<u8> {
    let mut out = b"GIF89a".to_vec();
    out.extend(width.to_le_bytes());
    out.extend(height.to_le_bytes());
    out.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
    out
}

/// A frame of one pixel of colour 0 at the top left corner, 100 ms long.
pub fn one_pixel_frame() -> Vec<u8> {
    let mut out = vec![0x21, 0xf9, 4, 0, 10, 0, 0, 0];
    out.extend([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0]);
    // Code size 2: clear (100), colour 0 (000), end (101), packed from the lowest bit.
    out.extend([2, 2, 0x44, 0x01, 0]);
    out
}

/// The trailer that ends every GIF.
pub const TRAILER: u8 = 0x3b;

/// An extension: its label, a first block of its own (an application's name; empty for comments), then the data in
/// blocks of at most 255 bytes.
///
/// # Panics
/// When the first block is longer than 255 bytes.
pub fn extension(label: u8, first: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x21, label];
    if !first.is_empty() {
        out.push(u8::try_from(first.len()).expect("a block holds at most 255 bytes"));
        out.extend(first);
    }
    for block in data.chunks(255) {
        out.push(u8::try_from(block.len()).expect("a block holds at most 255 bytes"));
        out.extend(block);
    }
    out.push(0);
    out
}

/// The file with more blocks right after its header and global palette.
///
/// # Panics
/// When the file is shorter than its header and palette.
pub fn insert_after_screen(gif: &[u8], blocks: &[u8]) -> Vec<u8> {
    let flags = gif[10];
    let palette = if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let (head, tail) = gif.split_at(13 + palette);
    [head, blocks, tail].concat()
}
