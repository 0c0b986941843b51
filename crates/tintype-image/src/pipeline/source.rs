//! One probed file of any format, and what can be asked of it.

use tintype_types::{ImageLimits, MediaType, Refusal, SpanPlan};

use crate::{
    codec::{self, Frames, Sink, Wanted},
    placeholder::SIDE,
    probe::{avif, gif, jpeg, png, webp},
    steps::Profile,
    strip,
};

/// A file whose headers were read and found within the limits.
pub(super) enum Source {
    Jpeg(jpeg::Jpeg),
    Png(png::Png),
    Gif(gif::Gif),
    Webp(webp::Webp),
    Avif(Box<avif::Avif>),
}

impl Source {
    pub(super) fn probe(data: &[u8], media_type: MediaType, limits: &ImageLimits) -> Result<Self, Refusal> {
        match media_type {
            MediaType::Jpeg => jpeg::probe(data, limits).map(Self::Jpeg),
            MediaType::Png => png::probe(data, limits).map(Self::Png),
            MediaType::Gif => gif::probe(data, limits).map(Self::Gif),
            MediaType::Webp => webp::probe(data, limits).map(Self::Webp),
            MediaType::Avif => avif::probe(data, limits).map(Box::new).map(Self::Avif),
        }
    }

    /// Width and height as coded.
    pub(super) fn size(&self) -> (u32, u32) {
        match self {
            Self::Jpeg(found) => (found.width, found.height),
            Self::Png(found) => (found.width, found.height),
            Self::Gif(found) => (found.width, found.height),
            Self::Webp(found) => (found.width, found.height),
            Self::Avif(found) => (found.width, found.height),
        }
    }

    /// How the coded picture is turned to be shown, 1 to 8.
    pub(super) fn orientation(&self) -> u8 {
        match self {
            Self::Jpeg(found) => found.orientation,
            Self::Png(found) => found.orientation,
            Self::Gif(_) => 1,
            Self::Webp(found) => found.orientation,
            Self::Avif(found) => found.orientation,
        }
    }

    pub(super) fn frames(&self) -> u32 {
        match self {
            Self::Png(found) => found.frames,
            Self::Gif(found) => found.frames,
            Self::Webp(found) => found.frames.len() as u32,
            Self::Jpeg(_) | Self::Avif(_) => 1,
        }
    }

    pub(super) fn has_alpha(&self) -> bool {
        match self {
            Self::Jpeg(_) => false,
            Self::Png(found) => found.has_alpha,
            Self::Gif(found) => found.has_alpha,
            Self::Webp(found) => found.has_alpha,
            Self::Avif(found) => found.alpha.is_some(),
        }
    }

    /// Reads every frame to its end; the first goes to the sink, reduced where that is cheaper.
    pub(super) fn prove(
        &self,
        data: &[u8],
        limits: &ImageLimits,
        sink: &mut dyn Sink,
    ) -> Result<(), Refusal> {
        let (width, height) = self.size();
        // Enough for the placeholder's longer side.
        let wanted = if width >= height {
            Wanted { width: SIDE, height: 1 }
        } else {
            Wanted { width: 1, height: SIDE }
        };
        self.decode(data, wanted, Frames::All, limits, sink)
    }

    /// Decodes the first frame, at least as large as wanted in both directions.
    pub(super) fn decode_first(
        &self,
        data: &[u8],
        wanted: Wanted,
        limits: &ImageLimits,
        sink: &mut dyn Sink,
    ) -> Result<(), Refusal> {
        self.decode(data, wanted, Frames::First, limits, sink)
    }

    fn decode(
        &self,
        data: &[u8],
        wanted: Wanted,
        frames: Frames,
        limits: &ImageLimits,
        sink: &mut dyn Sink,
    ) -> Result<(), Refusal> {
        match self {
            Self::Jpeg(found) => codec::jpeg::decode(data, found, wanted, limits, sink),
            Self::Png(found) => codec::png::decode(data, found, frames, limits, sink),
            Self::Gif(found) => codec::gif::decode(data, found, frames, sink),
            Self::Webp(found) => codec::webp::decode(data, found, wanted, frames, sink),
            Self::Avif(found) => codec::avif::decode(data, found, sink),
        }
    }

    /// How the published file follows from the received one.
    pub(super) fn strip(&self, data: &[u8], keep_metadata: bool) -> Result<SpanPlan, Refusal> {
        match self {
            Self::Jpeg(found) => strip::jpeg(data, found.orientation, keep_metadata),
            Self::Png(found) => strip::png(data, found.orientation, keep_metadata),
            Self::Gif(_) => strip::gif(data, keep_metadata),
            Self::Webp(found) => strip::webp(data, found, keep_metadata),
            Self::Avif(found) => strip::avif(data, found, keep_metadata),
        }
    }

    /// What the colours of the picture mean, where the file says it.
    pub(super) fn profile(&self, data: &[u8], limits: &ImageLimits) -> Option<Profile> {
        match self {
            Self::Jpeg(_) => jpeg::icc(data).map(Profile::Icc),
            Self::Png(found) => png::icc(data, found, limits).map(Profile::Icc),
            Self::Gif(_) => None,
            Self::Webp(found) => found.icc.clone().map(|range| Profile::Icc(data[range].to_vec())),
            Self::Avif(found) => {
                let icc = found.colours.icc.clone().map(|range| Profile::Icc(data[range].to_vec()));
                let code_points = found
                    .colours
                    .nclx
                    .map(|nclx| Profile::Cicp { primaries: nclx.primaries, transfer: nclx.transfer });
                icc.or(code_points)
            }
        }
    }
}
