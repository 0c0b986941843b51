//! GIF 87a and 89a: the walk from block to block.

use std::ops::Range;

use tintype_types::{ImageLimits, MediaType, Refusal, refusal::LimitKind};

use super::check_size;
use crate::{
    bytes::{range, u16_le},
    refuse::{at_most, corrupt, truncated},
};

/// The label of a graphic control extension: delay, disposal and transparency of the next frame.
pub(crate) const GRAPHIC_CONTROL: u8 = 0xf9;
/// The label of an application extension.
pub(crate) const APPLICATION: u8 = 0xff;

/// What the headers of a GIF say.
#[derive(Debug)]
pub(crate) struct Gif {
    pub width: u32,
    pub height: u32,
    pub frames: u32,
    pub has_alpha: bool,
    pub palette: Option<Range<usize>>,
}

/// One image of the file.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
    pub interlaced: bool,
    pub palette: Option<Range<usize>>,
    /// LZW minimum code size.
    pub code_size: u8,
    /// The palette index that is transparent, from the graphic control before the image.
    pub transparent: Option<u8>,
    /// The sub-blocks, with their terminator.
    pub data: Range<usize>,
}

/// What a block is.
#[derive(Clone, Debug)]
pub(crate) enum BlockKind {
    /// An extension with its label; `data` are its sub-blocks with their terminator.
    Extension {
        label: u8,
        data: Range<usize>,
    },
    Image(Image),
    /// A stray zero between blocks, which decoders overlook.
    Padding,
    Trailer,
}

/// One block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub kind: BlockKind,
    pub start: usize,
    pub end: usize,
}

/// Walks the blocks behind the screen descriptor, up to the trailer.
pub(crate) struct Blocks<'a> {
    data: &'a [u8],
    at: usize,
    transparent: Option<u8>,
    done: bool,
}

impl<'a> Blocks<'a> {
    /// Begins behind the header and the global palette.
    pub(crate) fn new(data: &'a [u8]) -> Result<Self, Refusal> {
        let at = palette(data, 10, 13)?.map_or(13, |palette| palette.end);
        Ok(Self { data, at, transparent: None, done: false })
    }

    /// Where the first block begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    fn step(&mut self) -> Result<Block, Refusal> {
        let (data, start) = (self.data, self.at);
        let byte = |at: usize| data.get(at).copied().ok_or(truncated(MediaType::Gif));
        let (kind, end) = match byte(start)? {
            0x21 => {
                let label = byte(start + 1)?;
                let sub_blocks = start + 2..end_of_sub_blocks(data, start + 2)?;
                if label == GRAPHIC_CONTROL && data[sub_blocks.start] >= 4 {
                    let [flags, .., index] = [3, 4, 5, 6].map(|offset| data[start + offset]);
                    self.transparent = (flags & 1 == 1).then_some(index);
                }
                let end = sub_blocks.end;
                (BlockKind::Extension { label, data: sub_blocks }, end)
            }
            0x2c => {
                let image = self.image(start)?;
                let end = image.data.end;
                (BlockKind::Image(image), end)
            }
            0x3b => (BlockKind::Trailer, start + 1),
            0x00 => (BlockKind::Padding, start + 1),
            other => return Err(bad(format_args!("block {other:#04x} at byte {start} is not known"))),
        };
        Ok(Block { kind, start, end })
    }

    fn image(&mut self, start: usize) -> Result<Image, Refusal> {
        let data = self.data;
        let cut = || truncated(MediaType::Gif);
        let side = |at| u16_le(data, at).map(u32::from).ok_or_else(cut);
        let palette = palette(data, start + 9, start + 10)?;
        let at = palette.as_ref().map_or(start + 10, |palette| palette.end);
        let code_size = *data.get(at).ok_or_else(cut)?;
        Ok(Image {
            left: side(start + 1)?,
            top: side(start + 3)?,
            width: side(start + 5)?,
            height: side(start + 7)?,
            interlaced: data[start + 9] & 0x40 != 0,
            palette,
            code_size,
            transparent: self.transparent.take(),
            data: at + 1..end_of_sub_blocks(data, at + 1)?,
        })
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let block = self.step();
        match &block {
            Ok(Block { kind: BlockKind::Trailer, .. }) | Err(_) => self.done = true,
            Ok(block) => self.at = block.end,
        }
        Some(block)
    }
}

/// The palette that the flags at `flags` announce, beginning at `start`.
fn palette(data: &[u8], flags: usize, start: usize) -> Result<Option<Range<usize>>, Refusal> {
    let flags = *data.get(flags).ok_or(truncated(MediaType::Gif))?;
    if flags & 0x80 == 0 {
        return Ok(None);
    }
    range(data, start, 3 << ((flags & 7) + 1)).map(Some).ok_or(truncated(MediaType::Gif))
}

fn end_of_sub_blocks(data: &[u8], start: usize) -> Result<usize, Refusal> {
    let mut at = start;
    loop {
        match data.get(at) {
            None => return Err(truncated(MediaType::Gif)),
            Some(0) => return Ok(at + 1),
            Some(len) => at += 1 + usize::from(*len),
        }
    }
}

/// The contents of sub-blocks, one after the other.
pub(crate) fn sub_blocks(data: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (len, tail) = rest.split_first().filter(|(len, _)| **len > 0)?;
        let (block, tail) = tail.split_at_checked(usize::from(*len))?;
        rest = tail;
        Some(block)
    })
}

fn bad(detail: impl std::fmt::Display) -> Refusal {
    corrupt(MediaType::Gif, detail)
}

/// Reads the headers and counts frames.
///
/// A file without a trailer is truncated: nothing proves that no frame is missing.
///
/// # Errors
/// Truncated, unknown blocks, limits.
pub(crate) fn probe(data: &[u8], limits: &ImageLimits) -> Result<Gif, Refusal> {
    let cut = truncated(MediaType::Gif);
    let Some((width, height)) = u16_le(data, 6).zip(u16_le(data, 8)) else { return Err(cut) };
    let (width, height) = (u32::from(width), u32::from(height));
    check_size(width, height, 1, limits)?;
    let palette = palette(data, 10, 13)?;
    let (mut frames, mut area, mut has_alpha) = (0u32, 0u64, false);
    for block in Blocks::new(data)? {
        let BlockKind::Image(image) = block?.kind else { continue };
        check_size(image.width, image.height, 1, limits)?;
        if image.palette.is_none() && palette.is_none() {
            return Err(bad("a frame has no palette"));
        }
        let covers = image.left == 0 && image.top == 0 && image.width >= width && image.height >= height;
        has_alpha |= image.transparent.is_some() || (frames == 0 && !covers);
        area += u64::from(image.width) * u64::from(image.height);
        frames = frames.saturating_add(1);
    }
    check_size(width, height, frames, limits)?;
    at_most(LimitKind::FramePixels, area, limits.frame_pixels_max.max(limits.pixels_max))?;
    if frames == 0 || width == 0 || height == 0 {
        return Err(bad("it has no picture"));
    }
    Ok(Gif { width, height, frames, has_alpha, palette })
}
