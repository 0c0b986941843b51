//! Turning a picture upright by its EXIF orientation (EXIF 3.0, tag 274).

use super::Bitmap;

/// Turns the picture; 1 leaves it as it is.
pub(crate) fn orient(bitmap: Bitmap, orientation: u8) -> Bitmap {
    if !(2..=8).contains(&orientation) {
        return bitmap;
    }
    match bitmap.layout.channels() {
        1 => turn::<1>(&bitmap, orientation),
        3 => turn::<3>(&bitmap, orientation),
        _ => turn::<4>(&bitmap, orientation),
    }
}

/// Whether the orientation exchanges width and height.
pub(crate) fn swaps_sides(orientation: u8) -> bool {
    orientation >= 5
}

fn turn<const N: usize>(bitmap: &Bitmap, orientation: u8) -> Bitmap {
    let (width, height) = (bitmap.width as usize, bitmap.height as usize);
    let source = bitmap.pixels.as_chunks::<N>().0;
    let (new_width, new_height) = if swaps_sides(orientation) { (height, width) } else { (width, height) };
    let mut target = Vec::with_capacity(source.len() * N);
    for y in 0..new_height {
        for x in 0..new_width {
            let (column, row) = match orientation {
                2 => (width - 1 - x, y),
                3 => (width - 1 - x, height - 1 - y),
                4 => (x, height - 1 - y),
                5 => (y, x),
                6 => (y, height - 1 - x),
                7 => (width - 1 - y, height - 1 - x),
                _ => (width - 1 - y, x),
            };
            target.extend_from_slice(&source[row * width + column]);
        }
    }
    Bitmap { width: new_width as u32, height: new_height as u32, layout: bitmap.layout, pixels: target }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Layout;

    fn check(orientation: u8, width: u32, expected: &[u8]) {
        // 1 2 3
        // 4 5 6
        let bitmap = Bitmap { width: 3, height: 2, layout: Layout::Gray, pixels: vec![1, 2, 3, 4, 5, 6] };
        let turned = orient(bitmap, orientation);
        assert_eq!((turned.width, &turned.pixels[..]), (width, expected), "{orientation}");
    }

    #[test]
    fn each_orientation_turns_as_exif_says() {
        check(1, 3, &[1, 2, 3, 4, 5, 6]);
        check(2, 3, &[3, 2, 1, 6, 5, 4]);
        check(3, 3, &[6, 5, 4, 3, 2, 1]);
        check(4, 3, &[4, 5, 6, 1, 2, 3]);
        check(5, 2, &[1, 4, 2, 5, 3, 6]);
        check(6, 2, &[4, 1, 5, 2, 6, 3]);
        check(7, 2, &[6, 3, 5, 2, 4, 1]);
        check(8, 2, &[3, 6, 2, 5, 1, 4]);
    }
}
