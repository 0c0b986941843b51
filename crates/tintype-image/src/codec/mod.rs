//! Decoders and encoders, one folder for each format. `unsafe` lives only here, each library behind one small wrapper.

pub(crate) mod avif;
pub(crate) mod gif;
pub(crate) mod jpeg;
pub(crate) mod png;
pub(crate) mod webp;

use tintype_types::{ImageLimits, Refusal, refusal::LimitKind};

use crate::{Admit, refuse::at_most};

/// How the samples of a pixel lie, one byte each. Alpha is not premultiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One sample: luminance.
    Gray,
    /// Three samples.
    Rgb,
    /// Four samples.
    Rgba,
}

impl Layout {
    /// Bytes of one pixel.
    pub(crate) const fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// What decoding may hold: the limit for one picture, and who is asked before it is held.
pub(crate) struct Memory<'a> {
    max: u64,
    admit: Option<&'a mut Admit<'a>>,
}

impl<'a> Memory<'a> {
    pub(crate) fn new(limits: &ImageLimits, admit: &'a mut Admit<'_>) -> Self {
        Self { max: limits.decoded_bytes_max, admit: Some(admit) }
    }

    /// Waits to be admitted with `bytes`, the first time: who asked again while holding what it was given could wait for
    /// another that waits for it.
    ///
    /// # Errors
    /// The limit on decoded bytes.
    pub(crate) fn hold(&mut self, bytes: u64) -> Result<(), Refusal> {
        at_most(LimitKind::DecodedBytes, bytes, self.max)?;
        if let Some(admit) = self.admit.take() {
            admit(bytes);
        }
        Ok(())
    }
}

/// Where a decoder puts its pixels, so that none has to hold more of the picture than its format demands.
pub(crate) trait Sink {
    /// Announces what is going to be held where a decoder has to hold much before it knows the layout.
    ///
    /// # Errors
    /// The limit on decoded bytes.
    fn reserve(&mut self, width: u32, height: u32, decoder_bytes: u64) -> Result<(), Refusal>;

    /// Announces the picture's size as decoded, which may be a reduction, and what the decoder itself holds in bytes.
    ///
    /// # Errors
    /// The limit on decoded bytes.
    fn begin(&mut self, width: u32, height: u32, layout: Layout, decoder_bytes: u64) -> Result<(), Refusal>;

    /// Takes pixels of the row `y`, the first at `x` and each of the others `step` to the right of the one before.
    ///
    /// Rows come in any order and what never comes is transparent. Everything lies inside the announced size.
    fn run(&mut self, y: u32, x: u32, step: u32, pixels: &[u8]);
}

/// Hands a picture that lies in memory to a sink, row by row.
pub(crate) fn pour(sink: &mut dyn Sink, width: u32, layout: Layout, pixels: &[u8]) {
    let stride = width as usize * layout.channels();
    for (row, y) in pixels.chunks_exact(stride.max(1)).zip(0..) {
        sink.run(y, 0, 1, row);
    }
}

/// How much of a picture is needed: decoders that can reduce while they decode stay at or above this size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub width: u32,
    pub height: u32,
}

/// Which frames are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frames {
    /// All are proved; the first one goes to the sink.
    All,
    /// Only the first.
    First,
}
