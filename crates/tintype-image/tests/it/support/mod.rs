//! Pictures made by the tests, fixtures found on disk, and plans put into effect.

pub(crate) mod boxes;
pub(crate) mod chunks;
pub(crate) mod samples;

use std::path::PathBuf;

use tintype_image::InspectOptions;
use tintype_types::{Fit, ImageLimits, Inspection, MediaType, Recipe, Refusal, Rendered, Span, SpanPlan};

/// Inspects with as much memory as is wanted.
pub(crate) fn inspect(data: &[u8], options: &InspectOptions) -> Result<Inspection, Refusal> {
    tintype_image::inspect(data, options, &mut |_| {})
}

/// Renders with as much memory as is wanted.
pub(crate) fn render(data: &[u8], recipe: &Recipe, limits: &ImageLimits) -> Result<Rendered, Refusal> {
    tintype_image::render(data, recipe, limits, &mut |_| {})
}

/// Inspects as a server does by default.
pub(crate) fn check(data: &[u8]) -> Result<Inspection, Refusal> {
    inspect(data, &options(false))
}

/// Options with every format accepted.
pub(crate) fn options(keep_metadata: bool) -> InspectOptions {
    InspectOptions { keep_metadata, accepted: MediaType::ALL.to_vec(), limits: ImageLimits::default() }
}

/// The published file.
pub(crate) fn apply_plan(data: &[u8], plan: &SpanPlan) -> Vec<u8> {
    assert_eq!(plan.validate(data.len() as u64), Ok(()));
    let mut out = Vec::new();
    for span in &plan.0 {
        match span {
            Span::Keep { offset, len } => {
                out.extend_from_slice(&data[*offset as usize..(*offset + *len) as usize]);
            }
            Span::New(bytes) => out.extend_from_slice(bytes),
            Span::Zero { len } => out.resize(out.len() + *len as usize, 0),
        }
    }
    assert_eq!(out.len() as u64, plan.len());
    out
}

/// The file as published without its metadata.
pub(crate) fn published(data: &[u8]) -> Vec<u8> {
    let found = check(data).expect("a good file");
    apply_plan(data, &found.plan)
}

/// Pixels as shown, 8 bits.
#[derive(Debug, PartialEq)]
pub(crate) struct Pixels {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) channels: usize,
    pub(crate) samples: Vec<u8>,
}

impl Pixels {
    pub(crate) fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
        let at = (y as usize * self.width as usize + x as usize) * self.channels;
        let pixel = &self.samples[at..at + self.channels];
        if self.channels < 3 { [pixel[0]; 3] } else { [pixel[0], pixel[1], pixel[2]] }
    }

    /// Mean difference of samples.
    pub(crate) fn difference(&self, other: &Self) -> f64 {
        assert_eq!((self.width, self.height), (other.width, other.height));
        let mut sum = 0;
        for y in 0..self.height {
            for x in 0..self.width {
                let pairs = self.rgb(x, y).into_iter().zip(other.rgb(x, y));
                sum += pairs.map(|(a, b)| u64::from(a.abs_diff(b))).sum::<u64>();
            }
        }
        sum as f64 / (f64::from(self.width) * f64::from(self.height) * 3.0)
    }
}

/// Decodes any accepted file: rendered as PNG at its own size, which loses nothing, and read back.
pub(crate) fn pixels(data: &[u8]) -> Pixels {
    let recipe = Recipe { width: None, height: None, fit: Fit::Contain, format: MediaType::Png };
    read_png(&render(data, &recipe, &ImageLimits::default()).expect("a good file").bytes)
}

/// Reads a PNG's default image with the png crate.
pub(crate) fn read_png(data: &[u8]) -> Pixels {
    let mut reader = png::Decoder::new(std::io::Cursor::new(data)).read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut samples).unwrap();
    assert_eq!(info.bit_depth, png::BitDepth::Eight);
    Pixels { width: info.width, height: info.height, channels: info.color_type.samples(), samples }
}

/// A folder or file of the shared fixtures. Missing ones skip the test by name, and fail it where `CI` is set.
pub(crate) fn fixture(test: &str, path: &str) -> Option<PathBuf> {
    let found = fixtures_root().join(path);
    if found.exists() {
        return Some(found);
    }
    missing(test, &format!("fixture {path}"));
    None
}

/// Says that a test is skipped for want of something; fails it where `CI` is set.
#[expect(clippy::disallowed_methods, reason = "tests read the environment that the crate must not")]
pub(crate) fn missing(test: &str, what: &str) {
    assert!(std::env::var_os("CI").is_none(), "{test} needs {what}");
    eprintln!("skipped: {test} ({what} is missing)");
}

#[expect(clippy::disallowed_methods, reason = "tests read the environment that the crate must not")]
fn fixtures_root() -> PathBuf {
    match std::env::var_os("TINTYPE_FIXTURES") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
    }
}

/// Every file below a folder, in a fixed order.
pub(crate) fn files(folder: &PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
