//! PNG and APNG (W3C PNG, third edition): the walk from chunk to chunk.

use std::ops::Range;

use tintype_types::{ImageLimits, MediaType, Refusal};

use super::{check_size, inflate::inflate};
use crate::{
    bytes::{array, u32_be},
    exif,
    refuse::{corrupt, truncated},
};

/// Bytes before the first chunk.
const SIGNATURE_LEN: usize = 8;

/// What the headers of a PNG say.
#[derive(Debug)]
pub(crate) struct Png {
    pub width: u32,
    pub height: u32,
    /// Frames of the animation, or 1.
    pub frames: u32,
    pub orientation: u8,
    pub has_alpha: bool,
    /// The compressed ICC profile.
    pub icc: Option<Range<usize>>,
}

/// One chunk.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub kind: [u8; 4],
    pub start: usize,
    pub payload: Range<usize>,
    pub end: usize,
}

impl Chunk {
    /// Whether a decoder may not go on without knowing the chunk (bit 5 of the first letter).
    fn is_critical(&self) -> bool {
        self.kind[0] & 0x20 == 0
    }

    fn has_valid_crc(&self, data: &[u8]) -> bool {
        let sum = crc32fast::hash(&data[self.payload.start - 4..self.payload.end]);
        u32_be(data, self.payload.end) == Some(sum)
    }
}

/// Walks the chunks, up to and with IEND.
pub(crate) struct Chunks<'a> {
    data: &'a [u8],
    at: usize,
    done: bool,
}

impl<'a> Chunks<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { data, at: SIGNATURE_LEN, done: false }
    }

    fn step(&self) -> Result<Chunk, Refusal> {
        let cut = truncated(MediaType::Png);
        let (start, data) = (self.at, self.data);
        let Some((len, kind)) = u32_be(data, start).zip(array(data, start + 4)) else { return Err(cut) };
        let payload = start + 8..start + 8 + len as usize;
        let end = payload.end + 4;
        if !kind.iter().all(u8::is_ascii_alphabetic) || len > i32::MAX as u32 {
            return Err(bad(format_args!("no chunk at byte {start}")));
        }
        if end > data.len() { Err(cut) } else { Ok(Chunk { kind, start, payload, end }) }
    }
}

impl Iterator for Chunks<'_> {
    type Item = Result<Chunk, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let chunk = self.step();
        match &chunk {
            Ok(chunk) if chunk.kind != *b"IEND" => self.at = chunk.end,
            _ => self.done = true,
        }
        Some(chunk)
    }
}

/// Whether a chunk stays in a published file: all that decoding, colour, density and animation need. Suggested palettes
/// (sPLT) go, because they have names and no decoder for the web uses them.
pub(crate) fn is_kept(kind: [u8; 4]) -> bool {
    matches!(
        &kind,
        b"IHDR"
            | b"PLTE"
            | b"IDAT"
            | b"IEND"
            | b"tRNS"
            | b"bKGD"
            | b"hIST"
            | b"pHYs"
            | b"gAMA"
            | b"cHRM"
            | b"sRGB"
            | b"sBIT"
            | b"iCCP"
            | b"cICP"
            | b"mDCV"
            | b"cLLI"
            | b"acTL"
            | b"fcTL"
            | b"fdAT"
    )
}

fn bad(detail: impl std::fmt::Display) -> Refusal {
    corrupt(MediaType::Png, detail)
}

/// What the walk has come across.
#[derive(Default)]
struct Seen {
    frames_claimed: Option<u32>,
    frame_controls: u32,
    data: bool,
    transparency: bool,
    orientation: Option<u8>,
    icc: Option<Range<usize>>,
    /// Bytes that compressed metadata inflated to so far.
    inflated: u64,
}

/// Reads the headers, checks the checksum of every chunk that stays, and counts frames and inflated metadata.
///
/// # Errors
/// Truncated where IEND is missing; corrupt for checksums, unknown critical chunks and disorder; limits.
pub(crate) fn probe(data: &[u8], limits: &ImageLimits) -> Result<Png, Refusal> {
    let mut chunks = Chunks::new(data);
    let header = chunks.next().ok_or(truncated(MediaType::Png))??;
    let payload = &data[header.payload.clone()];
    if header.kind != *b"IHDR" || payload.len() != 13 {
        return Err(bad("it does not begin with IHDR"));
    }
    check_crc(&header, data)?;
    let (width, height) =
        u32_be(payload, 0).zip(u32_be(payload, 4)).ok_or_else(|| bad("IHDR is too short"))?;
    if width == 0 || height == 0 {
        return Err(bad("it has no size"));
    }
    check_size(width, height, 1, limits)?;
    let mut seen = Seen::default();
    for chunk in chunks {
        let chunk = chunk?;
        if is_kept(chunk.kind) {
            check_crc(&chunk, data)?;
        } else if chunk.is_critical() {
            return Err(bad(format_args!("the critical chunk {} is not known", chunk.kind.escape_ascii())));
        }
        seen.look(&chunk, data, limits)?;
    }
    if !seen.data {
        return Err(bad("it has no IDAT"));
    }
    let frames = seen.frames()?;
    check_size(width, height, frames.max(seen.frame_controls), limits)?;
    let colour_type = payload[9];
    Ok(Png {
        width,
        height,
        frames,
        orientation: seen.orientation.unwrap_or(1),
        has_alpha: matches!(colour_type, 4 | 6) || seen.transparency,
        icc: seen.icc,
    })
}

impl Seen {
    fn look(&mut self, chunk: &Chunk, data: &[u8], limits: &ImageLimits) -> Result<(), Refusal> {
        let payload = &data[chunk.payload.clone()];
        match &chunk.kind {
            b"IHDR" => return Err(bad("it has two IHDR")),
            b"IDAT" => self.data = true,
            b"tRNS" => self.transparency = true,
            b"acTL" if !self.data => self.frames_claimed = Some(u32_be(payload, 0).unwrap_or(0)),
            b"fcTL" => self.frame_controls += 1,
            b"eXIf" => {
                self.orientation.get_or_insert_with(|| exif::orientation(payload));
            }
            b"iCCP" | b"zTXt" | b"iTXt" => {
                if let Some(zlib) = compressed_part(chunk.kind, payload) {
                    let left = limits.metadata_bytes_max.saturating_sub(self.inflated);
                    self.inflated +=
                        inflate(zlib, left, |_| {}).map_err(|limit| total(limit, self.inflated))?;
                    if chunk.kind == *b"iCCP" {
                        self.icc = Some(chunk.payload.end - zlib.len()..chunk.payload.end);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn frames(&self) -> Result<u32, Refusal> {
        match self.frames_claimed {
            None => Ok(1),
            Some(claimed) if claimed > 0 && claimed == self.frame_controls => Ok(claimed),
            Some(claimed) => {
                Err(bad(format_args!("acTL says {claimed} frames, the file has {}", self.frame_controls)))
            }
        }
    }
}

/// The limit stands for all chunks together: adds what came before to both sides.
fn total(refusal: Refusal, before: u64) -> Refusal {
    match refusal {
        Refusal::Limit { kind, actual, max } => {
            Refusal::Limit { kind, actual: actual + before, max: max + before }
        }
        other => other,
    }
}

fn check_crc(chunk: &Chunk, data: &[u8]) -> Result<(), Refusal> {
    if chunk.has_valid_crc(data) {
        return Ok(());
    }
    Err(bad(format_args!("the checksum of {} at byte {} is wrong", chunk.kind.escape_ascii(), chunk.start)))
}

/// The zlib stream of an iCCP, zTXt or iTXt chunk; `None` where there is none.
fn compressed_part(kind: [u8; 4], payload: &[u8]) -> Option<&[u8]> {
    let after_nul = |text: &'_ [u8]| memchr::memchr(0, text).map(|nul| nul + 1);
    let rest = payload.get(after_nul(payload)?..)?;
    if kind != *b"iTXt" {
        return rest.strip_prefix(&[0]);
    }
    let rest = rest.strip_prefix(&[1, 0])?;
    let rest = rest.get(after_nul(rest)?..)?;
    rest.get(after_nul(rest)?..)
}

/// The ICC profile, inflated; `None` where there is none or it is damaged.
pub(crate) fn icc(data: &[u8], png: &Png, limits: &ImageLimits) -> Option<Vec<u8>> {
    let mut profile = Vec::new();
    let zlib = data.get(png.icc.clone()?)?;
    inflate(zlib, limits.metadata_bytes_max, |piece| profile.extend_from_slice(piece)).ok()?;
    Some(profile)
}
