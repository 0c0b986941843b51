//! What a worker found out about a picture.

use crate::{MediaType, SpanPlan};

/// What one decode of an uploaded file proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What the bytes are, whatever their name says.
    pub media_type: MediaType,
    /// Width in pixels as shown, after the orientation has been applied.
    pub width: u32,
    /// Height in pixels as shown, after the orientation has been applied.
    pub height: u32,
    /// Number of frames; 1 for a still picture.
    pub frames: u32,
    /// EXIF orientation, 1 to 8; 1 where the file says nothing.
    pub orientation: u8,
    /// Whether any pixel may be transparent.
    pub has_alpha: bool,
    /// ThumbHash of the first frame as shown: 5 to 25 bytes (the format of the `thumbhash` crate and npm package).
    pub thumbhash: Vec<u8>,
    /// Average colour of the first frame, as 0xRRGGBB.
    pub colour: u32,
    /// How the published file follows from the received one.
    pub plan: SpanPlan,
}

/// A rendition that a worker made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The encoded file.
    pub bytes: Vec<u8>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}
