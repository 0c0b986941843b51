//! The image formats that Tintype knows.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A format that is accepted and served. Each carries its media type, its extensions and its place in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MediaType {
    /// JPEG (ITU-T T.81, JFIF).
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG and APNG (W3C PNG, third edition).
    #[serde(rename = "image/png")]
    Png,
    /// GIF 87a and 89a.
    #[serde(rename = "image/gif")]
    Gif,
    /// WebP (RFC 9649).
    #[serde(rename = "image/webp")]
    Webp,
    /// AVIF (AV1 Image File Format 1.1).
    #[serde(rename = "image/avif")]
    Avif,
}

impl MediaType {
    /// Every format, in the order in which messages list them.
    pub const ALL: [Self; 5] = [Self::Jpeg, Self::Png, Self::Gif, Self::Webp, Self::Avif];

    /// The media type of RFC 2046, such as `image/jpeg`.
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
        }
    }

    /// The extension that links carry, without a dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Avif => "avif",
        }
    }

    /// The name that people use, such as `JPEG`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::Webp => "WebP",
            Self::Avif => "AVIF",
        }
    }

    /// The format of an extension in lower case; `jpeg` equals `jpg`.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension {
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "png" => Some(Self::Png),
            "gif" => Some(Self::Gif),
            "webp" => Some(Self::Webp),
            "avif" => Some(Self::Avif),
            _ => None,
        }
    }

    /// The format of a media type without parameters.
    pub fn from_mime(mime: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|media| media.mime().eq_ignore_ascii_case(mime))
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.mime())
    }
}
