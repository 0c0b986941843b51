//! Pictures: bytes in, bytes out. What a file is, whether it may be taken in, how it is published without its
//! metadata, and how variants of it are rendered.
//!
//! Synchronous and pure: no I/O, no threads, no clock, no environment, because all of it runs inside a confined,
//! single-threaded worker process. Every input is hostile: limits are checked from headers before anything is
//! allocated, and nothing is allocated from a size that only the file claims.
//!
//! The walk of a file: [`sniff`] says what it is by content; `probe` reads the container and checks the limits;
//! `codec` decodes it once, which proves it; `strip` plans the published bytes; `steps` and `codec` render variants.
//!
//! What is taken in and what not, where formats leave room:
//!
//! - JPEG: baseline and progressive of 8 bits. Arithmetic, lossless, hierarchical and 12-bit coding are refused, because
//!   browsers do not show them. Warnings of the decoder refuse the file, but for stray bytes right before EOI. Pictures
//!   behind the first EOI (MPF, Ultra HDR gain maps) are dropped.
//! - PNG: a wrong checksum in a chunk that stays refuses the file; in others it is overlooked, as they go. Variants and
//!   placeholders of an APNG show its default image.
//! - GIF: a file without a trailer is truncated; a frame with fewer pixels than it claims is corrupt.
//! - WebP: the RIFF size must lie inside the file; libwebp decodes, without threads.
//! - AVIF: stills, grids, alpha, 8 to 12 bits. Animations (a `moov` box), crops (`clap`) and essential properties that are
//!   not known are refused as unsupported. EXIF orientation is not looked at: `irot` and `imir` are.

mod bytes;
mod codec;
mod exif;
mod pipeline;
mod placeholder;
mod probe;
mod refuse;
mod sniff;
mod steps;
mod strip;

use tintype_types::{ImageLimits, Inspection, MediaType, Recipe, Refusal, Rendered};

pub use sniff::{Sniffed, sniff};

/// How a received file is inspected.
#[derive(Clone, Debug)]
pub struct InspectOptions {
    /// Publish the file with its metadata; bytes after the picture's end are dropped all the same.
    pub keep_metadata: bool,
    /// The formats that the server accepts.
    pub accepted: Vec<MediaType>,
    /// What a picture may ask of the machine.
    pub limits: ImageLimits,
}

/// Asked once for a picture, when its headers have been read and before its pixels are: with the bytes that decoding
/// holds at most, as far as the headers say. It may wait.
pub type Admit<'a> = dyn FnMut(u64) + 'a;

/// Proves a received file by one decode and plans its publication.
///
/// `data` is the whole received file. Everything that is entropy-coded is read, in every frame; what is not needed for
/// the placeholder is not kept, so that memory stays far below the picture's size wherever the format allows it.
///
/// # Errors
/// [`Refusal`], with what was wrong. Panics of decoders are for the sandbox to contain.
pub fn inspect(data: &[u8], options: &InspectOptions, admit: &mut Admit<'_>) -> Result<Inspection, Refusal> {
    pipeline::inspect(data, options, admit)
}

/// Renders a variant of an original that was inspected before, and treats it as hostile nevertheless.
///
/// Animated pictures render their first frame. Nothing is upscaled. Colours are converted to sRGB and the variant
/// carries no profile.
///
/// # Errors
/// [`Refusal`] where the original does not decode within `limits`.
pub fn render(
    data: &[u8],
    recipe: &Recipe,
    limits: &ImageLimits,
    admit: &mut Admit<'_>,
) -> Result<Rendered, Refusal> {
    pipeline::render(data, recipe, limits, admit)
}
