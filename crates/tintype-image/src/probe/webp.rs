//! WebP (RFC 9649): a RIFF file of chunks.

use std::ops::Range;

use tintype_types::{ImageLimits, MediaType, Refusal, refusal::LimitKind};

use super::check_size;
use crate::{
    bytes::{array, u16_le, u24_le, u32_le},
    exif,
    refuse::{at_most, corrupt, truncated},
};

pub(crate) const FLAG_ICC: u8 = 0x20;
pub(crate) const FLAG_ALPHA: u8 = 0x10;
pub(crate) const FLAG_EXIF: u8 = 0x08;
pub(crate) const FLAG_ANIMATION: u8 = 0x02;
/// Bytes of an ANMF chunk before its own chunks.
pub(crate) const FRAME_HEADER_LEN: usize = 16;

/// What the headers of a WebP say.
#[derive(Debug)]
pub(crate) struct Webp {
    pub width: u32,
    pub height: u32,
    pub orientation: u8,
    pub has_alpha: bool,
    pub animated: bool,
    /// One entry for each frame; a still picture has one that covers the canvas.
    pub frames: Vec<Frame>,
    pub icc: Option<Range<usize>>,
}

/// One frame's place and bit stream.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
    /// ALPH and VP8, or VP8L, with their headers.
    pub stream: Range<usize>,
}

/// One chunk.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub kind: [u8; 4],
    pub start: usize,
    pub payload: Range<usize>,
    /// Behind the padding; equal to the payload's end where a writer forgot it.
    pub end: usize,
}

/// Walks chunks between two offsets.
pub(crate) struct Chunks<'a> {
    data: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Chunks<'a> {
    /// The chunks of the file, as far as the RIFF header reaches.
    ///
    /// # Errors
    /// Truncated where the RIFF header reaches beyond the data.
    pub(crate) fn of_file(data: &'a [u8]) -> Result<Self, Refusal> {
        let cut = truncated(MediaType::Webp);
        let Some(size) = u32_le(data, 4) else { return Err(cut) };
        let end = (size as usize).saturating_add(8);
        if end > data.len() || end < 12 { Err(cut) } else { Ok(Self { data, at: 12, end }) }
    }

    /// The chunks inside an ANMF chunk.
    pub(crate) fn of_frame(data: &'a [u8], frame: &Chunk) -> Self {
        let at = (frame.payload.start + FRAME_HEADER_LEN).min(frame.payload.end);
        Self { data, at, end: frame.payload.end }
    }

    fn step(&self) -> Result<Chunk, Refusal> {
        let start = self.at;
        let header = array(self.data, start).zip(u32_le(self.data, start + 4));
        let Some((kind, len)) = header.filter(|_| start + 8 <= self.end) else {
            return Err(bad(format_args!("no chunk at byte {start}")));
        };
        let payload = start + 8..start + 8 + len as usize;
        if payload.end > self.end {
            return Err(truncated(MediaType::Webp));
        }
        let end = (payload.end + payload.len() % 2).min(self.end);
        Ok(Chunk { kind, start, payload, end })
    }
}

impl Iterator for Chunks<'_> {
    type Item = Result<Chunk, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let chunk = self.step();
        self.at = chunk.as_ref().map_or(self.end, |chunk| chunk.end);
        Some(chunk)
    }
}

fn bad(detail: impl std::fmt::Display) -> Refusal {
    corrupt(MediaType::Webp, detail)
}

/// Reads the headers and lists the frames.
///
/// # Errors
/// Truncated, disorder, limits.
pub(crate) fn probe(data: &[u8], limits: &ImageLimits) -> Result<Webp, Refusal> {
    let first = Chunks::of_file(data)?.next().ok_or_else(|| bad("it has no picture"))??;
    if first.kind == *b"VP8X" {
        return extended(data, &first, limits);
    }
    let stream = stream(Chunks::of_file(data)?, data)?.ok_or_else(|| bad("it has no picture"))?;
    check_size(stream.width, stream.height, 1, limits)?;
    let Stream { width, height, has_alpha, range } = stream;
    let frames = vec![Frame { left: 0, top: 0, width, height, stream: range }];
    Ok(Webp { width, height, orientation: 1, has_alpha, animated: false, frames, icc: None })
}

fn extended(data: &[u8], header: &Chunk, limits: &ImageLimits) -> Result<Webp, Refusal> {
    let at = header.payload.start;
    if header.payload.len() < 10 {
        return Err(bad("VP8X is too short"));
    }
    let side = |at| u24_le(data, at).map_or(0, |less_one| less_one + 1);
    let (flags, width, height) = (data[at], side(at + 4), side(at + 7));
    check_size(width, height, 1, limits)?;
    let animated = flags & FLAG_ANIMATION != 0;
    let (mut orientation, mut icc, mut frames) = (None, None, Vec::new());
    let mut count = 0u32;
    for chunk in Chunks::of_file(data)? {
        let chunk = chunk?;
        match &chunk.kind {
            b"EXIF" => {
                orientation.get_or_insert_with(|| exif::orientation(&data[chunk.payload.clone()]));
            }
            b"ICCP" => {
                at_most(LimitKind::MetadataBytes, chunk.payload.len() as u64, limits.metadata_bytes_max)?;
                icc.get_or_insert(chunk.payload);
            }
            b"ANMF" if animated => {
                count = count.saturating_add(1);
                if count <= limits.frames_max {
                    frames.push(frame(data, &chunk)?);
                }
            }
            _ => {}
        }
    }
    check_size(width, height, count.max(1), limits)?;
    if !animated {
        let stream = stream(Chunks::of_file(data)?, data)?.ok_or_else(|| bad("it has no picture"))?;
        frames.push(Frame { left: 0, top: 0, width, height, stream: stream.range });
    }
    let outside = |frame: &Frame| frame.left + frame.width > width || frame.top + frame.height > height;
    if frames.is_empty() || frames.iter().any(outside) {
        return Err(bad(if frames.is_empty() {
            "it has no picture"
        } else {
            "a frame lies outside the canvas"
        }));
    }
    let has_alpha = flags & FLAG_ALPHA != 0;
    Ok(Webp { width, height, orientation: orientation.unwrap_or(1), has_alpha, animated, frames, icc })
}

/// Reads an ANMF chunk's header and finds its bit stream.
fn frame(data: &[u8], chunk: &Chunk) -> Result<Frame, Refusal> {
    let at = chunk.payload.start;
    let read = |offset| u24_le(data, at + offset).filter(|_| chunk.payload.len() >= FRAME_HEADER_LEN);
    let header = read(0).zip(read(3)).zip(read(6).zip(read(9)));
    let Some(((x, y), (width, height))) = header else { return Err(bad("a frame is too short")) };
    let stream = stream(Chunks::of_frame(data, chunk), data)?.ok_or_else(|| bad("a frame has no picture"))?;
    Ok(Frame { left: x * 2, top: y * 2, width: width + 1, height: height + 1, stream: stream.range })
}

/// What a bit stream's header says.
struct Stream {
    width: u32,
    height: u32,
    has_alpha: bool,
    range: Range<usize>,
}

/// Finds the first VP8 or VP8L chunk, with the ALPH chunk right before it.
fn stream(chunks: Chunks, data: &[u8]) -> Result<Option<Stream>, Refusal> {
    let mut alpha: Option<Chunk> = None;
    for chunk in chunks {
        let chunk = chunk?;
        let size = match &chunk.kind {
            b"ALPH" => {
                alpha = Some(chunk);
                continue;
            }
            b"VP8 " => lossy_size(&data[chunk.payload.clone()]).map(|(w, h)| (w, h, alpha.is_some())),
            b"VP8L" => lossless_size(&data[chunk.payload.clone()]),
            _ => continue,
        };
        let (width, height, has_alpha) = size.ok_or_else(|| bad("a bit stream has no header"))?;
        let start = alpha.filter(|alpha| alpha.end == chunk.start && chunk.kind == *b"VP8 ");
        let range = start.map_or(chunk.start, |alpha| alpha.start)..chunk.end;
        return Ok(Some(Stream { width, height, has_alpha, range }));
    }
    Ok(None)
}

/// Width and height of a VP8 key frame (RFC 6386, 9.1).
fn lossy_size(stream: &[u8]) -> Option<(u32, u32)> {
    (stream.get(3..6)? == [0x9d, 0x01, 0x2a]).then_some(())?;
    let side = |at| u16_le(stream, at).map(|side| u32::from(side & 0x3fff)).filter(|side| *side > 0);
    Some((side(6)?, side(8)?))
}

/// Width, height and transparency of a VP8L stream (RFC 9649, 3.4).
fn lossless_size(stream: &[u8]) -> Option<(u32, u32, bool)> {
    let bits = u32_le(stream, 1).filter(|_| stream[0] == 0x2f)?;
    Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, bits >> 28 & 1 == 1))
}
