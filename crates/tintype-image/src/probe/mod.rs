//! Headers and containers, read without decoding and without allocating from what the file claims.
//!
//! Each format's file walks its own structure, checks every limit that headers can show, and hands on where things are.

pub(crate) mod avif;
pub(crate) mod gif;
pub(crate) mod inflate;
pub(crate) mod isobmff;
pub(crate) mod jpeg;
pub(crate) mod png;
pub(crate) mod webp;

use tintype_types::{ImageLimits, Refusal, refusal::LimitKind};

use crate::refuse::at_most;

/// Checks the limits that every format has in common.
pub(crate) fn check_size(width: u32, height: u32, frames: u32, limits: &ImageLimits) -> Result<(), Refusal> {
    at_most(LimitKind::Side, u64::from(width.max(height)), u64::from(limits.side_max))?;
    let canvas = u64::from(width) * u64::from(height);
    at_most(LimitKind::Pixels, canvas, limits.pixels_max)?;
    at_most(LimitKind::Frames, u64::from(frames), u64::from(limits.frames_max))?;
    if frames > 1 {
        let all = canvas.saturating_mul(u64::from(frames));
        at_most(LimitKind::FramePixels, all, limits.frame_pixels_max)?;
    }
    Ok(())
}
