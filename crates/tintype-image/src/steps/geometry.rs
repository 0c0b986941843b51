//! From a recipe's box to sizes: what is cut out of the upright source, how large it becomes, on which canvas it lies.

use tintype_types::{Fit, Recipe};

/// The geometry of one variant, in pixels of the upright picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plan {
    /// What is taken from the source: left, top, width, height; fractions are resampled.
    pub crop: (f64, f64, f64, f64),
    /// What the cut becomes.
    pub size: (u32, u32),
    /// The canvas that it is centred on; equal to `size` but for pad.
    pub canvas: (u32, u32),
}

/// Resolves a recipe for a source of `width` × `height`. Nothing is upscaled:
///
/// - contain and scale-down leave a smaller source at its size;
/// - cover shrinks the box with its shape until the source fills it;
/// - fill shrinks the box with its shape until neither side is longer than the source's;
/// - pad lays a smaller source unscaled on the box.
///
/// A side that the recipe does not name follows from the other; without any the source's size is kept.
///
/// No side passes `side_max`, the longest that the variant's format can code.
pub(crate) fn plan(recipe: &Recipe, (width, height): (u32, u32), side_max: u32) -> Plan {
    let whole = (0.0, 0.0, f64::from(width), f64::from(height));
    let (w, h) = (f64::from(width), f64::from(height));
    let limited = |side: u32| f64::from(side.min(side_max));
    let (box_w, box_h) = (recipe.width.map(limited), recipe.height.map(limited));
    let inside = {
        let longest = f64::from(side_max);
        let scale = (box_w.unwrap_or(longest) / w).min(box_h.unwrap_or(longest) / h).min(1.0);
        (side(w * scale), side(h * scale))
    };
    match (recipe.fit, box_w, box_h) {
        (Fit::Cover, Some(box_w), Some(box_h)) => {
            let shrink = (w / box_w).min(h / box_h).min(1.0);
            let size = (side(box_w * shrink), side(box_h * shrink));
            // The largest part of the source that has the box's shape, from the middle.
            let scale = (w / box_w).min(h / box_h);
            let (cut_w, cut_h) = ((box_w * scale).min(w), (box_h * scale).min(h));
            Plan { crop: ((w - cut_w) / 2.0, (h - cut_h) / 2.0, cut_w, cut_h), size, canvas: size }
        }
        (Fit::Fill, Some(box_w), Some(box_h)) => {
            let shrink = (w / box_w).min(h / box_h).min(1.0);
            let size = (side(box_w * shrink), side(box_h * shrink));
            Plan { crop: whole, size, canvas: size }
        }
        (Fit::Pad, Some(box_w), Some(box_h)) => {
            Plan { crop: whole, size: inside, canvas: (side(box_w), side(box_h)) }
        }
        _ => Plan { crop: whole, size: inside, canvas: inside },
    }
}

/// Rounds a length to whole pixels; never to none.
fn side(length: f64) -> u32 {
    length.round().max(1.0) as u32
}

#[cfg(test)]
mod tests {
    use tintype_types::MediaType;

    use super::*;

    fn check(
        fit: Fit,
        asked: (Option<u32>, Option<u32>),
        source: (u32, u32),
        size: (u32, u32),
        canvas: (u32, u32),
    ) {
        let recipe = Recipe { width: asked.0, height: asked.1, fit, format: MediaType::Png };
        let plan = plan(&recipe, source, 16_383);
        assert_eq!((plan.size, plan.canvas), (size, canvas), "{fit:?} {asked:?} of {source:?}");
        let (x, y, w, h) = plan.crop;
        assert!(
            x >= 0.0 && y >= 0.0 && x + w <= f64::from(source.0) && y + h <= f64::from(source.1),
            "{plan:?}"
        );
    }

    #[test]
    fn every_fit_has_its_size() {
        for fit in [Fit::Contain, Fit::ScaleDown] {
            check(fit, (Some(100), Some(100)), (400, 200), (100, 50), (100, 50));
            check(fit, (Some(100), None), (400, 200), (100, 50), (100, 50));
            check(fit, (None, Some(100)), (400, 200), (200, 100), (200, 100));
            check(fit, (None, None), (400, 200), (400, 200), (400, 200));
            check(fit, (Some(800), Some(800)), (400, 200), (400, 200), (400, 200));
            check(fit, (Some(16), None), (10_000, 10), (16, 1), (16, 1));
        }
        check(Fit::Contain, (None, None), (32_766, 100), (16_383, 50), (16_383, 50));
        check(Fit::Cover, (Some(100), Some(100)), (400, 200), (100, 100), (100, 100));
        check(Fit::Cover, (Some(400), Some(400)), (400, 200), (200, 200), (200, 200));
        check(Fit::Cover, (Some(800), Some(400)), (100, 100), (100, 50), (100, 50));
        check(Fit::Fill, (Some(100), Some(100)), (400, 200), (100, 100), (100, 100));
        check(Fit::Fill, (Some(800), Some(800)), (400, 200), (200, 200), (200, 200));
        check(Fit::Pad, (Some(100), Some(100)), (400, 200), (100, 50), (100, 100));
        check(Fit::Pad, (Some(800), Some(800)), (400, 200), (400, 200), (800, 800));
    }

    #[test]
    fn cover_cuts_the_middle() {
        let recipe = Recipe { width: Some(100), height: Some(100), fit: Fit::Cover, format: MediaType::Png };
        assert_eq!(plan(&recipe, (400, 200), 16_383).crop, (100.0, 0.0, 200.0, 200.0));
        assert_eq!(plan(&recipe, (200, 400), 16_383).crop, (0.0, 100.0, 200.0, 200.0));
    }
}
