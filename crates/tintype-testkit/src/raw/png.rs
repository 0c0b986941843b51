//! PNG (W3C PNG, third edition, chapter 5).

/// The eight bytes that every PNG begins with.
pub const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// One chunk: length, type, data, checksum.
pub fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(data.len()).expect("a chunk holds less than 4 GiB").to_be_bytes().to_vec();
    out.extend(kind);
    out.extend(data);
    let crc = crc32fast::hash(&out[4..]);
    out.extend(crc.to_be_bytes());
    out
}

/// The `IHDR` chunk. Colour: 0 grey, 2 RGB, 3 palette, 4 grey with opacity, 6 RGBA. Interlace: 0 none, 1 Adam7.
pub fn header(width: u32, height: u32, depth: u8, colour: u8, interlace: u8) -> Vec<u8> {
    let mut data = width.to_be_bytes().to_vec();
    data.extend(height.to_be_bytes());
    data.extend([depth, colour, 0, 0, interlace]);
    chunk(*b"IHDR", &data)
}

/// A file of header, the chunks given and the end.
pub fn file(header: &[u8], chunks: &[u8]) -> Vec<u8> {
    [&SIGNATURE, header, chunks, &chunk(*b"IEND", b"")].concat()
}

/// The file with more chunks right after its header.
///
/// # Panics
/// When the file is shorter than a signature and a header.
pub fn insert_after_header(png: &[u8], chunks: &[u8]) -> Vec<u8> {
    // Signature 8, header chunk 4 + 4 + 13 + 4.
    let (head, tail) = png.split_at(33);
    [head, chunks, tail].concat()
}
