//! What a file is, by its first bytes and never by its name.

use tintype_types::MediaType;

/// What the first bytes of a file say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// One of the formats that Tintype knows.
    Known(MediaType),
    /// Something else, by its usual name.
    Other(&'static str),
    /// Nothing that is recognised.
    Unknown,
}

/// Signatures at the beginning of files that are something else.
const OTHERS: [(&[u8], &str); 33] = [
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"PK\x03\x04", "ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "BigTIFF"),
    (b"MM\0+", "BigTIFF"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"BM", "BMP"),
    (b"\0\0\x01\0", "ICO"),
    (b"\0\0\x02\0", "CUR"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"8BPS", "Photoshop"),
    (b"gimp xcf", "GIMP XCF"),
    (b"qoif", "QOI"),
    (b"farbfeld", "farbfeld"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"DDS ", "DDS"),
    (b"\x8aMNG\r\n\x1a\n", "MNG"),
    (b"\x8bJNG\r\n\x1a\n", "JNG"),
    (b"\x1a\x45\xdf\xa3", "WebM or Matroska"),
    (b"OggS", "Ogg"),
    (b"ID3", "MP3"),
    (b"fLaC", "FLAC"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x7fELF", "ELF program"),
];

/// Brands of ISO base media files that are not AVIF.
const BRANDS: [(&[u8; 4], &str); 22] = [
    (b"heic", "HEIC"),
    (b"heix", "HEIC"),
    (b"heim", "HEIC"),
    (b"heis", "HEIC"),
    (b"hevc", "HEIC"),
    (b"hevx", "HEIC"),
    (b"jxl ", "JPEG XL"),
    (b"crx ", "Canon CR3"),
    (b"qt  ", "QuickTime video"),
    (b"isom", "MP4"),
    (b"iso2", "MP4"),
    (b"iso4", "MP4"),
    (b"iso5", "MP4"),
    (b"iso6", "MP4"),
    (b"mp41", "MP4"),
    (b"mp42", "MP4"),
    (b"avc1", "MP4"),
    (b"M4V ", "MP4"),
    (b"M4A ", "MP4 audio"),
    (b"3gp4", "3GP"),
    // Last, because these say only what the container is.
    (b"mif1", "HEIF"),
    (b"msf1", "HEIF"),
];

/// Names the content by its first bytes; 4 KiB are enough for every answer.
///
/// Only what stands at the very beginning counts: a JPEG behind a PDF header is a PDF.
pub fn sniff(head: &[u8]) -> Sniffed {
    if head.starts_with(b"\xff\xd8\xff") {
        return Sniffed::Known(MediaType::Jpeg);
    }
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Sniffed::Known(MediaType::Png);
    }
    if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        return Sniffed::Known(MediaType::Gif);
    }
    if head.starts_with(b"RIFF") {
        return riff(head);
    }
    if head.get(4..8) == Some(b"ftyp") {
        return iso_media(head);
    }
    if let Some((_, name)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Sniffed::Other(name);
    }
    text(head)
}

fn riff(head: &[u8]) -> Sniffed {
    match head.get(8..12) {
        Some(b"WEBP") => Sniffed::Known(MediaType::Webp),
        Some(b"AVI ") => Sniffed::Other("AVI video"),
        Some(b"WAVE") => Sniffed::Other("WAV audio"),
        _ => Sniffed::Other("RIFF"),
    }
}

/// Reads the major and compatible brands of an `ftyp` box (ISO/IEC 14496-12, 4.3).
fn iso_media(head: &[u8]) -> Sniffed {
    let size = head.get(..4).and_then(|size| size.try_into().ok()).map_or(0, u32::from_be_bytes);
    let size = usize::try_from(size).unwrap_or(usize::MAX).min(head.len());
    let major = head.get(8..12);
    let compatible = || head.get(16..size).unwrap_or_default().chunks_exact(4);
    let is_avif = |brand: &[u8]| brand == b"avif" || brand == b"avis";
    if major.is_some_and(is_avif) || compatible().any(is_avif) {
        return Sniffed::Known(MediaType::Avif);
    }
    let has = |brand: &[u8; 4]| major == Some(brand) || compatible().any(|found| found == brand);
    let found = BRANDS.iter().find(|(brand, _)| has(brand));
    found.map_or(Sniffed::Other("ISO media"), |(_, name)| Sniffed::Other(name))
}

/// Recognises markup, past a byte order mark, white space, comments and declarations.
fn text(head: &[u8]) -> Sniffed {
    let head = &head[..head.len().min(4096)];
    let lower = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).to_ascii_lowercase();
    let start = lower.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    let lower = &lower[start..];
    if !lower.starts_with(b"<") {
        return Sniffed::Unknown;
    }
    let has = |needle: &[u8]| lower.windows(needle.len()).any(|window| window == needle);
    if lower.starts_with(b"<!doctype html") || has(b"<html") || has(b"<script") || has(b"<body") {
        return if has(b"<svg") && !has(b"<html") { Sniffed::Other("SVG") } else { Sniffed::Other("HTML") };
    }
    if has(b"<svg") || has(b"<!doctype svg") {
        return Sniffed::Other("SVG");
    }
    if lower.starts_with(b"<?xml") { Sniffed::Other("XML") } else { Sniffed::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &[u8], expected: Sniffed) {
        assert_eq!(sniff(head), expected, "{}", head.escape_ascii());
    }

    #[test]
    fn what_is_known_is_named_by_its_first_bytes() {
        check(b"\xff\xd8\xff\xe0", Sniffed::Known(MediaType::Jpeg));
        check(b"\x89PNG\r\n\x1a\n\0", Sniffed::Known(MediaType::Png));
        check(b"GIF89a", Sniffed::Known(MediaType::Gif));
        check(b"RIFF\0\0\0\0WEBPVP8 ", Sniffed::Known(MediaType::Webp));
        check(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", Sniffed::Known(MediaType::Avif));
        check(b"\0\0\0\x18ftypavis\0\0\0\0msf1miaf", Sniffed::Known(MediaType::Avif));
    }

    #[test]
    fn what_is_not_taken_in_is_named_too() {
        for (head, name) in [
            (&b"%PDF-1.7\n\xff\xd8\xff\xe0"[..], "PDF"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "MP4"),
            (b"\xff\x0a\xfa", "JPEG XL"),
            (b"\xef\xbb\xbf \n<?xml version=\"1.0\"?><!-- a --><SVG xmlns=", "SVG"),
            (b"<svg><script>alert(1)</script></svg>", "SVG"),
            (b"<!DOCTYPE html><svg>", "SVG"),
            (b"<html><svg>", "HTML"),
            (b"PK\x03\x04", "ZIP"),
            (b"BM6", "BMP"),
        ] {
            check(head, Sniffed::Other(name));
        }
    }

    #[test]
    fn the_rest_is_unknown() {
        for head in [&b""[..], b"GIF88a", b"\x89PNG\r\n", b"hello", b"<hello>", b"\xff\xd8"] {
            check(head, Sniffed::Unknown);
        }
    }
}
