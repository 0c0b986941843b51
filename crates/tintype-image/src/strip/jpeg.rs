//! JPEG: application segments and comments go; what colour needs stays.

use tintype_types::{MediaType, Refusal, SpanPlan};

use super::Builder;
use crate::{
    exif,
    probe::jpeg::{APP0, APP1, APP2, APP14, APP15, COM, ICC_MARK, Segment, Segments},
};

/// Length of a JFIF segment's payload without a thumbnail.
const JFIF_LEN: usize = 14;
/// Length of an Adobe segment's payload.
const ADOBE_LEN: usize = 12;

/// Plans a JPEG that `probe` accepted.
///
/// Kept: tables, frames, scans, JFIF without its thumbnail, ICC, Adobe (it says how colours are coded). Dropped: EXIF but
/// the orientation, XMP, IPTC, maker notes, comments, JFXX thumbnails, C2PA, and what follows EOI, such as the second
/// pictures of MPF and Ultra HDR files.
pub(crate) fn jpeg(data: &[u8], orientation: u8, keep_metadata: bool) -> Result<SpanPlan, Refusal> {
    let mut plan = Builder::default();
    plan.keep(0..2);
    let mut exif = (orientation > 1 && !keep_metadata).then(|| exif_segment(orientation));
    for segment in Segments::new(data) {
        let segment = segment?;
        if keep_metadata {
            plan.keep(segment.start..segment.end);
            continue;
        }
        let kept = Kept::of(&segment, data);
        // JFIF wants to be the first segment; EXIF comes next.
        if !matches!(kept, Kept::Jfif)
            && let Some(exif) = exif.take()
        {
            plan.rewrite(data, segment.start, &exif);
        }
        match kept {
            Kept::Whole => plan.keep(segment.start..segment.end),
            Kept::Jfif => jfif(&mut plan, &segment, data),
            Kept::Adobe => {
                plan.new_bytes(&[0xff, APP14, 0, ADOBE_LEN as u8 + 2]);
                plan.keep(segment.payload.start..segment.payload.start + ADOBE_LEN);
            }
            Kept::Nothing => {}
        }
    }
    plan.finish(MediaType::Jpeg)
}

enum Kept {
    Whole,
    /// A JFIF segment: without its thumbnail.
    Jfif,
    /// An Adobe segment that is longer than it should be.
    Adobe,
    Nothing,
}

impl Kept {
    fn of(segment: &Segment, data: &[u8]) -> Self {
        let payload = &data[segment.payload.clone()];
        match segment.marker {
            APP0 if payload.starts_with(b"JFIF\0") && payload.len() >= JFIF_LEN => Self::Jfif,
            APP2 if payload.starts_with(ICC_MARK) => Self::Whole,
            APP14 if payload.starts_with(b"Adobe") && payload.len() == ADOBE_LEN => Self::Whole,
            APP14 if payload.starts_with(b"Adobe") && payload.len() > ADOBE_LEN => Self::Adobe,
            APP0..=APP15 | COM => Self::Nothing,
            _ => Self::Whole,
        }
    }
}

/// Keeps identifier, version, density; the last two bytes are the thumbnail's width and height.
fn jfif(plan: &mut Builder, segment: &Segment, data: &[u8]) {
    let at = segment.payload.start;
    if segment.payload.len() == JFIF_LEN && data[at + 12..at + 14] == [0, 0] {
        plan.keep(segment.start..segment.end);
    } else {
        plan.new_bytes(&[0xff, APP0, 0, JFIF_LEN as u8 + 2]);
        plan.keep(at..at + JFIF_LEN - 2);
        plan.new_bytes(&[0, 0]);
    }
}

fn exif_segment(orientation: u8) -> Vec<u8> {
    let tiff = exif::minimal(orientation);
    let len = (2 + 6 + tiff.len()) as u8;
    [&[0xff, APP1, 0, len][..], b"Exif\0\0", &tiff].concat()
}
