//! Boxes of the ISO base media file format (ISO/IEC 14496-12) and a reader of their fields.

use std::ops::Range;

use crate::bytes::{array, u32_be, u64_be};

/// One box.
#[derive(Clone, Debug)]
pub(crate) struct IsoBox {
    pub kind: [u8; 4],
    pub start: usize,
    pub payload: Range<usize>,
}

/// A box that does not fit into what holds it.
#[derive(Clone, Debug)]
pub(crate) struct Overrun {
    pub kind: [u8; 4],
    /// Whether not even a header is left.
    pub no_header: bool,
}

/// Walks the boxes in a range of the file.
pub(crate) struct Boxes<'a> {
    data: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Boxes<'a> {
    pub(crate) fn new(data: &'a [u8], within: Range<usize>) -> Self {
        Self { data, at: within.start, end: within.end.min(data.len()) }
    }

    fn step(&self) -> Result<IsoBox, Overrun> {
        let start = self.at;
        let header = u32_be(self.data, start).zip(array::<4>(self.data, start + 4));
        let Some((size, kind)) = header.filter(|_| start + 8 <= self.end) else {
            return Err(Overrun { kind: [0; 4], no_header: true });
        };
        let overrun = Overrun { kind, no_header: false };
        let (header_len, size) = match size {
            0 => (8, (self.end - start) as u64),
            1 => (16, u64_be(self.data, start + 8).ok_or(overrun.clone())?),
            size => (8, u64::from(size)),
        };
        let left = (self.end - start) as u64;
        if size < header_len || size > left {
            return Err(overrun);
        }
        // Both fit into usize, because the box lies inside the data.
        Ok(IsoBox { kind, start, payload: start + header_len as usize..start + size as usize })
    }
}

impl Iterator for Boxes<'_> {
    type Item = Result<IsoBox, Overrun>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let found = self.step();
        self.at = found.as_ref().map_or(self.end, |found| found.payload.end);
        Some(found)
    }
}

/// Reads fields one behind the other; every read answers `None` at the end.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    data: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { data }
    }

    /// An unsigned number of 0 to 8 bytes.
    pub(crate) fn uint(&mut self, bytes: usize) -> Option<u64> {
        let (field, rest) = self.data.split_at_checked(bytes)?;
        self.data = rest;
        Some(field.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.uint(1).map(|value| value as u8)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.uint(2).map(|value| value as u16)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.uint(4).map(|value| value as u32)
    }

    /// A number of 16 bits, or of 32 where `wide`.
    pub(crate) fn id(&mut self, wide: bool) -> Option<u32> {
        self.uint(if wide { 4 } else { 2 }).map(|value| value as u32)
    }

    /// The version and flags of a full box.
    pub(crate) fn version(&mut self) -> Option<(u8, u32)> {
        let word = self.u32()?;
        Some(((word >> 24) as u8, word & 0x00ff_ffff))
    }

    pub(crate) fn kind(&mut self) -> Option<[u8; 4]> {
        let (kind, rest) = self.data.split_first_chunk::<4>()?;
        self.data = rest;
        Some(*kind)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.data
    }
}
