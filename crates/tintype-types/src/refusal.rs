//! Why a file is not taken in.

use crate::MediaType;

/// Which limit a picture passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// Width or height in pixels.
    Side,
    /// Pixels of one frame.
    Pixels,
    /// Number of frames.
    Frames,
    /// Pixels of all frames together.
    FramePixels,
    /// Bytes that decoding would hold.
    DecodedBytes,
    /// Scans of a progressive JPEG.
    Scans,
    /// Bytes of metadata once inflated.
    MetadataBytes,
}

impl LimitKind {
    /// Every kind, in a fixed order (part of the worker's reply: append only).
    pub const ALL: [Self; 7] = [
        Self::Side,
        Self::Pixels,
        Self::Frames,
        Self::FramePixels,
        Self::DecodedBytes,
        Self::Scans,
        Self::MetadataBytes,
    ];

    /// What is counted, for a sentence such as "it has 1001 frames; the limit is 1000".
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Side => "pixels on its longest side",
            Self::Pixels => "pixels",
            Self::Frames => "frames",
            Self::FramePixels => "pixels in all frames together",
            Self::DecodedBytes => "bytes once decoded",
            Self::Scans => "scans",
            Self::MetadataBytes => "bytes of metadata once inflated",
        }
    }
}

/// Why a file cannot be an image here. The sender's fault, and said to the sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// Not one of the formats that are accepted.
    #[error("the content is not an image of an accepted type")]
    Unsupported {
        /// What it seems to be, where that is known: `HEIC`, `SVG`, `PDF`, `HTML`, …
        looks_like: Option<String>,
    },
    /// The file ends before the picture does.
    #[error("the {} file ends before its picture does", .media_type.name())]
    Truncated {
        /// What the beginning is.
        media_type: MediaType,
    },
    /// The file breaks its format's rules.
    #[error("the {} file is damaged: {detail}", .media_type.name())]
    Corrupt {
        /// What the beginning is.
        media_type: MediaType,
        /// The decoder's words; at most 200 characters.
        detail: String,
    },
    /// The picture asks for more than is allowed.
    #[error("the picture has {actual} {}; the limit is {max}", .kind.unit())]
    Limit {
        /// Which limit.
        kind: LimitKind,
        /// What the picture has or claims.
        actual: u64,
        /// What is allowed.
        max: u64,
    },
}
