//! All eight orientations of a picture look the same upright.

use tintype_types::{ImageLimits, Recipe};

use crate::support::{check, fixture, read_png, render};

fn check_kind(kind: &str, width: u32, height: u32) {
    let Some(folder) = fixture("orientation", "orientation") else { return };
    let mut upright = None;
    for orientation in 1..=8u8 {
        let data = std::fs::read(folder.join(format!("{kind}-{orientation}.jpg"))).unwrap();
        let found = check(&data).unwrap();
        assert_eq!(found.orientation, orientation);
        assert_eq!((found.width, found.height), (width, height), "{kind} {orientation} as shown");
        for ops in ["w=96", "w=96,h=96,fit=cover", "w=64,h=128,fit=pad"] {
            let recipe = Recipe::parse(ops, "png").unwrap();
            let rendered = render(&data, &recipe, &ImageLimits::default()).unwrap();
            let pixels = read_png(&rendered.bytes);
            assert_eq!((pixels.width, pixels.height), (rendered.width, rendered.height));
            if ops == "w=96" {
                let first = upright.get_or_insert_with(|| read_png(&rendered.bytes));
                let difference = first.difference(&pixels);
                assert!(difference < 8.0, "{kind} {orientation} differs by {difference}");
            }
        }
    }
}

#[test]
fn landscape() {
    check_kind("landscape", 1800, 1200);
}

#[test]
fn portrait() {
    check_kind("portrait", 1200, 1800);
}
