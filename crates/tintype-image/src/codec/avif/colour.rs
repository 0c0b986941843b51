//! From luma and chroma to red, green and blue, by the matrix that the file names (ITU-T H.273, 8.3).

use tintype_types::Refusal;

use super::av1::Samples;
use crate::{probe::avif::Nclx, refuse::unsupported};

/// Fractional bits of the fixed-point coefficients.
const BITS: i32 = 14;

/// How samples of one depth and range become 8 bits.
pub(super) enum Conversion {
    /// Red, green and blue are coded as they are, in the planes red = 2, green = 0, blue = 1.
    Identity(Range),
    /// Y, Cb, Cr with coefficients for red from Cr, green from Cb and Cr, blue from Cb.
    Matrix { range: Range, red: i32, green: (i32, i32), blue: i32 },
    /// Y, Cg, Co.
    YCgCo { range: Range, chroma: i32 },
}

/// Offset and scale of luma, and the middle of chroma.
#[derive(Clone, Copy)]
pub(super) struct Range {
    luma_offset: i32,
    luma: i32,
    middle: i32,
}

impl Range {
    fn new(depth: u32, full: bool) -> Self {
        let one = f64::from(1 << BITS);
        let shift = depth - 8;
        let (offset, span) = if full { (0, (1 << depth) - 1) } else { (16 << shift, 219 << shift) };
        Self {
            luma_offset: offset,
            luma: (255.0 / f64::from(span) * one).round() as i32,
            middle: 128 << shift,
        }
    }

    pub(super) fn luma(&self, sample: i32) -> i32 {
        (sample - self.luma_offset) * self.luma
    }
}

/// Rounds a fixed-point value to 8 bits.
pub(super) fn narrow(value: i32) -> u8 {
    ((value + (1 << (BITS - 1))) >> BITS).clamp(0, 255) as u8
}

impl Conversion {
    /// The conversion that the code points ask for.
    ///
    /// # Errors
    /// Unsupported for matrices that are not linear or hang on the primaries.
    pub(super) fn new(colour: Nclx, depth: u32) -> Result<Self, Refusal> {
        let range = Range::new(depth, colour.full_range);
        let (kr, kb) = match colour.matrix {
            0 => return Ok(Self::Identity(range)),
            1 => (0.2126, 0.0722),
            4 => (0.30, 0.11),
            // Unspecified: what libavif and browsers take.
            2 | 5 | 6 => (0.299, 0.114),
            7 => (0.212, 0.087),
            9 => (0.2627, 0.0593),
            8 => return Ok(Self::YCgCo { range, chroma: chroma_scale(depth, colour.full_range, 1.0) }),
            other => return Err(unsupported(&format!("AVIF with the colour matrix {other}"))),
        };
        let kg = 1.0 - kr - kb;
        let scale = |factor: f64| chroma_scale(depth, colour.full_range, factor);
        Ok(Self::Matrix {
            range,
            red: scale(2.0 * (1.0 - kr)),
            green: (scale(-2.0 * (1.0 - kb) * kb / kg), scale(-2.0 * (1.0 - kr) * kr / kg)),
            blue: scale(2.0 * (1.0 - kb)),
        })
    }

    /// The range of luma, for pictures without colours.
    pub(super) fn range(&self) -> Range {
        match self {
            Self::Identity(range) | Self::Matrix { range, .. } | Self::YCgCo { range, .. } => *range,
        }
    }

    /// Converts one row of `out.len() / 3` pixels; chroma is found `shift` to the right.
    pub(super) fn row(&self, [luma, cb, cr]: [Samples; 3], shift: u32, out: &mut [[u8; 3]]) {
        match self {
            Self::Identity(range) => {
                for (x, pixel) in out.iter_mut().enumerate() {
                    let [green, blue, red] = [&luma, &cb, &cr].map(|plane| narrow(range.luma(plane.get(x))));
                    *pixel = [red, green, blue];
                }
            }
            Self::Matrix { range, red, green, blue } => {
                for (x, pixel) in out.iter_mut().enumerate() {
                    let y = range.luma(luma.get(x));
                    let (b, r) = (cb.get(x >> shift) - range.middle, cr.get(x >> shift) - range.middle);
                    *pixel =
                        [narrow(y + r * red), narrow(y + b * green.0 + r * green.1), narrow(y + b * blue)];
                }
            }
            Self::YCgCo { range, chroma } => {
                for (x, pixel) in out.iter_mut().enumerate() {
                    let y = range.luma(luma.get(x));
                    let cg = (cb.get(x >> shift) - range.middle) * chroma;
                    let co = (cr.get(x >> shift) - range.middle) * chroma;
                    *pixel = [narrow(y - cg + co), narrow(y + cg), narrow(y - cg - co)];
                }
            }
        }
    }
}

/// Scale of chroma, whose limited range spans 224 steps and whose values reach from -1/2 to 1/2.
fn chroma_scale(depth: u32, full: bool, factor: f64) -> i32 {
    let span = if full { (1 << depth) - 1 } else { 224 << (depth - 8) };
    (factor * 255.0 / f64::from(span) * f64::from(1 << BITS)).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(matrix: u16, full_range: bool, yuv: [u8; 3], expected: [u8; 3]) {
        let colour = Nclx { primaries: 1, transfer: 13, matrix, full_range };
        let planes = yuv.map(|sample| [sample]);
        let rows = [0, 1, 2].map(|plane: usize| Samples::Eight(&planes[plane]));
        let mut out = [[0; 3]];
        Conversion::new(colour, 8).unwrap().row(rows, 0, &mut out);
        assert_eq!(out, [expected], "matrix {matrix}");
    }

    #[test]
    fn known_colours_come_out() {
        check(6, true, [255, 128, 128], [255, 255, 255]);
        check(6, false, [235, 128, 128], [255, 255, 255]);
        check(6, false, [16, 128, 128], [0, 0, 0]);
        // Red by BT.601, limited: Y = 16 + 65.481, Cb = 128 - 37.797, Cr = 128 + 112.
        check(6, false, [81, 90, 240], [254, 0, 0]);
        // Red by BT.709, full: Y = 54, Cb = 99, Cr = 255.
        check(1, true, [54, 99, 255], [254, 0, 0]);
        check(0, true, [10, 20, 30], [30, 10, 20]);
    }

    #[test]
    fn matrices_that_are_not_linear_are_refused() {
        for matrix in [3, 10, 12, 13, 14, 255] {
            let colour = Nclx { primaries: 1, transfer: 13, matrix, full_range: true };
            assert!(Conversion::new(colour, 8).is_err(), "{matrix}");
        }
    }
}
