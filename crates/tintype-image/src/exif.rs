//! The one EXIF tag that a picture cannot be shown without: its orientation.
//!
//! Format: a TIFF header (TIFF 6.0, section 2), an image file directory of 12-byte entries, tag 0x0112 as one SHORT.

use crate::bytes::{u16_be, u16_le, u32_be, u32_le};

const ORIENTATION_TAG: u16 = 0x0112;
const SHORT: u16 = 3;
/// More entries than a first directory sensibly has; the rest is not looked at.
const ENTRIES_MAX: u16 = 1_000;

/// The orientation, 1 to 8, in a TIFF structure; 1 where there is none that is valid.
///
/// A leading `Exif\0\0` is skipped: JPEG demands it, and some writers put it into PNG and WebP too.
pub(crate) fn orientation(data: &[u8]) -> u8 {
    let tiff = data.strip_prefix(b"Exif\0\0").unwrap_or(data);
    read(tiff).filter(|value| (1..=8).contains(value)).map_or(1, |value| value as u8)
}

fn read(tiff: &[u8]) -> Option<u16> {
    let big = match tiff.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let short = |at| if big { u16_be(tiff, at) } else { u16_le(tiff, at) };
    let long = |at| if big { u32_be(tiff, at) } else { u32_le(tiff, at) };
    let directory = long(4)? as usize;
    let entries = short(directory)?.min(ENTRIES_MAX);
    (0..usize::from(entries))
        .map_while(|index| directory.checked_add(2 + index * 12))
        .find(|entry| short(*entry) == Some(ORIENTATION_TAG))
        .filter(|entry| short(entry + 2) == Some(SHORT) && long(entry + 4) == Some(1))
        .and_then(|entry| short(entry + 8))
}

/// A TIFF structure of 26 bytes that says nothing but the orientation.
pub(crate) fn minimal(orientation: u8) -> [u8; 26] {
    let mut tiff = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    tiff[19] = orientation;
    tiff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for value in 1..=8 {
            assert_eq!(orientation(&minimal(value)), value);
            assert_eq!(orientation(&[b"Exif\0\0", &minimal(value)[..]].concat()), value);
        }
        assert_eq!(orientation(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"), 6);
    }

    #[test]
    fn damage_means_upright() {
        let good = minimal(6);
        for len in 0..20 {
            assert_eq!(orientation(&good[..len]), 1, "{len}");
        }
        for (place, value) in [(4, 0xff), (7, 0xff), (13, 2), (19, 9), (19, 0), (17, 2)] {
            let mut bad = good;
            bad[place] = value;
            assert_eq!(orientation(&bad), 1, "{place}");
        }
    }
}
