//! What stands in for a picture until it has loaded: a ThumbHash and an average colour, from one small grid.

mod grid;

pub(crate) use self::grid::Grid;
use crate::steps::orient;

/// The longest side of the grid, which ThumbHash demands.
pub(crate) const SIDE: u32 = 100;

/// A picture's placeholder.
#[derive(Debug)]
pub(crate) struct Placeholder {
    /// 5 to 25 bytes.
    pub thumbhash: Vec<u8>,
    /// 0xRRGGBB.
    pub colour: u32,
}

impl Placeholder {
    /// Turns the grid upright and describes it.
    pub(crate) fn of(grid: &Grid<'_>, orientation: u8) -> Self {
        let colour = grid.average();
        let small = orient(grid.to_bitmap(), orientation);
        let (width, height) = (small.width as usize, small.height as usize);
        Self { thumbhash: thumbhash::rgba_to_thumb_hash(width, height, &small.pixels), colour }
    }
}
