//! Decoding, reduced by the inverse transform where less is wanted than there is.

use tintype_types::{ImageLimits, MediaType, Refusal};
use turbojpeg_sys as sys;

use super::turbo::{Turbo, TurboError};
use crate::{
    codec::{Layout, Sink, Wanted, pour},
    probe::jpeg::Jpeg,
    refuse::{corrupt, truncated},
};

/// Decodes a JPEG that `probe` accepted.
///
/// All entropy-coded data is read whatever the reduction: at 1/8 the transform is a copy, so that proving a picture costs
/// little more than its Huffman decoding.
///
/// # Errors
/// Truncated where the data ends early, even in front of a forged EOI; corrupt for everything else that libjpeg-turbo
/// warns of, but for stray bytes right before EOI, which cameras write and which no pixel depends on.
pub(crate) fn decode(
    data: &[u8],
    jpeg: &Jpeg,
    wanted: Wanted,
    limits: &ImageLimits,
    sink: &mut dyn Sink,
) -> Result<(), Refusal> {
    let mut turbo = Turbo::new(sys::TJINIT_TJINIT_DECOMPRESS).map_err(refuse)?;
    turbo
        .set(sys::TJPARAM_TJPARAM_SCANLIMIT, limits.scans_max.min(i32::MAX as u32) as i32)
        .map_err(refuse)?;
    turbo.read_header(data).map_err(refuse)?;
    let size = (turbo.get(sys::TJPARAM_TJPARAM_JPEGWIDTH), turbo.get(sys::TJPARAM_TJPARAM_JPEGHEIGHT));
    if size != (jpeg.width as i32, jpeg.height as i32) {
        return Err(corrupt(MediaType::Jpeg, "its headers contradict each other"));
    }
    let denominator = denominator(jpeg, wanted);
    turbo.reduce_by(denominator).map_err(refuse)?;
    let (width, height) = (jpeg.width.div_ceil(denominator), jpeg.height.div_ceil(denominator));
    let (layout, format, channels) = match turbo.get(sys::TJPARAM_TJPARAM_COLORSPACE) as sys::TJCS {
        sys::TJCS_TJCS_GRAY => (Layout::Gray, sys::TJPF_TJPF_GRAY, 1),
        sys::TJCS_TJCS_CMYK | sys::TJCS_TJCS_YCCK => (Layout::Rgb, sys::TJPF_TJPF_CMYK, 4),
        _ => (Layout::Rgb, sys::TJPF_TJPF_RGB, 3),
    };
    let len = width as usize * height as usize * channels;
    sink.begin(width, height, layout, jpeg.coefficient_bytes + len as u64)?;
    let mut pixels = vec![0; len];
    match turbo.decode(data, &mut pixels, (width, height), (format, channels)) {
        Err(TurboError::Warning(text)) if text.ends_with("before marker 0xd9") => {}
        result => result.map_err(refuse)?,
    }
    if channels == 4 {
        cmyk_to_rgb(&mut pixels);
    }
    pour(sink, width, layout, &pixels);
    Ok(())
}

/// The largest reduction that leaves at least what is wanted.
fn denominator(jpeg: &Jpeg, wanted: Wanted) -> u32 {
    let enough =
        |d: &u32| jpeg.width.div_ceil(*d) >= wanted.width && jpeg.height.div_ceil(*d) >= wanted.height;
    [8, 4, 2].into_iter().find(enough).unwrap_or(1)
}

/// Turns CMYK into RGB in place: the first three quarters hold the result.
///
/// Files of Adobe's programs, which are nearly all there are, store the inverse of the ink, so that a product is what
/// paper shows without a profile.
fn cmyk_to_rgb(pixels: &mut Vec<u8>) {
    let count = pixels.len() / 4;
    for index in 0..count {
        let [c, m, y, k] = [0, 1, 2, 3].map(|channel| u32::from(pixels[index * 4 + channel]));
        for (channel, ink) in [c, m, y].into_iter().enumerate() {
            pixels[index * 3 + channel] = ((ink * k + 127) / 255) as u8;
        }
    }
    pixels.truncate(count * 3);
}

fn refuse(error: TurboError) -> Refusal {
    let (TurboError::Warning(text) | TurboError::Fatal(text)) = error;
    let lower = text.to_ascii_lowercase();
    if lower.contains("premature end") { truncated(MediaType::Jpeg) } else { corrupt(MediaType::Jpeg, text) }
}
