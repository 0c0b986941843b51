//! PNG: chunks are kept by name; every other is metadata.

use tintype_types::{MediaType, Refusal, SpanPlan};

use super::Builder;
use crate::{
    exif,
    probe::png::{Chunks, is_kept},
};

/// Plans a PNG that `probe` accepted.
///
/// Dropped: eXIf but the orientation, text of all kinds (XMP lies in iTXt), tIME, C2PA, private chunks, and what follows
/// IEND.
pub(crate) fn png(data: &[u8], orientation: u8, keep_metadata: bool) -> Result<SpanPlan, Refusal> {
    let mut plan = Builder::default();
    plan.keep(0..8);
    for chunk in Chunks::new(data) {
        let chunk = chunk?;
        if keep_metadata || is_kept(chunk.kind) {
            plan.keep(chunk.start..chunk.end);
        }
        if chunk.kind == *b"IHDR" && orientation > 1 && !keep_metadata {
            plan.rewrite(data, chunk.end, &exif_chunk(orientation));
        }
    }
    plan.finish(MediaType::Png)
}

fn exif_chunk(orientation: u8) -> Vec<u8> {
    let tiff = exif::minimal(orientation);
    let body = [b"eXIf", &tiff[..]].concat();
    let sum = crc32fast::hash(&body);
    [&(tiff.len() as u32).to_be_bytes()[..], &body, &sum.to_be_bytes()].concat()
}
