//! Decoding row by row, expanded to 8 bits; memory stays at two rows.

use std::io::Cursor;

use png::{ColorType, Decoder, DecodingError, Limits, Reader, Transformations};
use tintype_types::{ImageLimits, MediaType, Refusal};

use super::order::rows;
use crate::{
    codec::{Frames, Layout, Sink},
    probe::png::Png,
    refuse::{corrupt, truncated},
};

/// Decodes a PNG that `probe` accepted.
///
/// The default image goes to the sink; the other frames of an animation are decoded and let go. Checksums were checked by
/// `probe` and are not computed again.
///
/// # Errors
/// Truncated where pixels are missing, corrupt for every other fault.
pub(crate) fn decode(
    data: &[u8],
    png: &Png,
    frames: Frames,
    limits: &ImageLimits,
    sink: &mut dyn Sink,
) -> Result<(), Refusal> {
    let bytes = usize::try_from(limits.decoded_bytes_max).unwrap_or(usize::MAX);
    let mut decoder = Decoder::new_with_limits(Cursor::new(data), Limits { bytes });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.ignore_checksums(true);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(refuse)?;
    let (colours, _) = reader.output_color_type();
    let layout = match colours {
        ColorType::Grayscale => Layout::Gray,
        ColorType::Rgb => Layout::Rgb,
        _ => Layout::Rgba,
    };
    let default_is_frame = reader.info().frame_control.is_some();
    let row_bytes = u64::from(png.width) * 8;
    sink.begin(png.width, png.height, layout, row_bytes * 3)?;
    let mut expanded = Vec::new();
    frame(&mut reader, |place, row| {
        let row = if colours == ColorType::GrayscaleAlpha { with_colours(row, &mut expanded) } else { row };
        sink.run(place.y, place.x, place.step, row);
    })?;
    if frames == Frames::First {
        return Ok(());
    }
    let animated = reader.info().animation_control.is_some();
    let more = if animated { png.frames - u32::from(default_is_frame) } else { 0 };
    for _ in 0..more {
        reader.next_frame_info().map_err(refuse)?;
        frame(&mut reader, |_, _| {})?;
    }
    reader.finish().map_err(refuse)
}

/// Reads one frame.
fn frame(
    reader: &mut Reader<Cursor<&[u8]>>,
    mut take: impl FnMut(super::order::RowPlace, &[u8]),
) -> Result<(), Refusal> {
    let info = reader.info();
    let (width, height) =
        info.frame_control.as_ref().map_or(info.size(), |frame| (frame.width, frame.height));
    for place in rows(width, height, info.interlaced) {
        let row = reader.next_interlaced_row().map_err(refuse)?.ok_or(truncated(MediaType::Png))?;
        take(place, row.data());
    }
    Ok(())
}

/// Turns gray with alpha into RGBA.
fn with_colours<'a>(row: &[u8], expanded: &'a mut Vec<u8>) -> &'a [u8] {
    expanded.clear();
    expanded.extend(row.as_chunks::<2>().0.iter().flat_map(|[gray, alpha]| [*gray, *gray, *gray, *alpha]));
    expanded
}

fn refuse(error: DecodingError) -> Refusal {
    match error {
        DecodingError::IoError(_) => truncated(MediaType::Png),
        other => {
            let text = other.to_string();
            // The crate keeps its reasons private; these two mean that the compressed data ends before the pixels do.
            let short = text.contains("enough data for image") || text.contains("missing");
            if short { truncated(MediaType::Png) } else { corrupt(MediaType::Png, text) }
        }
    }
}
