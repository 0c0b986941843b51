//! Puts metadata into finished pictures, without touching their pixels.

use super::{ByteOrder, Metadata, comment, icc, iptc, trailing, xmp};
use crate::raw::{self, riff};

fn with_trailing(mut bytes: Vec<u8>, metadata: &Metadata) -> Vec<u8> {
    if metadata.trailing {
        bytes.extend(trailing());
    }
    bytes
}

/// The JPEG with APP1 (EXIF, XMP), APP13 (IPTC), COM and APP2 (ICC) segments, and bytes after its end. EXIF is
/// big-endian here, so that both orders occur.
pub fn jpeg(image: &[u8], metadata: &Metadata) -> Vec<u8> {
    let mut segments = Vec::new();
    if let Some(exif) = metadata.exif_block(ByteOrder::Big) {
        segments.extend(raw::jpeg::segment(0xe1, &[b"Exif\0\0", exif.as_slice()].concat()));
    }
    if metadata.xmp {
        let name = b"http://ns.adobe.com/xap/1.0/\0".as_slice();
        segments.extend(raw::jpeg::segment(0xe1, &[name, &xmp::packet()].concat()));
    }
    if metadata.iptc {
        segments.extend(raw::jpeg::segment(0xed, &iptc::photoshop_block()));
    }
    if metadata.comment {
        segments.extend(raw::jpeg::segment(0xfe, comment().as_bytes()));
    }
    if metadata.icc {
        // Part 1 of 1 (ICC.1:2010, B.4).
        let name = b"ICC_PROFILE\0\x01\x01".as_slice();
        segments.extend(raw::jpeg::segment(0xe2, &[name, &icc::srgb_like()].concat()));
    }
    with_trailing(raw::jpeg::insert_after_start(image, &segments), metadata)
}

/// The PNG with iCCP, eXIf, the XMP's iTXt, and tEXt, zTXt and iTXt comments and tIME after its header, and bytes
/// after its end.
pub fn png(image: &[u8], metadata: &Metadata) -> Vec<u8> {
    let chunk = raw::png::chunk;
    let mut chunks = Vec::new();
    if metadata.icc {
        let profile = raw::zlib(&icc::srgb_like());
        chunks.extend(chunk(*b"iCCP", &[b"test\0\0", profile.as_slice()].concat()));
    }
    if let Some(exif) = metadata.exif_block(ByteOrder::Little) {
        chunks.extend(chunk(*b"eXIf", &exif));
    }
    if metadata.xmp {
        let name = b"XML:com.adobe.xmp\0\0\0\0\0".as_slice();
        chunks.extend(chunk(*b"iTXt", &[name, &xmp::packet()].concat()));
    }
    if metadata.comment {
        let text = comment();
        chunks.extend(chunk(*b"tEXt", &[b"Comment\0", text.as_bytes()].concat()));
        chunks.extend(chunk(*b"zTXt", &[b"Author\0\0", raw::zlib(text.as_bytes()).as_slice()].concat()));
        chunks.extend(chunk(*b"iTXt", &[b"Description\0\0\0\0\0", text.as_bytes()].concat()));
        chunks.extend(chunk(*b"tIME", &[0x07, 0xea, 11, 21, 20, 15, 2]));
    }
    with_trailing(raw::png::insert_after_header(image, &chunks), metadata)
}

/// The GIF with a comment, XMP and ICC application extensions after its palette, and bytes after its end. EXIF and
/// IPTC have no place in GIF and are left out.
pub fn gif(image: &[u8], metadata: &Metadata) -> Vec<u8> {
    let extension = raw::gif::extension;
    let mut blocks = Vec::new();
    if metadata.comment {
        blocks.extend(extension(0xfe, b"", comment().as_bytes()));
    }
    if metadata.icc {
        blocks.extend(extension(0xff, b"ICCRGBG1012", &icc::srgb_like()));
    }
    if metadata.xmp {
        blocks.extend(gif_xmp());
    }
    with_trailing(raw::gif::insert_after_screen(image, &blocks), metadata)
}

/// XMP in GIF: the packet raw, not in blocks, then a run of falling bytes that leads any reader of blocks to the end
/// (XMP Specification Part 3, 1.1.2).
fn gif_xmp() -> Vec<u8> {
    let mut out = vec![0x21, 0xff, 11];
    out.extend(b"XMP DataXMP");
    out.extend(xmp::packet());
    out.push(1);
    out.extend((0..=255).rev());
    out.push(0);
    out
}

/// The WebP, in the extended form, with ICCP, EXIF and `XMP ` chunks, and bytes after its end. Takes lossless files,
/// plain or animated, as [`crate::build`] makes them; IPTC and comments have no place in WebP and are left out.
///
/// # Panics
/// When the file has neither a VP8X nor a VP8L chunk.
pub fn webp(image: &[u8], metadata: &Metadata) -> Vec<u8> {
    let (mut flags, width, height) = webp_shape(image);
    let exif = metadata.exif_block(ByteOrder::Little);
    for (wanted, flag) in [(exif.is_some(), riff::EXIF), (metadata.xmp, riff::XMP), (metadata.icc, riff::ICC)]
    {
        if wanted {
            flags |= flag;
        }
    }
    let mut body = riff::vp8x(flags, width, height);
    if metadata.icc {
        body.extend(riff::chunk(*b"ICCP", &icc::srgb_like()));
    }
    for (name, data) in riff::chunks(image).filter(|(name, _)| name != b"VP8X") {
        body.extend(riff::chunk(name, data));
    }
    if let Some(exif) = exif {
        body.extend(riff::chunk(*b"EXIF", &exif));
    }
    if metadata.xmp {
        body.extend(riff::chunk(*b"XMP ", &xmp::packet()));
    }
    with_trailing(riff::file(&body), metadata)
}

/// Flags and sides, from VP8X or else from the head of VP8L (RFC 9649, 3.4: 14 bits a side, less one, then opacity).
fn webp_shape(image: &[u8]) -> (u8, u32, u32) {
    let (name, data) = riff::chunks(image).next().expect("a WebP file has a chunk");
    if &name == b"VP8X" {
        let side = |at: usize| u32::from_le_bytes([data[at], data[at + 1], data[at + 2], 0]) + 1;
        return (data[0], side(4), side(7));
    }
    assert_eq!(&name, b"VP8L", "only lossless files are taken");
    let bits = u32::from_le_bytes([data[1], data[2], data[3], data[4]]);
    let alpha = if bits >> 28 & 1 == 1 { riff::ALPHA } else { 0 };
    (alpha, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
}

/// [`build::avif`] with private EXIF (big-endian, orientation 6), the `irot` property that turns it the same way, XMP
/// and [`icc::srgb_like`]; and with a `uuid` box that holds [`trailing`] at its end where `trailing_box` is true.
pub fn avif_private(trailing_box: bool) -> Vec<u8> {
    let mut out = include_bytes!("../../assets/private-64x42.avif").to_vec();
    if trailing_box {
        out.extend(raw::boxes::plain(*b"uuid", &[b"0123456789abcdef".as_slice(), &trailing()].concat()));
    }
    out
}
