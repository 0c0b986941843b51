//! Every shared fixture through inspection: a verdict on each, and the verdict that its folder promises.

use tintype_types::{Fit, ImageLimits, MediaType, Recipe, Refusal};

use crate::support::{check, files, fixture, render};

/// What is accepted can be rendered; what is refused is refused again.
fn check_file(data: &[u8]) -> Result<(), Refusal> {
    let recipe = Recipe { width: Some(64), height: Some(64), fit: Fit::Cover, format: MediaType::Webp };
    let verdict = check(data).map(|_| ());
    let rendered = render(data, &recipe, &ImageLimits::default()).map(|_| ());
    if verdict.is_ok() {
        assert_eq!(rendered, verdict);
    }
    verdict
}

#[test]
fn pngsuite() {
    let Some(folder) = fixture("pngsuite", "pngsuite") else { return };
    for path in
        files(&folder).iter().filter(|path| path.extension().is_some_and(|extension| extension == "png"))
    {
        let corrupt = path.file_name().unwrap().as_encoded_bytes().starts_with(b"x");
        let verdict = check_file(&std::fs::read(path).unwrap());
        assert_eq!(verdict.is_err(), corrupt, "{}: {verdict:?}", path.display());
    }
}

#[test]
fn photos() {
    let Some(folder) = fixture("photos", "photos") else { return };
    for path in files(&folder) {
        assert_eq!(check_file(&std::fs::read(&path).unwrap()), Ok(()), "{}", path.display());
    }
}

#[test]
fn formats() {
    let Some(folder) = fixture("formats", "formats") else { return };
    for path in files(&folder) {
        let verdict = check_file(&std::fs::read(&path).unwrap());
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let name = path.file_name().unwrap().to_string_lossy();
        // Coded in ways that browsers do not show.
        let exotic = ["testimgari.jpg", "testorig12.jpg"].contains(&&*name);
        let taken_in = MediaType::from_extension(extension).is_some() && !exotic;
        assert_eq!(verdict.is_ok(), taken_in, "{}: {verdict:?}", path.display());
    }
}

#[test]
fn hostile() {
    let Some(folder) = fixture("hostile", "hostile") else { return };
    let mut accepted = 0;
    for path in files(&folder) {
        accepted += u32::from(check_file(&std::fs::read(&path).unwrap()).is_ok());
    }
    // A handful of the fuzzers' finds are whole pictures; most are not.
    assert!(accepted < 50, "{accepted} were accepted");
}
