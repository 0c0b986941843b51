use std::borrow::Cow;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use super::side16;
use crate::pixels;

const COLOURS: u32 = 128;

fn frame(width: u32, height: u32, seed: u64) -> Frame<'static> {
    Frame {
        width: side16(width),
        height: side16(height),
        buffer: Cow::Owned(pixels::indices(width, height, COLOURS, seed)),
        ..Frame::default()
    }
}

/// A still GIF of 128 colours.
pub fn gif(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let palette = pixels::palette(COLOURS, seed);
    let mut encoder = Encoder::new(Vec::new(), side16(width), side16(height), &palette)
        .expect("128 colours make a global palette");
    encoder.write_frame(&frame(width, height, seed)).expect("sides and buffer fit each other");
    encoder.into_inner().expect("a vector takes every write")
}

/// An animated GIF of `frames` pictures, 100 ms each, that repeats for ever. Frames after the first are one pixel
/// narrower and lower where there is room, placed at (1, 1), with colour 0 transparent, and kept or cleared in turn.
pub fn gif_animated(width: u32, height: u32, frames: u32, seed: u64) -> Vec<u8> {
    let palette = pixels::palette(COLOURS, seed);
    let mut encoder = Encoder::new(Vec::new(), side16(width), side16(height), &palette)
        .expect("128 colours make a global palette");
    encoder.set_repeat(Repeat::Infinite).expect("a vector takes every write");
    for number in 0..frames {
        let inset = u32::from(number > 0 && width > 1 && height > 1);
        let mut next = frame(width - inset, height - inset, seed.wrapping_add(u64::from(number)));
        next.left = side16(inset + 1) - 1;
        next.top = next.left;
        next.delay = 10; // Hundredths of a second.
        next.transparent = (number > 0).then_some(0);
        next.dispose = if number % 2 == 0 { DisposalMethod::Keep } else { DisposalMethod::Background };
        encoder.write_frame(&next).expect("sides and buffer fit each other");
    }
    encoder.into_inner().expect("a vector takes every write")
}
