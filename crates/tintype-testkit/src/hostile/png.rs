use super::Hostile;
use crate::{
    build, metadata,
    raw::{
        self,
        png::{chunk, file, header, insert_after_header},
    },
};

/// A grey PNG of zeros: as many bytes of rows as the sides ask for, or fewer where `rows` says so.
fn zeros(width: u32, height: u32, depth: u8, rows: u32) -> Vec<u8> {
    let row = 1 + (u64::from(width) * u64::from(depth)).div_ceil(8);
    let data = raw::zlib_zeros(row * u64::from(rows));
    file(&header(width, height, depth, 0, 0), &chunk(*b"IDAT", &data))
}

pub(super) fn all() -> Vec<Hostile> {
    let mut files = bombs();
    files.extend(liars());
    files
}

fn bombs() -> Vec<Hostile> {
    let text_bomb = raw::zlib_zeros(256 << 20);
    let small = build::png(16, 16, 1);
    let with = |kind: &[u8; 4], head: &[u8]| {
        insert_after_header(&small, &chunk(*kind, &[head, text_bomb.as_slice()].concat()))
    };
    vec![
        // Claims 900 million pixels in about a kilobyte; the data end after the first rows.
        Hostile::refused("png-30000x30000-in-1-kb.png", zeros(30_000, 30_000, 8, 25)),
        // A complete picture: 12 KiB that decode to 100 million pixels, 400 MB as RGBA. At the default limit of pixels.
        Hostile::either("png-10000x10000-1-bit-complete.png", zeros(10_000, 10_000, 1, 10_000)),
        // Complete as well: 110 KB for 900 million pixels.
        Hostile::refused("png-30000x30000-1-bit-complete.png", zeros(30_000, 30_000, 1, 30_000)),
        Hostile::refused("png-4294967295-square.png", zeros(u32::MAX, u32::MAX, 8, 0)),
        Hostile::refused("png-2147483647-square.png", zeros(0x7fff_ffff, 0x7fff_ffff, 8, 0)),
        Hostile::refused("png-1-by-10-million.png", zeros(1, 10_000_000, 1, 10_000_000)),
        // The picture is 16 × 16, but its data inflate to 256 MiB.
        Hostile::either(
            "png-idat-inflates-to-256-mib.png",
            file(&header(16, 16, 8, 2, 0), &chunk(*b"IDAT", &text_bomb)),
        ),
        Hostile::either("png-ztxt-inflates-to-256-mib.png", with(b"zTXt", b"Comment\0\0")),
        Hostile::either("png-itxt-inflates-to-256-mib.png", with(b"iTXt", b"Comment\0\x01\0\0\0")),
        Hostile::either("png-iccp-inflates-to-256-mib.png", with(b"iCCP", b"bomb\0\0")),
        Hostile::refused("apng-10000-frames.png", apng_frames(10_000)),
        Hostile::refused("apng-claims-4-billion-frames.png", apng_claim(u32::MAX)),
        Hostile::either("png-50000-empty-text-chunks.png", many_chunks()),
        Hostile::either("png-20000-idat-chunks.png", many_idats()),
    ]
}

/// `frames` frames of one pixel; each is complete.
fn apng_frames(frames: u32) -> Vec<u8> {
    let pixel = raw::zlib(&[0, 0]);
    let mut chunks = chunk(*b"acTL", &[frames.to_be_bytes(), [0; 4]].concat());
    let mut sequence = 0_u32;
    for frame in 0..frames {
        let mut control = sequence.to_be_bytes().to_vec();
        sequence += 1;
        control.extend([1_u32, 1, 0, 0].into_iter().flat_map(u32::to_be_bytes));
        control.extend([0, 1, 0, 10, 0, 0]); // A tenth of a second; left as it is; replaces.
        chunks.extend(chunk(*b"fcTL", &control));
        if frame == 0 {
            chunks.extend(chunk(*b"IDAT", &pixel));
        } else {
            chunks.extend(chunk(*b"fdAT", &[&sequence.to_be_bytes(), pixel.as_slice()].concat()));
            sequence += 1;
        }
    }
    file(&header(1, 1, 8, 0, 0), &chunks)
}

/// An animation that claims `frames` frames and holds two.
fn apng_claim(frames: u32) -> Vec<u8> {
    let mut png = build::apng(8, 8, 2, 1);
    // acTL is the first chunk after the header: length 4, type 4, then the number of frames.
    assert_eq!(&png[37..41], b"acTL", "the encoder writes acTL first");
    png[41..45].copy_from_slice(&frames.to_be_bytes());
    let crc = crc32fast::hash(&png[37..49]);
    png[49..53].copy_from_slice(&crc.to_be_bytes());
    png
}

fn many_chunks() -> Vec<u8> {
    insert_after_header(&build::png(16, 16, 2), &chunk(*b"tEXt", b"a\0").repeat(50_000))
}

fn many_idats() -> Vec<u8> {
    let rows: Vec<u8> = vec![0; (1 + 16 * 3) * 16];
    let data = raw::zlib(&rows);
    let mut chunks: Vec<u8> = data.iter().flat_map(|byte| chunk(*b"IDAT", &[*byte])).collect();
    chunks.extend(chunk(*b"IDAT", b"").repeat(20_000));
    file(&header(16, 16, 8, 2, 0), &chunks)
}

fn liars() -> Vec<Hostile> {
    let small = build::png(16, 16, 3);
    let mut bad_crc = small.clone();
    bad_crc[29] ^= 1;
    let mut no_data = raw::png::SIGNATURE.to_vec();
    no_data.extend(header(16, 16, 8, 2, 0));
    let looping = chunk(*b"eXIf", &metadata::exif::looping());
    let long = [&small[..33], &0x7fff_ffff_u32.to_be_bytes(), b"IDATx"].concat();
    vec![
        Hostile::refused("png-zero-width.png", zeros(0, 16, 8, 16)),
        Hostile::refused("png-depth-3.png", zeros(16, 16, 3, 16)),
        Hostile::either("png-header-checksum-wrong.png", bad_crc),
        Hostile::refused("png-no-image-data.png", file(&no_data[8..], b"")),
        Hostile::refused("png-chunk-of-2-gib.png", long),
        Hostile::either("png-exif-directory-loop.png", insert_after_header(&small, &looping)),
        Hostile::refused(
            "png-palette-missing.png",
            file(&header(16, 16, 8, 3, 0), &chunk(*b"IDAT", &raw::zlib(&[0; 17 * 16]))),
        ),
    ]
}
