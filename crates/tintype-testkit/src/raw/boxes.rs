//! ISO base media boxes (ISO/IEC 14496-12), as AVIF uses them.

/// A box: its size of four bytes, its type, its content.
pub fn plain(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).expect("a box of this crate is small");
    sized(size, kind, content)
}

/// A box that states any size, true or not.
pub fn sized(size: u32, kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = size.to_be_bytes().to_vec();
    out.extend(kind);
    out.extend(content);
    out
}

/// A box with version and flags in front of its content.
pub fn full(kind: [u8; 4], version: u8, flags: u32, content: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = flags.to_be_bytes();
    plain(kind, &[&[version, a, b, c], content].concat())
}

/// The `ftyp` box of a still AVIF.
pub fn avif_type() -> Vec<u8> {
    plain(*b"ftyp", b"avif\0\0\0\0avifmif1miaf")
}
