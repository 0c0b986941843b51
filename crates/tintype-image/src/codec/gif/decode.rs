//! Decoding row by row; memory stays at one row and the LZW table.

use tintype_types::{MediaType, Refusal};
use weezl::{BitOrder, LzwStatus, decode::Decoder};

use crate::{
    codec::{Frames, Layout, Sink},
    probe::gif::{BlockKind, Blocks, Gif, Image, sub_blocks},
    refuse::corrupt,
};

/// Decodes a GIF that `probe` accepted.
///
/// The first frame, in its place on the canvas, goes to the sink; the others are decompressed and let go.
///
/// # Errors
/// Corrupt where a frame's data is damaged or has fewer pixels than the frame.
pub(crate) fn decode(data: &[u8], gif: &Gif, frames: Frames, sink: &mut dyn Sink) -> Result<(), Refusal> {
    let layout = if gif.has_alpha { Layout::Rgba } else { Layout::Rgb };
    sink.begin(gif.width, gif.height, layout, 1 << 20)?;
    let mut first = true;
    for block in Blocks::new(data)? {
        let BlockKind::Image(image) = block?.kind else { continue };
        if first {
            let palette = image.palette.clone().or(gif.palette.clone()).unwrap_or_default();
            let mut painter =
                Painter { gif, image: &image, layout, palette: &data[palette], row: Vec::new() };
            indices(data, &image, |y, row| painter.paint(y, row, sink))?;
        } else {
            indices(data, &image, |_, _| {})?;
        }
        if frames == Frames::First {
            break;
        }
        first = false;
    }
    Ok(())
}

/// Decompresses one frame and hands on its rows as palette indices, with their place in the frame.
fn indices(data: &[u8], image: &Image, mut take: impl FnMut(u32, &[u8])) -> Result<(), Refusal> {
    if !(1..=11).contains(&image.code_size) {
        return Err(corrupt(MediaType::Gif, format_args!("a frame has the code size {}", image.code_size)));
    }
    let mut lzw = Decoder::new(BitOrder::Lsb, image.code_size);
    let mut input = sub_blocks(&data[image.data.clone()]);
    let mut rest: &[u8] = &[];
    let mut row = vec![0; image.width as usize];
    if row.is_empty() {
        return Ok(());
    }
    for y in rows(image) {
        let mut filled = 0;
        while filled < row.len() {
            if rest.is_empty() {
                rest = input.next().unwrap_or_default();
            }
            let result = lzw.decode_bytes(rest, &mut row[filled..]);
            rest = &rest[result.consumed_in..];
            filled += result.consumed_out;
            let status = result.status.map_err(|error| corrupt(MediaType::Gif, error))?;
            let moved = result.consumed_in > 0 || result.consumed_out > 0;
            let over = match status {
                LzwStatus::Ok => false,
                LzwStatus::NoProgress => !rest.is_empty() || ends(&input),
                // After the end code the decoder may still hold pixels of its last pattern.
                LzwStatus::Done => !moved,
            };
            if over {
                return Err(corrupt(MediaType::Gif, "a frame has fewer pixels than it claims"));
            }
        }
        take(y, &row);
    }
    Ok(())
}

/// Whether no sub-block is left.
fn ends<'a>(input: &(impl Iterator<Item = &'a [u8]> + Clone)) -> bool {
    input.clone().next().is_none()
}

/// The rows of a frame in the order of the file (GIF 89a, appendix E).
fn rows(image: &Image) -> impl Iterator<Item = u32> {
    let passes: &[(u32, usize)] =
        if image.interlaced { &[(0, 8), (4, 8), (2, 4), (1, 2)] } else { &[(0, 1)] };
    let height = image.height;
    passes.iter().flat_map(move |(first, step)| (*first..height).step_by(*step))
}

/// Puts the first frame's rows onto the canvas.
struct Painter<'a> {
    gif: &'a Gif,
    image: &'a Image,
    layout: Layout,
    palette: &'a [u8],
    row: Vec<u8>,
}

impl Painter<'_> {
    /// Colours a row and cuts off what lies outside the canvas. An index that the palette does not have is transparent,
    /// or black where the picture has no transparency.
    fn paint(&mut self, y: u32, indices: &[u8], sink: &mut dyn Sink) {
        let (y, visible) = (self.image.top + y, self.gif.width.saturating_sub(self.image.left) as usize);
        if y >= self.gif.height || visible == 0 {
            return;
        }
        self.row.clear();
        for index in indices.iter().take(visible) {
            let at = usize::from(*index) * 3;
            let colour = self.palette.get(at..at + 3).filter(|_| self.image.transparent != Some(*index));
            self.row.extend_from_slice(colour.unwrap_or(&[0, 0, 0]));
            if self.layout == Layout::Rgba {
                self.row.push(if colour.is_some() { 255 } else { 0 });
            }
        }
        sink.run(y, self.image.left, 1, &self.row);
    }
}
