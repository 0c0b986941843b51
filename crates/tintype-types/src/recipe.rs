//! Recipes of variants: the words of an address turned into what a worker renders, snapped to a finite ladder.

use std::fmt::Write as _;

use crate::MediaType;

/// The sides that variants are made in, so that strangers cannot make the server compute without end.
pub const LADDER: [u32; 27] = [
    16, 32, 48, 64, 96, 128, 160, 256, 320, 384, 480, 640, 750, 768, 828, 960, 1024, 1080, 1200, 1280, 1536,
    1668, 1920, 2048, 2560, 3200, 3840,
];

/// Largest side that an address may name, before it is snapped.
pub const SIDE_MAX: u32 = 32_768;

/// How a picture is fitted into the asked-for box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fit {
    /// As large as fits into the box, whole.
    Contain,
    /// Fills the box, cropped around the centre.
    Cover,
    /// Like contain; the name that says nothing is upscaled.
    #[default]
    ScaleDown,
    /// Like contain, on a canvas of the box's size: transparent, or white in JPEG.
    Pad,
    /// Stretched to the box.
    Fill,
}

impl Fit {
    /// Every fit.
    pub const ALL: [Self; 5] = [Self::Contain, Self::Cover, Self::ScaleDown, Self::Pad, Self::Fill];

    /// The word used in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contain => "contain",
            Self::Cover => "cover",
            Self::ScaleDown => "scale-down",
            Self::Pad => "pad",
            Self::Fill => "fill",
        }
    }
}

/// What a variant is rendered as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// Width of the box in pixels; a side of the ladder where it came from an address.
    pub width: Option<u32>,
    /// Height of the box in pixels.
    pub height: Option<u32>,
    /// How the picture is fitted into the box.
    pub fit: Fit,
    /// The format to encode: [`MediaType::Jpeg`], [`MediaType::Webp`] or [`MediaType::Png`].
    pub format: MediaType,
}

/// Why an address names no variant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecipe {
    /// An op that does not exist.
    #[error(
        "there is no op {0:?}; the ops are w, h (1 to {SIDE_MAX}) and fit (contain, cover, scale-down, pad, fill)"
    )]
    UnknownOp(String),
    /// The same op twice.
    #[error("the op {0:?} stands twice; each may stand once")]
    DuplicateOp(String),
    /// A value that the op does not take.
    #[error("{op}={value} is not valid; {accepted}")]
    InvalidValue {
        /// The op.
        op: &'static str,
        /// What the address says.
        value: String,
        /// What would be accepted.
        accepted: &'static str,
    },
    /// A fit that needs both sides has one.
    #[error("fit={0} needs both w and h")]
    NeedsBothSides(&'static str),
    /// An extension that variants are not made in.
    #[error("variants are made as .jpg, .webp and .png, not .{0}")]
    UnknownFormat(String),
}

/// The smallest side of the ladder that is at least `side`; above the top, the top.
pub fn snap(side: u32) -> u32 {
    LADDER.into_iter().find(|step| *step >= side).unwrap_or(LADDER[LADDER.len() - 1])
}

impl Recipe {
    /// Reads `ops` (such as `w=640,h=480,fit=cover`) and an extension, and snaps the sides to the ladder.
    ///
    /// # Errors
    /// [`InvalidRecipe`] with what would be accepted.
    pub fn parse(ops: &str, extension: &str) -> Result<Self, InvalidRecipe> {
        let Some(format @ (MediaType::Jpeg | MediaType::Webp | MediaType::Png)) =
            MediaType::from_extension(extension)
        else {
            return Err(InvalidRecipe::UnknownFormat(extension.to_owned()));
        };
        let (mut width, mut height, mut fit) = (None, None, None);
        for op in ops.split(',') {
            let (name, value) = op.split_once('=').unwrap_or((op, ""));
            match name {
                "w" => once("w", &mut width, parse_side("w", value)?)?,
                "h" => once("h", &mut height, parse_side("h", value)?)?,
                "fit" => once("fit", &mut fit, parse_fit(value)?)?,
                _ => return Err(InvalidRecipe::UnknownOp(name.to_owned())),
            }
        }
        let fit = fit.unwrap_or_default();
        if matches!(fit, Fit::Cover | Fit::Pad | Fit::Fill) && (width.is_none() || height.is_none()) {
            return Err(InvalidRecipe::NeedsBothSides(fit.as_str()));
        }
        Ok(Self { width, height, fit, format }.snapped())
    }

    /// Snaps the sides up to the ladder.
    ///
    /// Contain and scale-down snap each side. Cover, pad and fill scale both sides by the factor that lifts the longer
    /// one to the ladder, so that the box keeps its shape.
    #[must_use]
    fn snapped(self) -> Self {
        match (self.fit, self.width, self.height) {
            (Fit::Cover | Fit::Pad | Fit::Fill, Some(width), Some(height)) => {
                let longer = width.max(height);
                let scale = |side: u32| {
                    let scaled = (u64::from(side) * u64::from(snap(longer)) + u64::from(longer) / 2)
                        / u64::from(longer);
                    u32::try_from(scaled.max(1)).unwrap_or(SIDE_MAX)
                };
                Self { width: Some(scale(width)), height: Some(scale(height)), ..self }
            }
            _ => Self { width: self.width.map(snap), height: self.height.map(snap), ..self },
        }
    }

    /// The one spelling of this recipe, such as `w=640,h=480,fit=cover.webp`: the name of the variant in every cache.
    pub fn canonical(&self) -> String {
        let mut text = String::with_capacity(40);
        if let Some(width) = self.width {
            let _ = write!(text, "w={width},");
        }
        if let Some(height) = self.height {
            let _ = write!(text, "h={height},");
        }
        let _ = write!(text, "fit={}.{}", self.fit.as_str(), self.format.extension());
        text
    }

    /// The spellings of this recipe that links have: the canonical one, the one without the fit that is meant where none is
    /// said, and those with `jpeg` for `jpg`. There are others without number: a side below the ladder's, another order.
    pub fn spellings(&self) -> Vec<String> {
        let canonical = self.canonical();
        let default = format!(",fit={}.", Fit::default().as_str());
        let short = (self.fit == Fit::default()).then(|| canonical.replace(&default, "."));
        let mut spellings: Vec<String> = short.into_iter().chain([canonical]).collect();
        if self.format == MediaType::Jpeg {
            let long = spellings.iter().map(|text| text.replace(".jpg", ".jpeg")).collect::<Vec<_>>();
            spellings.extend(long);
        }
        spellings
    }
}

fn once<T>(name: &'static str, place: &mut Option<T>, value: T) -> Result<(), InvalidRecipe> {
    match place.replace(value) {
        Some(_) => Err(InvalidRecipe::DuplicateOp(name.to_owned())),
        None => Ok(()),
    }
}

fn parse_side(op: &'static str, value: &str) -> Result<u32, InvalidRecipe> {
    let digits = !value.is_empty() && value.len() <= 5 && value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse() {
        Ok(side @ 1..=SIDE_MAX) if digits => Ok(side),
        _ => Err(InvalidRecipe::InvalidValue {
            op,
            value: value.to_owned(),
            accepted: "it takes 1 to 32768 pixels",
        }),
    }
}

fn parse_fit(value: &str) -> Result<Fit, InvalidRecipe> {
    Fit::ALL.into_iter().find(|fit| fit.as_str() == value).ok_or_else(|| InvalidRecipe::InvalidValue {
        op: "fit",
        value: value.to_owned(),
        accepted: "it takes contain, cover, scale-down, pad or fill",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ops: &str, canonical: &str) {
        assert_eq!(
            Recipe::parse(ops, "webp").map(|recipe| recipe.canonical()),
            Ok(canonical.to_owned()),
            "{ops}"
        );
    }

    #[test]
    fn sides_snap_up_to_the_ladder() {
        check("w=320,h=320,fit=scale-down", "w=320,h=320,fit=scale-down.webp");
        check("h=100", "h=128,fit=scale-down.webp");
        check("w=99999,h=1".replace("99999", "32768").as_str(), "w=3840,h=16,fit=scale-down.webp");
        check("fit=contain,w=300", "w=320,fit=contain.webp");
        check("w=300,h=150,fit=cover", "w=320,h=160,fit=cover.webp");
        check("w=1,h=1000,fit=fill", "w=1,h=1024,fit=fill.webp");
        check("fit=contain", "fit=contain.webp");
    }

    #[test]
    fn a_canonical_text_parses_to_itself() {
        for ops in ["w=300,h=150,fit=cover", "h=77", "w=640,fit=contain"] {
            let recipe = Recipe::parse(ops, "png").unwrap();
            let text = recipe.canonical();
            let (ops, extension) = text.rsplit_once('.').unwrap();
            assert_eq!(Recipe::parse(ops, extension), Ok(recipe));
        }
    }

    #[test]
    fn links_have_few_spellings() {
        let of = |ops: &str, extension: &str| Recipe::parse(ops, extension).unwrap().spellings();
        assert_eq!(of("w=630", "webp"), ["w=640.webp", "w=640,fit=scale-down.webp"]);
        let cover = ["w=32,h=32,fit=cover.jpg", "w=32,h=32,fit=cover.jpeg"];
        assert_eq!(of("h=32,w=32,fit=cover", "jpeg"), cover);
        for spelling in of("h=77", "jpg") {
            let (ops, extension) = spelling.rsplit_once('.').unwrap();
            assert_eq!(Recipe::parse(ops, extension), Recipe::parse("h=77", "jpg"), "{spelling}");
        }
    }

    #[test]
    fn what_does_not_exist_is_refused_with_what_does() {
        for (ops, extension, words) in [
            ("w=0", "webp", "1 to 32768"),
            ("w=-1", "webp", "1 to 32768"),
            ("w=+5", "webp", "1 to 32768"),
            ("w=1,w=2", "webp", "twice"),
            ("q=80", "webp", "the ops are w, h"),
            ("", "webp", "the ops are w, h"),
            ("fit=squeeze", "webp", "contain, cover"),
            ("w=10,fit=cover", "webp", "both w and h"),
            ("w=10", "avif", ".jpg, .webp and .png"),
            ("w=10", "exe", ".jpg, .webp and .png"),
        ] {
            let error = Recipe::parse(ops, extension).unwrap_err().to_string();
            assert!(error.contains(words), "{ops}.{extension}: {error}");
        }
    }
}
