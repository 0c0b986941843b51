use super::{Expect, Hostile};
use crate::build;

/// Below this many bytes no format has a picture yet.
const PICTURE_BYTES_MIN: usize = 32;

const SIDES: (u32, u32) = (64, 48);

fn wholes() -> [(&'static str, &'static str, Vec<u8>); 10] {
    let (width, height) = SIDES;
    [
        ("jpeg", "jpg", build::jpeg(width, height, 8)),
        ("jpeg-progressive", "jpg", build::jpeg_progressive(width, height, 8)),
        ("png", "png", build::png(width, height, 8)),
        ("png-interlaced", "png", build::png_interlaced(width, height, 8)),
        ("apng", "png", build::apng(width, height, 3, 8)),
        ("gif", "gif", build::gif(width, height, 8)),
        ("gif-animated", "gif", build::gif_animated(width, height, 3, 8)),
        ("webp", "webp", build::webp(width, height, 8)),
        ("webp-animated", "webp", build::webp_animated(width, height, 3, 8)),
        ("avif", "avif", build::avif()),
    ]
}

pub(super) fn all() -> Vec<Hostile> {
    let mut files = Vec::new();
    for (what, extension, whole) in wholes() {
        for percent in 0..100 {
            let bytes = whole[..whole.len() * percent / 100].to_vec();
            let expect =
                if bytes.len() < PICTURE_BYTES_MIN { Expect::Refused } else { Expect::AcceptedOrRefused };
            files.push(Hostile {
                name: format!("truncated-{what}-at-{percent:02}-percent.{extension}"),
                bytes,
                expect,
            });
        }
    }
    files
}
