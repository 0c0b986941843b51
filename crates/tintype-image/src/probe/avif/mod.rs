//! AVIF (AV1 Image File Format 1.1 on HEIF, ISO/IEC 23008-12): which item is the picture, where its data lies.

mod meta;
mod picture;

use std::ops::Range;

use tintype_types::{ImageLimits, MediaType, Refusal};

pub(crate) use self::meta::{Item, Meta};
use super::{
    check_size,
    isobmff::{Boxes, IsoBox},
};
use crate::refuse::{corrupt, truncated, unsupported};

/// What an AVIF says.
#[derive(Debug)]
pub(crate) struct Avif {
    /// Width before the orientation is applied.
    pub width: u32,
    pub height: u32,
    /// `irot` and `imir` in EXIF's terms, 1 to 8.
    pub orientation: u8,
    pub colour: Picture,
    pub alpha: Option<Picture>,
    /// Colours are already multiplied by alpha.
    pub premultiplied: bool,
    pub colours: Colours,
    pub meta: Meta,
    /// The boxes of the file, as far as they belong to it.
    pub boxes: Vec<IsoBox>,
}

/// The coded pictures of one item: one, or the tiles of a grid.
#[derive(Debug)]
pub(crate) struct Picture {
    pub columns: u32,
    pub tile_width: u32,
    pub tile_height: u32,
    /// In reading order, each with the ranges of its data.
    pub tiles: Vec<Vec<Range<usize>>>,
}

/// How the container says that colours are meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Colours {
    pub nclx: Option<Nclx>,
    pub icc: Option<Range<usize>>,
}

/// Code points of ITU-T H.273.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nclx {
    pub primaries: u16,
    pub transfer: u16,
    pub matrix: u16,
    pub full_range: bool,
}

/// More boxes at the top of a file than any writer makes.
const BOXES_MAX: usize = 1_000;

fn bad(detail: impl std::fmt::Display) -> Refusal {
    corrupt(MediaType::Avif, detail)
}

/// Reads the boxes and finds the picture, its alpha and its tiles.
///
/// # Errors
/// Truncated where a box or an item's data reaches beyond the file; unsupported for animations and crops; limits.
pub(crate) fn probe(data: &[u8], limits: &ImageLimits) -> Result<Avif, Refusal> {
    let boxes = top_level(data)?;
    if boxes.iter().any(|found| found.kind == *b"moov") {
        return Err(unsupported("animated AVIF"));
    }
    let mut metas = boxes.iter().filter(|found| found.kind == *b"meta");
    let (Some(meta), None) = (metas.next(), metas.next()) else { return Err(truncated(MediaType::Avif)) };
    let meta = Meta::parse(data, meta.payload.clone())?;
    let primary = meta.primary()?;
    let (width, height) = meta.size(data, primary)?;
    check_size(width, height, 1, limits)?;
    let colour = Picture::of(data, &meta, primary, (width, height), limits)?;
    let alpha_item = meta.alpha_of(data, primary.id);
    let alpha = match alpha_item {
        None => None,
        Some(item) => {
            let size = meta.size(data, item)?;
            if size != (width, height) {
                return Err(bad("its alpha has another size than its colours"));
            }
            Some(Picture::of(data, &meta, item, size, limits)?)
        }
    };
    let premultiplied = alpha_item.is_some_and(|alpha| meta.refers(b"prem", primary.id, alpha.id));
    let colours = meta.colours(data, primary, limits)?;
    let orientation = meta.orientation(data, primary)?;
    Ok(Avif { width, height, orientation, colour, alpha, premultiplied, colours, meta, boxes })
}

/// The boxes of the file up to what is no box any more.
fn top_level(data: &[u8]) -> Result<Vec<IsoBox>, Refusal> {
    let mut boxes = Vec::new();
    for found in Boxes::new(data, 0..data.len()) {
        match found {
            Ok(found) if boxes.len() < BOXES_MAX => boxes.push(found),
            Ok(_) => return Err(bad(format_args!("over {BOXES_MAX} boxes"))),
            Err(overrun) if !overrun.no_header && is_known(overrun.kind) => {
                return Err(truncated(MediaType::Avif));
            }
            // Something that was hung on behind the picture.
            Err(_) => break,
        }
    }
    Ok(boxes)
}

/// Whether a box has its place at the top of an AVIF.
pub(crate) fn is_known(kind: [u8; 4]) -> bool {
    matches!(&kind, b"ftyp" | b"meta" | b"mdat" | b"moov" | b"free" | b"skip" | b"uuid" | b"wide")
}
