//! What exiftool finds in published files: nothing that was not needed to show them.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::support::{check, fixture, missing, pixels, published, samples};

/// Groups of tags that describe the file or the picture's coding, not where or by whom it was made.
const TECHNICAL: [&str; 16] = [
    "ExifTool",
    "File",
    "System",
    "JFIF",
    "PNG",
    "GIF",
    "RIFF",
    "Meta",
    "QuickTime",
    "ICC_Profile",
    "ICC-header",
    "ICC-view",
    "ICC-meas",
    "Composite",
    "Animation",
    "Adobe",
];
/// Tags of those groups that may nevertheless say something about people, and those of EXIF that must stay.
const FORBIDDEN: [&str; 6] =
    ["Comment", "Artist", "Copyright", "Author", "ImageDescription", "ThumbnailImage"];

/// exiftool reports these of a minimal EXIF block.
const ALLOWED_EXIF: [&str; 5] =
    ["Orientation", "ExifByteOrder", "XResolution", "YResolution", "ResolutionUnit"];

fn exiftool(arguments: &[&str], file: &Path) -> Option<Output> {
    Command::new("exiftool").args(arguments).arg(file).output().ok()
}

/// Writes metadata of every kind into the sample, publishes it, and looks at what is left.
fn check_sample(name: &str, data: &[u8], orientation: bool) {
    let folder = tempdir(name);
    let before = folder.join(format!("before-{name}"));
    std::fs::write(&before, data).unwrap();
    let mut arguments = vec![
        "-overwrite_original",
        "-m",
        "-GPSLatitude=48.8584",
        "-GPSLatitudeRef=N",
        "-EXIF:Make=Secret Camera",
        "-EXIF:SerialNumber=12345",
        "-EXIF:Artist=Somebody",
        "-XMP-dc:Creator=Somebody",
        "-XMP-dc:Description=secret",
        "-IPTC:City=Secret City",
        "-Comment=a secret comment",
    ];
    if orientation {
        arguments.push("-EXIF:Orientation#=6");
    }
    let Some(output) = exiftool(&arguments, &before) else {
        missing(name, "exiftool");
        return;
    };
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let written = std::fs::read(&before).unwrap();
    assert!(written.windows(8).any(|window| window == b"Somebody"), "{name}: exiftool wrote something");
    let found = check(&written).unwrap();
    assert_eq!(found.orientation, if orientation { 6 } else { 1 }, "{name}");
    let out = published(&written);
    assert_eq!(pixels(&written), pixels(&out), "{name}");
    let after = folder.join(format!("after-{name}"));
    std::fs::write(&after, &out).unwrap();
    let output = exiftool(&["-a", "-G1", "-s", "-u"], &after).unwrap();
    let tags = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && tags.contains("ImageSize"), "{name}: {tags}");
    for line in tags.lines() {
        let (group, rest) = line.strip_prefix('[').unwrap().split_once(']').unwrap();
        let tag = rest.split_whitespace().next().unwrap();
        let technical = TECHNICAL.contains(&group) && !FORBIDDEN.contains(&tag);
        let kept = group == "IFD0" && orientation && ALLOWED_EXIF.contains(&tag);
        assert!(technical || kept, "{name}: {line}\n{tags}");
    }
    if orientation && !name.ends_with("avif") {
        assert!(
            tags.lines().any(|line| line.starts_with("[IFD0]") && line.contains("Orientation")),
            "{name}: {tags}"
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}

fn tempdir(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("tintype-metadata-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn jpeg() {
    check_sample("upright.jpg", &samples::jpeg(false), false);
    check_sample("turned.jpg", &samples::jpeg(true), true);
}

#[test]
fn png() {
    check_sample("upright.png", &samples::png(), false);
    check_sample("turned.png", &samples::apng(2), true);
}

#[test]
fn gif() {
    check_sample("still.gif", &samples::gif(2), false);
}

#[test]
fn webp() {
    check_sample("upright.webp", &samples::webp(), false);
    check_sample("turned.webp", &samples::webp_animated(2), true);
}

#[test]
fn avif() {
    let Some(path) = fixture("avif", "formats/avif/fox.profile0.8bpc.yuv420.avif") else { return };
    check_sample("still.avif", &std::fs::read(path).unwrap(), false);
}
