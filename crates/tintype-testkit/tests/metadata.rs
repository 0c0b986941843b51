//! What is attached is found again by readers of others, and the pixels stay.

use std::io::Cursor;

use tintype_testkit::{
    build,
    metadata::{self, ByteOrder, MARK, Metadata, exif, icc, xmp},
};
use zune_jpeg::JpegDecoder;

fn count(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).filter(|window| *window == what).count()
}

#[test]
fn jpeg_readers_find_every_piece() {
    let plain = build::jpeg(32, 24, 1);
    let full = metadata::jpeg(&plain, &Metadata::ALL);
    let mut decoder = JpegDecoder::new(Cursor::new(&full));
    decoder.decode_headers().expect("metadata does not break the file");
    assert_eq!(decoder.exif(), Some(&exif(ByteOrder::Big, Some(6), true)));
    assert_eq!(decoder.icc_profile(), Some(icc::srgb_like()));
    assert_eq!(decoder.xmp(), Some(&xmp::packet()));
    assert!(count(decoder.iptc().expect("there is IPTC"), MARK.as_bytes()) == 3);
    let decode = |bytes: &[u8]| JpegDecoder::new(Cursor::new(bytes)).decode().expect("a valid JPEG decodes");
    assert_eq!(decode(&full), decode(&plain));
    assert!(full.ends_with(&metadata::trailing()));
}

#[test]
fn png_readers_find_every_piece() {
    let full = metadata::png(&build::png(32, 24, 1), &Metadata::ALL);
    let mut reader =
        png::Decoder::new(Cursor::new(&full)).read_info().expect("metadata does not break the file");
    let mut buffer = vec![0; reader.output_buffer_size().expect("small")];
    reader.next_frame(&mut buffer).expect("a valid PNG decodes");
    assert_eq!(buffer, tintype_testkit::pixels::rgb(32, 24, 1));
    let info = reader.info();
    assert_eq!(info.icc_profile.as_deref(), Some(icc::srgb_like().as_slice()));
    assert_eq!(info.exif_metadata.as_deref(), Some(exif(ByteOrder::Little, Some(6), true).as_slice()));
    assert_eq!(info.uncompressed_latin1_text[0].text, metadata::comment());
    assert_eq!(info.compressed_latin1_text[0].get_text().expect("it inflates"), metadata::comment());
    assert_eq!(info.utf8_text.len(), 2);
}

#[test]
fn webp_readers_find_every_piece() {
    for plain in [build::webp(32, 24, 1), build::webp_rgba(32, 24, 1), build::webp_animated(32, 24, 3, 1)] {
        let full = metadata::webp(&plain, &Metadata { trailing: false, ..Metadata::ALL });
        let mut decoder =
            image_webp::WebPDecoder::new(Cursor::new(&full)).expect("metadata does not break the file");
        assert_eq!(decoder.dimensions(), (32, 24));
        assert_eq!(decoder.icc_profile().expect("readable"), Some(icc::srgb_like()));
        assert_eq!(decoder.exif_metadata().expect("readable"), Some(exif(ByteOrder::Little, Some(6), true)));
        assert_eq!(decoder.xmp_metadata().expect("readable"), Some(xmp::packet()));
        let before = image_webp::WebPDecoder::new(Cursor::new(&plain)).expect("valid");
        assert_eq!(decoder.has_alpha(), before.has_alpha());
        assert_eq!(decoder.num_frames(), before.num_frames());
    }
}

#[test]
fn gif_readers_find_every_piece_and_all_frames() {
    let plain = build::gif_animated(32, 24, 3, 1);
    let full = metadata::gif(&plain, &Metadata::ALL);
    let mut reader =
        gif::DecodeOptions::new().read_info(Cursor::new(&full)).expect("metadata does not break the file");
    let mut frames = 0;
    while reader.read_next_frame().expect("a valid GIF decodes").is_some() {
        frames += 1;
    }
    assert_eq!(frames, 3);
    assert_eq!(reader.icc_profile(), Some(icc::srgb_like().as_slice()));
    assert_eq!(reader.xmp_metadata(), Some(xmp::packet().as_slice()));
    assert_eq!(count(&full, metadata::comment().as_bytes()), 1);
}

#[test]
fn the_avif_carries_the_same_blocks() {
    let full = metadata::avif_private(true);
    assert_eq!(count(&full, &exif(ByteOrder::Big, Some(6), true)), 1);
    assert_eq!(count(&full, &xmp::packet()), 1);
    assert_eq!(count(&full, &icc::srgb_like()), 1);
    assert!(full.ends_with(&metadata::trailing()));
    assert!(!metadata::avif_private(false).ends_with(&metadata::trailing()));
}

#[test]
fn nothing_is_attached_where_nothing_is_wanted() {
    let jpeg = build::jpeg(32, 24, 1);
    assert_eq!(metadata::jpeg(&jpeg, &Metadata::NONE), jpeg);
    let png = build::png(32, 24, 1);
    assert_eq!(metadata::png(&png, &Metadata::NONE), png);
    let gif = build::gif(32, 24, 1);
    assert_eq!(metadata::gif(&gif, &Metadata::NONE), gif);
}

#[test]
fn private_blocks_hold_place_and_thumbnail_and_plain_ones_do_not() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let private = exif(order, Some(6), true);
        assert_eq!(count(&private, &exif::latitude_bytes(order)), 1);
        assert_eq!(count(&private, &exif::thumbnail()), 1);
        assert!(count(&private, MARK.as_bytes()) >= 7);
        let plain = exif(order, Some(6), false);
        assert_eq!(plain.len(), 8 + 2 + 12 + 4);
        assert_eq!(count(&plain, MARK.as_bytes()), 0);
    }
}
