//! The order of things: sniff, probe, prove, plan; and for variants decode, resize, orient, colour, encode.

mod source;

use tintype_types::{Fit, ImageLimits, Inspection, MediaType, Recipe, Refusal, Rendered, refusal::LimitKind};

use self::source::Source;
use crate::{
    Admit, InspectOptions,
    codec::{self, Memory},
    placeholder::{Grid, Placeholder},
    refuse::{at_most, corrupt, unsupported},
    sniff::{Sniffed, sniff},
    steps::{Bitmap, Collector, flatten, orient, pad, plan, resize, swaps_sides, to_srgb},
};

/// JPEG quality of variants.
const JPEG_QUALITY: u8 = 80;
/// WebP quality of variants.
const WEBP_QUALITY: u8 = 80;
/// Decoders reduce no further than to this multiple of what is asked for; the rest is Lanczos3, which is better.
const MARGIN: f64 = 2.0;
/// The longest side that WebP can code.
const WEBP_SIDE_MAX: u32 = 16_383;

pub(crate) fn inspect(
    data: &[u8],
    options: &InspectOptions,
    admit: &mut Admit<'_>,
) -> Result<Inspection, Refusal> {
    let media_type = known(data)?;
    if !options.accepted.contains(&media_type) {
        return Err(unsupported(media_type.name()));
    }
    let source = Source::probe(data, media_type, &options.limits)?;
    let mut grid = Grid::new(Memory::new(&options.limits, admit));
    source.prove(data, &options.limits, &mut grid)?;
    let orientation = source.orientation();
    let Placeholder { thumbhash, colour } = Placeholder::of(&grid, orientation);
    let plan = source.strip(data, options.keep_metadata)?;
    plan.validate(data.len() as u64).map_err(|error| corrupt(media_type, error))?;
    let (width, height) = upright(source.size(), orientation);
    let (frames, has_alpha) = (source.frames(), source.has_alpha());
    Ok(Inspection { media_type, width, height, frames, orientation, has_alpha, thumbhash, colour, plan })
}

pub(crate) fn render(
    data: &[u8],
    recipe: &Recipe,
    limits: &ImageLimits,
    admit: &mut Admit<'_>,
) -> Result<Rendered, Refusal> {
    let media_type = known(data)?;
    let source = Source::probe(data, media_type, limits)?;
    let (orientation, size) = (source.orientation(), source.size());
    let swapped = swaps_sides(orientation);
    let (width, height) = upright(size, orientation);
    let side_max = if recipe.format == MediaType::Webp { WEBP_SIDE_MAX } else { limits.side_max };
    let plan = plan(recipe, (width, height), side_max);
    let canvas_bytes = u64::from(plan.canvas.0) * u64::from(plan.canvas.1) * 4;
    at_most(LimitKind::DecodedBytes, canvas_bytes, limits.decoded_bytes_max)?;

    // From here to `orient` everything lies as it is coded. The cut is centred, so that mirrors do not move it.
    let ((left, top, cut_width, cut_height), target) = if swapped {
        let (left, top, width, height) = plan.crop;
        ((top, left, height, width), (plan.size.1, plan.size.0))
    } else {
        (plan.crop, plan.size)
    };
    let wanted =
        |whole: u32, cut: f64, side: u32| (MARGIN * f64::from(side) * f64::from(whole) / cut).ceil() as u32;
    let wanted = codec::Wanted {
        width: wanted(size.0, cut_width, target.0),
        height: wanted(size.1, cut_height, target.1),
    };
    let mut collector = Collector::new(Memory::new(limits, admit));
    source.decode_first(data, wanted, limits, &mut collector)?;
    let decoded = collector.bitmap;
    let (by_x, by_y) =
        (f64::from(decoded.width) / f64::from(size.0), f64::from(decoded.height) / f64::from(size.1));
    let crop = (left * by_x, top * by_y, cut_width * by_x, cut_height * by_y);
    let small = orient(resize(decoded, crop, target, media_type)?, orientation);
    let small = to_srgb(small, source.profile(data, limits).as_ref());
    let opaque = recipe.format == MediaType::Jpeg;
    let small = if opaque { flatten(small) } else { small };
    let small = if recipe.fit == Fit::Pad { pad(small, plan.canvas, opaque) } else { small };
    let (width, height) = (small.width, small.height);
    Ok(Rendered { bytes: encode(&small, recipe.format)?, width, height })
}

fn encode(bitmap: &Bitmap, format: MediaType) -> Result<Vec<u8>, Refusal> {
    match format {
        MediaType::Jpeg => codec::jpeg::encode(bitmap, JPEG_QUALITY),
        MediaType::Webp => codec::webp::encode(bitmap, WEBP_QUALITY),
        MediaType::Png => codec::png::encode(bitmap),
        MediaType::Gif | MediaType::Avif => {
            Err(unsupported("a recipe for a format that variants are not made in"))
        }
    }
}

/// The format of the content, or why there is none.
fn known(data: &[u8]) -> Result<MediaType, Refusal> {
    if data.is_empty() {
        return Err(Refusal::Empty);
    }
    match sniff(data) {
        Sniffed::Known(media_type) => Ok(media_type),
        Sniffed::Other(name) => Err(unsupported(name)),
        Sniffed::Unknown => Err(Refusal::Unsupported { looks_like: None }),
    }
}

fn upright((width, height): (u32, u32), orientation: u8) -> (u32, u32) {
    if swaps_sides(orientation) { (height, width) } else { (width, height) }
}
