//! Built-in pictures of 24 × 16 pixels, colour ramps: what the self-test sends through a worker.

use tintype_types::MediaType;

/// A built-in picture.
pub(crate) struct Sample {
    pub(crate) media_type: MediaType,
    pub(crate) bytes: &'static [u8],
}

/// Width and height of every sample, in pixels.
pub(crate) const SIZE: (u32, u32) = (24, 16);

/// A picture that is transparent in places. WebP keeps that in a stream of its own, by code that no other picture reaches.
pub(crate) const TRANSPARENT: &[u8] = include_bytes!("transparent.png");

/// One picture per format.
pub(crate) const SAMPLES: &[Sample] = &[
    Sample { media_type: MediaType::Png, bytes: include_bytes!("sample.png") },
    Sample { media_type: MediaType::Jpeg, bytes: include_bytes!("sample.jpg") },
    Sample { media_type: MediaType::Gif, bytes: include_bytes!("sample.gif") },
    Sample { media_type: MediaType::Webp, bytes: include_bytes!("sample.webp") },
    Sample { media_type: MediaType::Avif, bytes: include_bytes!("sample.avif") },
];
