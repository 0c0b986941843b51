//! Converting a variant to sRGB, so that it needs no profile.

use moxcms::{
    CicpColorPrimaries, CicpProfile, ColorProfile, DataColorSpace, MatrixCoefficients,
    TransferCharacteristics,
};

use super::Bitmap;
use crate::codec::Layout;

/// What colours mean.
#[derive(Clone, Debug)]
pub(crate) enum Profile {
    /// An ICC profile.
    Icc(Vec<u8>),
    /// Code points of ITU-T H.273.
    Cicp { primaries: u16, transfer: u16 },
}

/// Converts to sRGB. A profile that is damaged, is for other kinds of pixels, or is HDR (which would need tone mapping)
/// leaves the pixels as they are, as browsers do with what they cannot read.
pub(crate) fn to_srgb(bitmap: Bitmap, profile: Option<&Profile>) -> Bitmap {
    let Some(source) = profile.and_then(read) else { return bitmap };
    let (from, to, layout) = match (bitmap.layout, source.color_space) {
        (Layout::Rgb, DataColorSpace::Rgb) => (moxcms::Layout::Rgb, moxcms::Layout::Rgb, Layout::Rgb),
        (Layout::Rgba, DataColorSpace::Rgb) => (moxcms::Layout::Rgba, moxcms::Layout::Rgba, Layout::Rgba),
        (Layout::Gray, DataColorSpace::Gray) => (moxcms::Layout::Gray, moxcms::Layout::Rgb, Layout::Rgb),
        _ => return bitmap,
    };
    let target = ColorProfile::new_srgb();
    let Ok(transform) = source.create_transform_8bit(from, &target, to, Default::default()) else {
        return bitmap;
    };
    let mut pixels = vec![0; bitmap.width as usize * bitmap.height as usize * layout.channels()];
    match transform.transform(&bitmap.pixels, &mut pixels) {
        Ok(()) => Bitmap { layout, pixels, ..bitmap },
        Err(_) => bitmap,
    }
}

fn read(profile: &Profile) -> Option<ColorProfile> {
    match profile {
        Profile::Icc(bytes) => ColorProfile::new_from_slice(bytes).ok(),
        Profile::Cicp { primaries, transfer } => {
            let transfer = match transfer {
                // The curves of video, and nothing said: browsers show them as sRGB.
                1 | 2 | 6 | 13 | 14 | 15 => TransferCharacteristics::Srgb,
                4 => TransferCharacteristics::Bt470M,
                5 => TransferCharacteristics::Bt470Bg,
                8 => TransferCharacteristics::Linear,
                _ => return None,
            };
            let color_primaries = match primaries {
                9 => CicpColorPrimaries::Bt2020,
                11 => CicpColorPrimaries::Smpte431,
                12 => CicpColorPrimaries::Smpte432,
                1 | 2 if transfer != TransferCharacteristics::Srgb => CicpColorPrimaries::Bt709,
                _ => return None,
            };
            let matrix_coefficients = MatrixCoefficients::Identity;
            let transfer_characteristics = transfer;
            Some(ColorProfile::new_from_cicp(CicpProfile {
                color_primaries,
                transfer_characteristics,
                matrix_coefficients,
                full_range: true,
            }))
        }
    }
}
