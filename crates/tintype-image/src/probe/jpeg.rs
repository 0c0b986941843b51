//! JPEG (ITU-T T.81): the walk from marker to marker.

use std::ops::Range;

use tintype_types::{ImageLimits, MediaType, Refusal, refusal::LimitKind};

use super::check_size;
use crate::{
    bytes::u16_be,
    exif,
    refuse::{at_most, corrupt, truncated, unsupported},
};

pub(crate) const SOI: u8 = 0xd8;
pub(crate) const EOI: u8 = 0xd9;
pub(crate) const SOS: u8 = 0xda;
pub(crate) const APP0: u8 = 0xe0;
pub(crate) const APP1: u8 = 0xe1;
pub(crate) const APP2: u8 = 0xe2;
pub(crate) const APP14: u8 = 0xee;
pub(crate) const APP15: u8 = 0xef;
pub(crate) const COM: u8 = 0xfe;

/// How an ICC profile's segment begins (ICC.1, annex B.4); a sequence number and a count follow.
pub(crate) const ICC_MARK: &[u8] = b"ICC_PROFILE\0";
/// How an EXIF segment begins.
pub(crate) const EXIF_MARK: &[u8] = b"Exif\0\0";

/// More segments than any camera or encoder writes; each costs the walk and the plan.
const SEGMENTS_MAX: usize = 65_536;

/// What the headers of a JPEG say.
#[derive(Debug)]
pub(crate) struct Jpeg {
    pub width: u32,
    pub height: u32,
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// Bytes that the decoder must hold of coefficients: all of them where they come in more than one scan.
    pub coefficient_bytes: u64,
}

/// One marker with what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub marker: u8,
    /// The first byte of the marker, or of the fill bytes before it.
    pub start: usize,
    /// The parameters, without their length.
    pub payload: Range<usize>,
    /// The end of the segment; of a scan, of its entropy-coded data.
    pub end: usize,
}

/// Walks the segments behind SOI, up to EOI.
pub(crate) struct Segments<'a> {
    data: &'a [u8],
    at: usize,
    left: usize,
    done: bool,
}

impl<'a> Segments<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 2, left: SEGMENTS_MAX, done: false }
    }

    fn step(&mut self) -> Result<Segment, Refusal> {
        self.left =
            self.left.checked_sub(1).ok_or_else(|| bad(format_args!("over {SEGMENTS_MAX} segments")))?;
        let start = self.at;
        if self.byte(start)? != 0xff {
            return Err(bad(format_args!("no marker at byte {start}")));
        }
        let mut at = start + 1;
        while self.byte(at)? == 0xff {
            at += 1;
        }
        let marker = self.byte(at)?;
        at += 1;
        match marker {
            EOI | 0x01 | 0xd0..=0xd7 => return Ok(Segment { marker, start, payload: at..at, end: at }),
            0x00 | SOI | 0x02..=0xbf => {
                return Err(bad(format_args!("marker {marker:#04x} at byte {start} where none may be")));
            }
            _ => {}
        }
        let len = usize::from(u16_be(self.data, at).ok_or(truncated(MediaType::Jpeg))?);
        if len < 2 {
            return Err(bad(format_args!("a segment at byte {start} has no length")));
        }
        let end = at + len;
        if end > self.data.len() {
            return Err(truncated(MediaType::Jpeg));
        }
        let payload = at + 2..end;
        let end = if marker == SOS { self.end_of_scan(end)? } else { end };
        Ok(Segment { marker, start, payload, end })
    }

    fn byte(&self, at: usize) -> Result<u8, Refusal> {
        self.data.get(at).copied().ok_or(truncated(MediaType::Jpeg))
    }

    /// Finds the first marker behind a scan's data: 0xFF that no stuffed zero, restart or fill byte follows.
    fn end_of_scan(&self, mut at: usize) -> Result<usize, Refusal> {
        loop {
            let rest = self.data.get(at..).unwrap_or_default();
            at += memchr::memchr(0xff, rest).ok_or(truncated(MediaType::Jpeg))?;
            match self.byte(at + 1)? {
                0x00 | 0xd0..=0xd7 => at += 2,
                0xff => at += 1,
                _ => return Ok(at),
            }
        }
    }
}

impl Iterator for Segments<'_> {
    type Item = Result<Segment, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let segment = self.step();
        match &segment {
            Ok(segment) if segment.marker != EOI => self.at = segment.end,
            _ => self.done = true,
        }
        Some(segment)
    }
}

fn bad(detail: impl std::fmt::Display) -> Refusal {
    corrupt(MediaType::Jpeg, detail)
}

/// Reads the headers and counts the scans.
///
/// # Errors
/// Truncated where EOI is missing; unsupported for what browsers do not show (arithmetic coding, lossless, hierarchical,
/// 12 bits); limits.
pub(crate) fn probe(data: &[u8], limits: &ImageLimits) -> Result<Jpeg, Refusal> {
    let mut frame: Option<Frame> = None;
    let (mut orientation, mut scans, mut profile) = (None, 0u64, 0u64);
    for segment in Segments::new(data) {
        let segment = segment?;
        let payload = &data[segment.payload.clone()];
        match segment.marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let new = Frame::parse(segment.marker, payload)?;
                check_size(new.width, new.height, 1, limits)?;
                if frame.replace(new).is_some() {
                    return Err(bad("it has two frames"));
                }
            }
            SOS => scans += 1,
            APP1 if payload.starts_with(EXIF_MARK) => {
                orientation.get_or_insert_with(|| exif::orientation(payload));
            }
            APP2 if payload.starts_with(ICC_MARK) => profile += payload.len() as u64,
            _ => {}
        }
    }
    at_most(LimitKind::Scans, scans, u64::from(limits.scans_max))?;
    at_most(LimitKind::MetadataBytes, profile, limits.metadata_bytes_max)?;
    let frame = frame.filter(|_| scans > 0).ok_or_else(|| bad("it has no picture"))?;
    let coefficient_bytes = if frame.progressive || scans > 1 { frame.coefficient_bytes } else { 0 };
    at_most(LimitKind::DecodedBytes, coefficient_bytes, limits.decoded_bytes_max)?;
    let orientation = orientation.unwrap_or(1);
    Ok(Jpeg { width: frame.width, height: frame.height, orientation, coefficient_bytes })
}

/// The ICC profile, put together of its segments; `None` where there is none or a part is missing.
pub(crate) fn icc(data: &[u8]) -> Option<Vec<u8>> {
    let parts = Segments::new(data).map_while(Result::ok).filter(|segment| segment.marker == APP2);
    let mut parts: Vec<(u8, u8, &[u8])> = parts
        .filter_map(|segment| match data[segment.payload].strip_prefix(ICC_MARK)? {
            [number, count, part @ ..] => Some((*number, *count, part)),
            _ => None,
        })
        .collect();
    parts.sort_by_key(|(number, ..)| *number);
    let count = parts.first()?.1;
    let complete =
        parts.len() == usize::from(count) && parts.iter().zip(1..).all(|(part, number)| part.0 == number);
    complete.then(|| parts.into_iter().flat_map(|(.., part)| part).copied().collect())
}

/// The start of frame (T.81, B.2.2).
struct Frame {
    width: u32,
    height: u32,
    progressive: bool,
    /// Two bytes for each coefficient of every block.
    coefficient_bytes: u64,
}

impl Frame {
    fn parse(marker: u8, payload: &[u8]) -> Result<Self, Refusal> {
        let progressive = match marker {
            0xc0 | 0xc1 => false,
            0xc2 => true,
            0xc3 => return Err(unsupported("lossless JPEG")),
            0xc9..=0xcb => return Err(unsupported("arithmetic-coded JPEG")),
            _ => return Err(unsupported("hierarchical JPEG")),
        };
        let short = || bad("its frame header is too short");
        let [precision, h1, h0, w1, w0, components] = *payload.first_chunk::<6>().ok_or_else(short)?;
        if precision != 8 {
            return Err(unsupported("JPEG with more than 8 bits"));
        }
        let (width, height) =
            (u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0])));
        if width == 0 || height == 0 {
            return Err(bad("it has no size"));
        }
        let list = payload.get(6..6 + usize::from(components) * 3).ok_or_else(short)?;
        let factors = || list.chunks_exact(3).map(|c| (u64::from(c[1] >> 4), u64::from(c[1] & 15)));
        if components == 0 || factors().any(|(h, v)| !(1..=4).contains(&h) || !(1..=4).contains(&v)) {
            return Err(bad("its sampling factors are not valid"));
        }
        let (h_max, v_max) = factors().fold((1, 1), |max, (h, v)| (max.0.max(h), max.1.max(v)));
        let units = u64::from(width).div_ceil(8 * h_max) * u64::from(height).div_ceil(8 * v_max);
        let blocks: u64 = factors().map(|(h, v)| h * v).sum();
        Ok(Self { width, height, progressive, coefficient_bytes: units * blocks * 64 * 2 })
    }
}
