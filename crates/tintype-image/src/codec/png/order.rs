//! The order in which rows come: from top to bottom, or in the seven passes of Adam7 (PNG, 8.1).

/// Where the pixels of one decoded row lie in the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowPlace {
    pub y: u32,
    pub x: u32,
    pub step: u32,
}

/// First column, first row, column step, row step of each pass.
const PASSES: [(u32, u32, u32, u32); 7] =
    [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

/// The places of all rows of a frame, in the order of the file; passes without pixels have none.
pub(super) fn rows(width: u32, height: u32, interlaced: bool) -> impl Iterator<Item = RowPlace> {
    let passes = if interlaced { &PASSES[..] } else { &[(0, 0, 1, 1)] };
    passes.iter().filter(move |(x, ..)| *x < width).flat_map(move |(x, y, step, down)| {
        (*y..height).step_by(*down as usize).map(|y| RowPlace { y, x: *x, step: *step })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_comes_exactly_once() {
        for (width, height) in [(1, 1), (2, 3), (5, 1), (8, 8), (9, 17)] {
            for interlaced in [false, true] {
                let mut seen = vec![0; (width * height) as usize];
                for row in rows(width, height, interlaced) {
                    for x in (row.x..width).step_by(row.step as usize) {
                        seen[(row.y * width + x) as usize] += 1;
                    }
                }
                assert!(seen.iter().all(|count| *count == 1), "{width} x {height}, {interlaced}");
            }
        }
    }
}
