//! Decoding tile by tile: no more than one tile's planes and the alpha lie in memory.

use std::{borrow::Cow, ops::Range};

use tintype_types::Refusal;

use super::{
    av1::{self, Av1Picture},
    colour::{Conversion, narrow},
};
use crate::{
    codec::{Layout, Sink},
    probe::avif::{Avif, Nclx, Picture},
};

/// Decodes an AVIF that `probe` accepted, alpha first.
///
/// # Errors
/// Corrupt where rav1d refuses; limits; unsupported for colour matrices that are not linear.
pub(crate) fn decode(data: &[u8], avif: &Avif, sink: &mut dyn Sink) -> Result<(), Refusal> {
    let pixels = u64::from(avif.width) * u64::from(avif.height);
    let tile_pixels = u64::from(avif.colour.tile_width) * u64::from(avif.colour.tile_height);
    // Planes of 4:2:0 and about as much again that rav1d keeps beside them. What the stream says of depth and subsampling
    // is only known once a tile is decoded.
    let alpha_bytes = avif.alpha.as_ref().map_or(0, |_| pixels);
    sink.reserve(avif.width, avif.height, tile_pixels * 3 + alpha_bytes)?;
    let alpha = avif.alpha.as_ref().map(|alpha| alpha_plane(data, avif, alpha)).transpose()?;
    let mut layout = None;
    for (index, tile) in avif.colour.tiles.iter().enumerate() {
        let picture = tile_of(data, &avif.colour, tile)?;
        if layout.is_none() {
            let found = match (&alpha, picture.is_monochrome()) {
                (Some(_), _) => Layout::Rgba,
                (None, true) => Layout::Gray,
                (None, false) => Layout::Rgb,
            };
            let bytes_per_sample = if picture.depth() > 8 { 2 } else { 1 };
            let planes = tile_pixels * bytes_per_sample * if picture.is_monochrome() { 1 } else { 3 };
            sink.begin(avif.width, avif.height, found, planes + alpha_bytes)?;
            layout = Some(found);
        }
        let place = Place::of(avif, &avif.colour, index);
        let layout = layout.expect("set by the first tile");
        colours(avif, &picture, &place, layout, alpha.as_deref(), sink)?;
    }
    Ok(())
}

/// Where a tile lies in the picture, cut to the picture's size.
struct Place {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Place {
    fn of(avif: &Avif, picture: &Picture, index: usize) -> Self {
        let (row, column) = (index as u32 / picture.columns, index as u32 % picture.columns);
        let (left, top) = (column * picture.tile_width, row * picture.tile_height);
        Self {
            left,
            top,
            width: picture.tile_width.min(avif.width.saturating_sub(left)),
            height: picture.tile_height.min(avif.height.saturating_sub(top)),
        }
    }
}

fn tile_of(data: &[u8], picture: &Picture, extents: &[Range<usize>]) -> Result<Av1Picture, Refusal> {
    let obus: Cow<[u8]> = match extents {
        [one] => Cow::Borrowed(&data[one.clone()]),
        many => Cow::Owned(many.iter().flat_map(|extent| &data[extent.clone()]).copied().collect()),
    };
    av1::decode(&obus, picture.tile_width, picture.tile_height)
}

/// The alpha plane with 8 bits. Alpha is full range, whatever else the file says (AVIF 1.1, section 4).
fn alpha_plane(data: &[u8], avif: &Avif, alpha: &Picture) -> Result<Vec<u8>, Refusal> {
    let mut plane = vec![0; avif.width as usize * avif.height as usize];
    for (index, tile) in alpha.tiles.iter().enumerate() {
        let picture = tile_of(data, alpha, tile)?;
        let place = Place::of(avif, alpha, index);
        let max = (1 << picture.depth()) - 1;
        for y in 0..place.height {
            let row = picture.row(0, y);
            let start = (place.top + y) as usize * avif.width as usize + place.left as usize;
            for (x, out) in plane[start..start + place.width as usize].iter_mut().enumerate() {
                *out = ((row.get(x) * 255 + max / 2) / max) as u8;
            }
        }
    }
    Ok(plane)
}

/// Converts a tile and hands it on.
fn colours(
    avif: &Avif,
    picture: &Av1Picture,
    place: &Place,
    layout: Layout,
    alpha: Option<&[u8]>,
    sink: &mut dyn Sink,
) -> Result<(), Refusal> {
    let coded = picture.colour();
    let colour = avif.colours.nclx.unwrap_or(Nclx {
        primaries: coded.primaries,
        transfer: coded.transfer,
        matrix: coded.matrix,
        full_range: coded.full_range,
    });
    let monochrome = picture.is_monochrome();
    let matrix = if monochrome { 6 } else { colour.matrix };
    let conversion = Conversion::new(Nclx { matrix, ..colour }, picture.depth())?;
    let (shift_x, shift_y) = picture.chroma_shift();
    let width = place.width as usize;
    let mut rgb = vec![[0; 3]; width];
    let mut row = Vec::with_capacity(width * layout.channels());
    for y in 0..place.height {
        let luma = picture.row(0, y);
        row.clear();
        if monochrome {
            let range = conversion.range();
            for (x, pixel) in rgb.iter_mut().enumerate() {
                *pixel = [narrow(range.luma(luma.get(x))); 3];
            }
        } else {
            let (cb, cr) = (picture.row(1, y >> shift_y), picture.row(2, y >> shift_y));
            conversion.row([luma, cb, cr], shift_x, &mut rgb);
        }
        match (layout, alpha) {
            (Layout::Gray, _) => row.extend(rgb.iter().map(|pixel| pixel[0])),
            (Layout::Rgba, Some(alpha)) => {
                let start = (place.top + y) as usize * avif.width as usize + place.left as usize;
                for (pixel, alpha) in rgb.iter().zip(&alpha[start..start + width]) {
                    let pixel = if avif.premultiplied { divided(*pixel, *alpha) } else { *pixel };
                    row.extend(pixel);
                    row.push(*alpha);
                }
            }
            _ => row.extend(rgb.as_flattened()),
        }
        sink.run(place.top + y, place.left, 1, &row);
    }
    Ok(())
}

/// Undoes the multiplication of colours by alpha.
fn divided(pixel: [u8; 3], alpha: u8) -> [u8; 3] {
    let alpha = u32::from(alpha);
    pixel.map(|value| (u32::from(value) * 255 + alpha / 2).checked_div(alpha).unwrap_or(0).min(255) as u8)
}
