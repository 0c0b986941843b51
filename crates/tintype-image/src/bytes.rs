//! Numbers and ranges read out of a hostile file: every access is checked, none allocates.

use std::ops::Range;

/// Big-endian 16 bits at `at`.
pub(crate) fn u16_be(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_be_bytes)
}

/// Little-endian 16 bits at `at`.
pub(crate) fn u16_le(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_le_bytes)
}

/// Little-endian 24 bits at `at`.
pub(crate) fn u24_le(data: &[u8], at: usize) -> Option<u32> {
    array::<3>(data, at).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
}

/// Big-endian 32 bits at `at`.
pub(crate) fn u32_be(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_be_bytes)
}

/// Little-endian 32 bits at `at`.
pub(crate) fn u32_le(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_le_bytes)
}

/// Big-endian 64 bits at `at`.
pub(crate) fn u64_be(data: &[u8], at: usize) -> Option<u64> {
    array(data, at).map(u64::from_be_bytes)
}

/// `N` bytes at `at`.
pub(crate) fn array<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// The range of `len` bytes from `start`, if the data has them.
pub(crate) fn range(data: &[u8], start: usize, len: usize) -> Option<Range<usize>> {
    let end = start.checked_add(len)?;
    (end <= data.len()).then_some(start..end)
}
