//! A picture averaged into at most 100 × 100 cells while it is being decoded, so that it need never lie in memory.

use tintype_types::Refusal;

use super::SIDE;
use crate::{
    codec::{Layout, Memory, Sink},
    steps::Bitmap,
};

/// Sums of premultiplied red, green, blue, and of alpha.
type Cell = [u64; 4];

/// The grid: each pixel of the picture counts in exactly one cell.
pub(crate) struct Grid<'a> {
    memory: Memory<'a>,
    layout: Layout,
    width: u32,
    height: u32,
    columns: u32,
    rows: u32,
    cells: Vec<Cell>,
}

impl<'a> Grid<'a> {
    pub(crate) fn new(memory: Memory<'a>) -> Self {
        Self { memory, layout: Layout::Rgb, width: 0, height: 0, columns: 0, rows: 0, cells: Vec::new() }
    }

    /// First pixel of a cell, along one side.
    fn edge(cell: u32, cells: u32, pixels: u32) -> u32 {
        (u64::from(cell) * u64::from(pixels)).div_ceil(u64::from(cells)) as u32
    }

    /// The cell that a pixel counts in, along one side.
    fn cell(pixel: u32, cells: u32, pixels: u32) -> u32 {
        (u64::from(pixel) * u64::from(cells) / u64::from(pixels)) as u32
    }

    /// The average colour as 0xRRGGBB, weighted by opacity; white where everything is transparent.
    pub(crate) fn average(&self) -> u32 {
        let mut sum: Cell = [0; 4];
        for cell in &self.cells {
            for (sum, value) in sum.iter_mut().zip(cell) {
                *sum += value;
            }
        }
        let [red, green, blue, alpha] = sum;
        if alpha == 0 {
            return 0x00ff_ffff;
        }
        [red, green, blue]
            .into_iter()
            .fold(0, |colour, sum| colour << 8 | ((sum + alpha / 2) / alpha).min(255) as u32)
    }

    /// The grid as a picture with alpha.
    pub(crate) fn to_bitmap(&self) -> Bitmap {
        let mut pixels = Vec::with_capacity(self.cells.len() * 4);
        for (index, [red, green, blue, alpha]) in self.cells.iter().copied().enumerate() {
            let (row, column) = (index as u32 / self.columns, index as u32 % self.columns);
            let span = |cell, cells, side| Self::edge(cell + 1, cells, side) - Self::edge(cell, cells, side);
            let area = u64::from(span(column, self.columns, self.width))
                * u64::from(span(row, self.rows, self.height));
            let colour = |sum: u64| (sum + alpha / 2).checked_div(alpha).unwrap_or(0).min(255) as u8;
            pixels.extend([colour(red), colour(green), colour(blue)]);
            pixels.push((alpha + area / 2).checked_div(area).unwrap_or(0).min(255) as u8);
        }
        Bitmap { width: self.columns, height: self.rows, layout: Layout::Rgba, pixels }
    }
}

impl Sink for Grid<'_> {
    fn reserve(&mut self, _width: u32, _height: u32, decoder_bytes: u64) -> Result<(), Refusal> {
        self.memory.hold(decoder_bytes)
    }

    fn begin(&mut self, width: u32, height: u32, layout: Layout, decoder_bytes: u64) -> Result<(), Refusal> {
        self.memory.hold(decoder_bytes)?;
        let longer = width.max(height);
        let reduced = |side: u32| {
            if longer <= SIDE {
                return side;
            }
            let scaled = (u64::from(side) * u64::from(SIDE) + u64::from(longer) / 2) / u64::from(longer);
            (scaled as u32).clamp(1, SIDE)
        };
        (self.width, self.height, self.layout) = (width, height, layout);
        (self.columns, self.rows) = (reduced(width), reduced(height));
        self.cells = vec![[0; 4]; self.columns as usize * self.rows as usize];
        Ok(())
    }

    fn run(&mut self, y: u32, x: u32, step: u32, pixels: &[u8]) {
        let row = Self::cell(y, self.rows, self.height) as usize * self.columns as usize;
        let channels = self.layout.channels();
        let count = (pixels.len() / channels) as u32;
        let mut done = 0;
        while done < count {
            let column = Self::cell(x + done * step, self.columns, self.width);
            let edge = Self::edge(column + 1, self.columns, self.width);
            let until = (edge - x).div_ceil(step).min(count);
            let piece = &pixels[done as usize * channels..until as usize * channels];
            let cell = &mut self.cells[row + column as usize];
            for (sum, value) in cell.iter_mut().zip(sum(self.layout, piece)) {
                *sum += u64::from(value);
            }
            done = until;
        }
    }
}

/// Sums a piece of a row. At most 32,768 / 100 pixels, so that 32 bits hold every sum of products.
fn sum(layout: Layout, pixels: &[u8]) -> [u32; 4] {
    let count = (pixels.len() / layout.channels()) as u32;
    match layout {
        Layout::Gray => {
            let gray = pixels.iter().map(|value| u32::from(*value)).sum::<u32>() * 255;
            [gray, gray, gray, count * 255]
        }
        Layout::Rgb => {
            let mut sum = [0; 3];
            for pixel in pixels.as_chunks::<3>().0 {
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += u32::from(*value);
                }
            }
            [sum[0] * 255, sum[1] * 255, sum[2] * 255, count * 255]
        }
        Layout::Rgba => {
            let mut sum = [0; 4];
            for [red, green, blue, alpha] in pixels.as_chunks::<4>().0 {
                let alpha = u32::from(*alpha);
                sum[0] += u32::from(*red) * alpha;
                sum[1] += u32::from(*green) * alpha;
                sum[2] += u32::from(*blue) * alpha;
                sum[3] += alpha;
            }
            sum
        }
    }
}
