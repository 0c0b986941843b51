use super::Hostile;
use crate::{
    build,
    raw::gif::{TRAILER, extension, one_pixel_frame, screen},
};

pub(super) fn all() -> Vec<Hostile> {
    let small = build::gif(16, 16, 5);
    let comment = extension(0xfe, b"", &vec![b'x'; 1_000_000]);
    vec![
        Hostile::refused("gif-65535x65535-canvas.gif", frames(65_535, 65_535, 1)),
        Hostile::refused("gif-65535x65535-canvas-100-frames.gif", frames(65_535, 65_535, 100)),
        Hostile::refused("gif-10000-frames.gif", frames(1, 1, 10_000)),
        // Few frames and few pixels each, but together 900 times 9 million.
        Hostile::refused("gif-900-frames-of-3000x3000.gif", frames(3_000, 3_000, 900)),
        Hostile::refused("gif-zero-canvas-no-frames.gif", frames(0, 0, 0)),
        Hostile::refused("gif-no-frames.gif", frames(16, 16, 0)),
        Hostile::either("gif-zero-canvas-one-frame.gif", frames(0, 0, 1)),
        Hostile::either("gif-frame-outside-canvas.gif", outside()),
        Hostile::refused("gif-frame-65535x65535-on-1x1.gif", frame_of(65_535, 65_535)),
        Hostile::refused("gif-lzw-code-size-255.gif", code_size(255)),
        Hostile::either("gif-lzw-code-size-0.gif", code_size(0)),
        Hostile::either("gif-comment-of-1-mb.gif", crate::raw::gif::insert_after_screen(&small, &comment)),
        Hostile::refused(
            "gif-extension-without-end.gif",
            [&screen(16, 16), b"\x21\xfe\xff".as_slice()].concat(),
        ),
    ]
}

fn frames(width: u16, height: u16, count: usize) -> Vec<u8> {
    let mut out = screen(width, height);
    out.extend(one_pixel_frame().repeat(count));
    out.push(TRAILER);
    out
}

/// One frame whose descriptor, 8 bytes into it, is changed.
fn changed_frame(change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut frame = one_pixel_frame();
    change(&mut frame[8..]);
    let mut out = screen(1, 1);
    out.extend(frame);
    out.push(TRAILER);
    out
}

fn outside() -> Vec<u8> {
    changed_frame(|descriptor| descriptor[1..5].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]))
}

fn frame_of(width: u16, height: u16) -> Vec<u8> {
    changed_frame(|descriptor| {
        descriptor[5..7].copy_from_slice(&width.to_le_bytes());
        descriptor[7..9].copy_from_slice(&height.to_le_bytes());
    })
}

fn code_size(size: u8) -> Vec<u8> {
    changed_frame(|descriptor| descriptor[10] = size)
}
