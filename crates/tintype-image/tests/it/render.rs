//! Variants: sizes, formats, colours, what becomes of alpha and animation.

use tintype_image::{Sniffed, sniff};
use tintype_types::{Fit, ImageLimits, MediaType, Recipe, Refusal, Rendered, refusal::LimitKind};

use crate::support::{check, fixture, pixels, read_png, render, samples};

fn recipe(ops: &str, format: MediaType) -> Recipe {
    Recipe::parse(ops, format.extension()).unwrap()
}

fn make(data: &[u8], ops: &str, format: MediaType) -> Rendered {
    render(data, &recipe(ops, format), &ImageLimits::default()).unwrap()
}

#[test]
fn every_source_becomes_every_format() {
    let sources = [
        samples::jpeg(false),
        samples::jpeg(true),
        samples::png(),
        samples::png_alpha(),
        samples::apng(2),
        samples::gif(2),
        samples::webp(),
        samples::webp_alpha(),
        samples::webp_animated(2),
    ];
    for source in &sources {
        for format in [MediaType::Jpeg, MediaType::Webp, MediaType::Png] {
            let rendered = make(source, "w=64", format);
            assert_eq!((rendered.width, rendered.height), (64, 48));
            assert_eq!(sniff(&rendered.bytes), Sniffed::Known(format));
            let found = check(&rendered.bytes).unwrap();
            assert_eq!((found.width, found.height), (64, 48));
            assert_eq!(found.frames, 1, "the first frame");
        }
    }
}

#[test]
fn variants_look_like_their_source() {
    let source = samples::png();
    let exact = pixels(&source);
    assert_eq!(exact.samples, samples::rgb(1), "a PNG at its own size is the source");
    for format in [MediaType::Jpeg, MediaType::Webp] {
        let recipe = Recipe { width: None, height: None, fit: Fit::Contain, format };
        let rendered = render(&source, &recipe, &ImageLimits::default()).unwrap();
        let difference = pixels(&rendered.bytes).difference(&exact);
        assert!(difference < 5.0, "{format}: {difference}");
    }
    let small = read_png(&make(&source, "w=16", MediaType::Png).bytes);
    // The picture's red grows to the right, its green downwards.
    assert!(small.rgb(15, 6)[0] > small.rgb(0, 6)[0] + 150);
    assert!(small.rgb(8, 11)[1] > small.rgb(8, 0)[1] + 150);
}

#[test]
fn fits_have_their_sizes_and_nothing_is_upscaled() {
    let source = samples::png();
    for (ops, size) in [
        ("w=64,h=64", (64, 48)),
        ("h=48,fit=contain", (64, 48)),
        ("w=64,h=64,fit=cover", (64, 64)),
        ("w=640,h=640,fit=cover", (120, 120)),
        ("w=64,h=64,fit=pad", (64, 64)),
        ("w=320,h=320,fit=pad", (320, 320)),
        ("w=64,h=64,fit=fill", (64, 64)),
        ("w=3840", (160, 120)),
    ] {
        let rendered = make(&source, ops, MediaType::Png);
        assert_eq!((rendered.width, rendered.height), size, "{ops}");
        let found = read_png(&rendered.bytes);
        assert_eq!((found.width, found.height), size, "{ops}");
    }
}

#[test]
fn alpha_is_kept_or_laid_on_white() {
    let source = samples::png_alpha();
    let png = read_png(&make(&source, "w=64", MediaType::Png).bytes);
    assert_eq!(png.channels, 4);
    assert_eq!((png.samples[3], png.samples[63 * 4 + 3]), (0, 255));
    let webp = pixels(&make(&source, "w=64", MediaType::Webp).bytes);
    assert_eq!((webp.channels, webp.samples[3], webp.samples[63 * 4 + 3]), (4, 0, 255));
    let jpeg = pixels(&make(&source, "w=64", MediaType::Jpeg).bytes);
    assert!(jpeg.rgb(0, 24).iter().all(|value| *value > 245), "{:?}", jpeg.rgb(0, 24));
    let padded = read_png(&make(&samples::png(), "w=64,h=64,fit=pad", MediaType::Png).bytes);
    assert_eq!((padded.channels, padded.samples[3]), (4, 0), "the border is transparent");
    let padded = pixels(&make(&samples::png(), "w=64,h=64,fit=pad", MediaType::Jpeg).bytes);
    assert!(padded.rgb(0, 0).iter().all(|value| *value > 245), "the border is white");
}

#[test]
fn gray_stays_gray() {
    let mut source = Vec::new();
    let mut encoder = png::Encoder::new(&mut source, 8, 8);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Sixteen);
    let samples: Vec<u8> = (0..64u16).flat_map(|value| (value << 10).to_be_bytes()).collect();
    encoder.write_header().unwrap().write_image_data(&samples).unwrap();
    let png = pixels(&source);
    assert_eq!(png.channels, 1);
    assert_eq!(png.samples[..3], [0, 4, 8], "16 bits become 8");
    let jpeg = make(&source, "w=16", MediaType::Jpeg);
    assert_eq!(pixels(&jpeg.bytes).channels, 1);
}

#[test]
fn cmyk_becomes_rgb() {
    // Adobe stores the inverse of the ink: much cyan and no other is (0, 255, 255, 255).
    let cmyk: Vec<u8> = (0..32 * 32).flat_map(|_| [255u8, 0, 0, 0]).collect();
    let mut source = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut source, 95);
    encoder.encode(&cmyk, 32, 32, jpeg_encoder::ColorType::Cmyk).unwrap();
    let found = pixels(&source);
    let [red, green, blue] = found.rgb(16, 16);
    assert!(red < 10 && green > 245 && blue > 245, "{red} {green} {blue}");
}

#[test]
fn wide_colours_become_srgb() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let mut source = Vec::new();
    let mut info = png::Info::with_size(2, 2);
    info.color_type = png::ColorType::Rgb;
    info.bit_depth = png::BitDepth::Eight;
    info.icc_profile = Some(profile.into());
    let encoder = png::Encoder::with_info(&mut source, info).unwrap();
    encoder.write_header().unwrap().write_image_data(&[200, 100, 50].repeat(4)).unwrap();
    let [red, green, blue] = pixels(&source).rgb(0, 0);
    // Display P3 (200, 100, 50) in sRGB, by the two colour spaces' matrices: (215, 93, 31).
    assert!(
        red.abs_diff(215) <= 1 && green.abs_diff(93) <= 1 && blue.abs_diff(31) <= 1,
        "{red} {green} {blue}"
    );
}

#[test]
fn canvases_stay_inside_the_limit() {
    let recipe = Recipe { width: Some(32_768), height: Some(32_768), fit: Fit::Pad, format: MediaType::Png };
    let refusal = render(&samples::png(), &recipe, &ImageLimits::default()).unwrap_err();
    assert!(matches!(refusal, Refusal::Limit { kind: LimitKind::DecodedBytes, .. }), "{refusal:?}");
}

#[test]
fn photographs_are_reduced_while_they_are_decoded_and_look_the_same() {
    let Some(path) = fixture("photographs", "photos/kodak-23.png") else { return };
    let photo = std::fs::read(path).unwrap();
    let reference = read_png(&make(&photo, "w=96", MediaType::Png).bytes);
    let recipe = Recipe { width: None, height: None, fit: Fit::Contain, format: MediaType::Jpeg };
    let jpeg = render(&photo, &recipe, &ImageLimits::default()).unwrap().bytes;
    let difference = read_png(&make(&jpeg, "w=96", MediaType::Png).bytes).difference(&reference);
    assert!(difference < 2.5, "{difference}");
    let webp = make(&photo, "w=768", MediaType::Webp).bytes;
    let difference = read_png(&make(&webp, "w=96", MediaType::Png).bytes).difference(&reference);
    assert!(difference < 3.5, "{difference}");
}

#[test]
fn extreme_pictures_have_placeholders_and_variants() {
    for (width, height) in [(1, 1), (1, 3_000), (3_000, 1), (101, 100)] {
        for alpha in [0, 255] {
            let mut source = Vec::new();
            let mut encoder = png::Encoder::new(&mut source, width, height);
            encoder.set_color(png::ColorType::Rgba);
            encoder.set_depth(png::BitDepth::Eight);
            let samples = [40, 80, 120, alpha].repeat((width * height) as usize);
            encoder.write_header().unwrap().write_image_data(&samples).unwrap();
            let found = check(&source).unwrap();
            assert!((5..=25).contains(&found.thumbhash.len()));
            assert_eq!(found.colour, if alpha == 0 { 0xff_ffff } else { 0x28_5078 });
            for format in [MediaType::Jpeg, MediaType::Webp, MediaType::Png] {
                make(&source, "w=16", format);
                make(&source, "w=16,h=16,fit=cover", format);
                make(&source, "w=16,h=16,fit=pad", format);
            }
        }
    }
}

#[test]
fn placeholders_agree_between_formats() {
    let colours = [samples::jpeg(false), samples::jpeg(true), samples::png(), samples::webp()]
        .map(|data| check(&data).unwrap())
        .map(|found| (found.thumbhash.len(), found.colour.to_be_bytes()));
    for (len, colour) in colours {
        assert!((5..=25).contains(&len));
        let [_, red, green, blue] = colour;
        // The middle of both gradients.
        assert!(red.abs_diff(116) < 4 && green.abs_diff(116) < 4 && blue.abs_diff(60) < 4, "{colour:?}");
    }
}
