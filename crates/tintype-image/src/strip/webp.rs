//! WebP: metadata and unknown chunks go, from frames too; the RIFF size and the flags are written anew.

use std::ops::Range;

use tintype_types::{MediaType, Refusal, SpanPlan};

use super::Builder;
use crate::{
    exif,
    probe::webp::{
        Chunk, Chunks, FLAG_ALPHA, FLAG_ANIMATION, FLAG_EXIF, FLAG_ICC, FRAME_HEADER_LEN, Frame, Webp,
    },
};

/// Plans a WebP that `probe` accepted.
///
/// Dropped: EXIF but the orientation, XMP, unknown chunks, and what follows the RIFF.
pub(crate) fn webp(data: &[u8], webp: &Webp, keep_metadata: bool) -> Result<SpanPlan, Refusal> {
    let mut plan = Builder::default();
    if keep_metadata {
        let end = Chunks::of_file(data)?.try_fold(0, |_, chunk| chunk.map(|chunk| chunk.end))?;
        plan.keep(0..end);
        return plan.finish(MediaType::Webp);
    }
    let mut body = body(data, webp)?;
    if webp.orientation > 1 {
        body.push(Part::New(exif_chunk(webp.orientation)));
    }
    let size = 4 + body.iter().map(Part::len).sum::<usize>();
    plan.keep(0..4);
    plan.rewrite(data, 4, &(size as u32).to_le_bytes());
    plan.keep(8..12);
    let mut at = 12;
    for part in body {
        match part {
            Part::Keep(range) => {
                at = range.end;
                plan.keep(range);
            }
            Part::New(bytes) => {
                plan.rewrite(data, at, &bytes);
                at += bytes.len();
            }
        }
    }
    plan.finish(MediaType::Webp)
}

enum Part {
    Keep(Range<usize>),
    New(Vec<u8>),
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::Keep(range) => range.len(),
            Self::New(bytes) => bytes.len(),
        }
    }
}

/// Keeps what `probe` found to be the picture, once each, so that the number of parts follows from the number of frames.
fn body(data: &[u8], webp: &Webp) -> Result<Vec<Part>, Refusal> {
    let mut parts = Vec::new();
    let mut frames = webp.frames.iter();
    let mut animation_header = false;
    for chunk in Chunks::of_file(data)? {
        let chunk = chunk?;
        match &chunk.kind {
            b"VP8X" if parts.is_empty() => parts.push(header(data, &chunk, webp)),
            b"ICCP" if webp.icc.as_ref() == Some(&chunk.payload) => whole(&mut parts, chunk.start..chunk.end),
            b"ANIM" if webp.animated && !animation_header => {
                animation_header = true;
                whole(&mut parts, chunk.start..chunk.end);
            }
            b"ANMF" if webp.animated => {
                if let Some(found) = frames.next() {
                    frame(&mut parts, &chunk, found);
                }
            }
            b"VP8 " | b"VP8L" if !webp.animated => {
                if let Some(found) = frames.next() {
                    whole(&mut parts, found.stream.clone());
                }
            }
            _ => {}
        }
    }
    Ok(parts)
}

/// VP8X with the flags that are still true; the reserved bits and bytes are zeroed.
fn header(data: &[u8], chunk: &Chunk, webp: &Webp) -> Part {
    let at = chunk.payload.start;
    let mut flags = data[at] & (FLAG_ALPHA | FLAG_ANIMATION);
    if webp.icc.is_some() {
        flags |= data[at] & FLAG_ICC;
    }
    if webp.orientation > 1 {
        flags |= FLAG_EXIF;
    }
    Part::New([b"VP8X\x0a\0\0\0", &[flags, 0, 0, 0][..], &data[at + 4..at + 10]].concat())
}

/// Whole chunks with their padding, also where the writer forgot it.
fn whole(parts: &mut Vec<Part>, range: Range<usize>) {
    let padding = range.len() % 2 == 1;
    parts.push(Part::Keep(range));
    if padding {
        parts.push(Part::New(vec![0]));
    }
}

/// A frame without the chunks that are not its picture.
fn frame(parts: &mut Vec<Part>, chunk: &Chunk, found: &Frame) {
    let start = chunk.payload.start;
    if found.stream == (start + FRAME_HEADER_LEN..chunk.payload.end) && chunk.payload.len().is_multiple_of(2)
    {
        parts.push(Part::Keep(chunk.start..chunk.end));
        return;
    }
    let size = (FRAME_HEADER_LEN + found.stream.len()).next_multiple_of(2);
    parts.push(Part::New([b"ANMF", &(size as u32).to_le_bytes()[..]].concat()));
    parts.push(Part::Keep(start..start + FRAME_HEADER_LEN));
    whole(parts, found.stream.clone());
}

fn exif_chunk(orientation: u8) -> Vec<u8> {
    let tiff = exif::minimal(orientation);
    [b"EXIF", &(tiff.len() as u32).to_le_bytes()[..], &tiff].concat()
}
