//! Encoding: baseline with optimised Huffman tables, 4:2:0.

use tintype_types::{MediaType, Refusal};
use turbojpeg_sys as sys;

use super::turbo::{Turbo, TurboError};
use crate::{codec::Layout, refuse::corrupt, steps::Bitmap};

/// Encodes an opaque picture; gray stays gray.
///
/// Not progressive: the pixels are the same, the file 2 % smaller, and the cost a good deal higher.
pub(crate) fn encode(bitmap: &Bitmap, quality: u8) -> Result<Vec<u8>, Refusal> {
    let refuse = |error| {
        let (TurboError::Warning(text) | TurboError::Fatal(text)) = error;
        corrupt(MediaType::Jpeg, text)
    };
    let (format, subsampling) = match bitmap.layout {
        Layout::Gray => (sys::TJPF_TJPF_GRAY, sys::TJSAMP_TJSAMP_GRAY),
        Layout::Rgb => (sys::TJPF_TJPF_RGB, sys::TJSAMP_TJSAMP_420),
        Layout::Rgba => (sys::TJPF_TJPF_RGBA, sys::TJSAMP_TJSAMP_420),
    };
    let mut turbo = Turbo::new(sys::TJINIT_TJINIT_COMPRESS).map_err(refuse)?;
    turbo.set(sys::TJPARAM_TJPARAM_QUALITY, i32::from(quality)).map_err(refuse)?;
    turbo.set(sys::TJPARAM_TJPARAM_SUBSAMP, subsampling).map_err(refuse)?;
    turbo.set(sys::TJPARAM_TJPARAM_OPTIMIZE, 1).map_err(refuse)?;
    let size = (bitmap.width, bitmap.height);
    turbo.encode(&bitmap.pixels, size, (format, bitmap.layout.channels())).map_err(refuse)
}
