//! What a served picture is, read from its own header.

use tintype_testkit::{pixels, raw};

/// Format, width and height.
pub(crate) fn probe(bytes: &[u8]) -> (&'static str, u32, u32) {
    let big16 = |at: usize| u32::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    let little16 = |at: usize| u32::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    if bytes.starts_with(b"\x89PNG") {
        return ("png", big16(16) << 16 | big16(18), big16(20) << 16 | big16(22));
    }
    if bytes.starts_with(b"GIF8") {
        return ("gif", little16(6), little16(8));
    }
    if bytes.starts_with(&[0xff, 0xd8]) {
        let mut at = 2;
        loop {
            let marker = bytes[at + 1];
            // Start of frame, but for the three codes of other tables (ITU-T T.81, table B.1).
            if (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker) {
                return ("jpeg", big16(at + 7), big16(at + 5));
            }
            at += 2 + big16(at + 2) as usize;
        }
    }
    assert!(bytes.starts_with(b"RIFF") && &bytes[8..12] == b"WEBP", "{:?}", &bytes[..bytes.len().min(16)]);
    let (width, height) = match &bytes[12..16] {
        b"VP8 " => (little16(26) & 0x3fff, little16(28) & 0x3fff),
        b"VP8L" => {
            let bits = little16(21) | little16(23) << 16;
            ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
        }
        _ => (little16(24) + 1, little16(27) + 1),
    };
    ("webp", width, height)
}

/// Width and height.
pub(crate) fn size(bytes: &[u8]) -> (u32, u32) {
    let (_, width, height) = probe(bytes);
    (width, height)
}

/// A valid PNG of noise, three bytes a pixel: no compression makes it smaller than its pixels.
pub(crate) fn noise(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let row = width as usize * 3;
    let mut lines = Vec::with_capacity((row + 1) * height as usize);
    let mut state = pixels::mix(seed) | 1;
    for _ in 0..height {
        // A row begins with the number of its filter; 0 is none.
        let end = lines.len() + 1 + row;
        lines.resize(end - row, 0);
        while lines.len() < end {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let left = end - lines.len();
            lines.extend_from_slice(&state.to_le_bytes()[..left.min(8)]);
        }
    }
    let mut out = raw::png::SIGNATURE.to_vec();
    out.extend(raw::png::header(width, height, 8, 2, 0));
    out.extend(raw::png::chunk(*b"IDAT", &raw::zlib(&lines)));
    out.extend(raw::png::chunk(*b"IEND", b""));
    out
}
