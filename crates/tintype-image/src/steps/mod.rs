//! What happens to pixels between decoding and encoding: one step a file, each over a [`Bitmap`].

mod colour;
mod flatten;
mod geometry;
mod orient;
mod resize;

pub(crate) use self::{
    colour::{Profile, to_srgb},
    flatten::flatten,
    geometry::plan,
    orient::{orient, swaps_sides},
    resize::{pad, resize},
};
use tintype_types::Refusal;

use crate::codec::{Layout, Memory, Sink};

/// A picture in memory, row behind row. Alpha is not premultiplied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bitmap {
    pub width: u32,
    pub height: u32,
    pub layout: Layout,
    pub pixels: Vec<u8>,
}

/// A sink that keeps the whole picture.
pub(crate) struct Collector<'a> {
    memory: Memory<'a>,
    pub bitmap: Bitmap,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(memory: Memory<'a>) -> Self {
        let bitmap = Bitmap { width: 0, height: 0, layout: Layout::Rgb, pixels: Vec::new() };
        Self { memory, bitmap }
    }
}

impl Sink for Collector<'_> {
    /// A pixel may have four samples, as far as is known yet.
    fn reserve(&mut self, width: u32, height: u32, decoder_bytes: u64) -> Result<(), Refusal> {
        self.memory.hold(u64::from(width) * u64::from(height) * 4 + decoder_bytes)
    }

    fn begin(&mut self, width: u32, height: u32, layout: Layout, decoder_bytes: u64) -> Result<(), Refusal> {
        let len = u64::from(width) * u64::from(height) * layout.channels() as u64;
        self.memory.hold(len + decoder_bytes)?;
        self.bitmap = Bitmap { width, height, layout, pixels: vec![0; len as usize] };
        Ok(())
    }

    fn run(&mut self, y: u32, x: u32, step: u32, pixels: &[u8]) {
        let channels = self.bitmap.layout.channels();
        let start = (y as usize * self.bitmap.width as usize + x as usize) * channels;
        if step == 1 {
            self.bitmap.pixels[start..start + pixels.len()].copy_from_slice(pixels);
            return;
        }
        let places = self.bitmap.pixels[start..].chunks_mut(channels * step as usize);
        for (place, pixel) in places.zip(pixels.chunks_exact(channels)) {
            place[..channels].copy_from_slice(pixel);
        }
    }
}
