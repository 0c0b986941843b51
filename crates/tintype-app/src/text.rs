//! Texts from strangers: how long they may be, and what is never stored.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tintype_types::{MediaType, Visibility, visibility::InvalidVisibility};
use unicode_normalization::UnicodeNormalization as _;

/// Most characters of a title.
pub const TITLE_MAX: usize = 200;
/// Most characters of a description.
pub const DESCRIPTION_MAX: usize = 5_000;
/// Most characters of an alternative text.
pub const ALT_MAX: usize = 1_000;
/// Most characters of a label.
pub const LABEL_MAX: usize = 100;
/// Most tags of an image.
pub const TAGS_MAX: usize = 20;
/// Most characters of a tag.
pub const TAG_MAX: usize = 50;
/// Most characters of a file name; longer ones are cut.
pub const FILE_NAME_MAX: usize = 255;
/// Longest life that may be asked for, in seconds (ten years).
pub const EXPIRES_IN_MAX: i64 = 10 * 366 * 86_400;

/// A field whose value is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct InvalidField {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong with it and what would be accepted.
    pub problem: String,
}

impl InvalidField {
    /// A field with what is wrong with it.
    pub fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}

/// Takes a text of at most `max` characters without control characters (line breaks are allowed where `lines`). An empty
/// text means none.
///
/// # Errors
/// [`InvalidField`] with the limit.
pub fn text(
    field: &'static str,
    value: &str,
    max: usize,
    lines: bool,
) -> Result<Option<String>, InvalidField> {
    let value = value.trim();
    let count = value.chars().count();
    if count > max {
        return Err(InvalidField::new(field, format!("has {count} characters; the limit is {max}")));
    }
    if value.chars().any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(InvalidField::new(field, "holds control characters; send plain text"));
    }
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

/// Takes comma-separated tags: at most [`TAGS_MAX`] of at most [`TAG_MAX`] characters, each kept once.
///
/// # Errors
/// [`InvalidField`] with the limit.
pub fn tags(value: &str) -> Result<Vec<String>, InvalidField> {
    let mut tags: Vec<String> = Vec::new();
    for word in value.split(',') {
        if let Some(tag) = text("tags", word, TAG_MAX, false)?
            && !tags.contains(&tag)
        {
            tags.push(tag);
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(InvalidField::new("tags", format!("has {} tags; the limit is {TAGS_MAX}", tags.len())));
    }
    Ok(tags)
}

/// Takes a visibility.
///
/// # Errors
/// [`InvalidField`] with the words that exist.
pub fn visibility(value: &str) -> Result<Visibility, InvalidField> {
    value.parse().map_err(|InvalidVisibility| {
        InvalidField::new("visibility", format!("is {value:?}; it takes public, unlisted or private"))
    })
}

/// Takes a life in whole seconds, or a number with `s`, `m`, `h`, `d` or `w` behind it, such as `7d`.
///
/// # Errors
/// [`InvalidField`] with what is accepted.
pub fn expires_in(value: &str) -> Result<i64, InvalidField> {
    let invalid = || {
        InvalidField::new(
            "expires_in",
            format!(
                "is {value:?}; it takes seconds (3600) or a number with s, m, h, d or w (7d), from 1 second to ten years"
            ),
        )
    };
    let split = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (digits, unit) = value.split_at(split);
    let unit_seconds = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err(invalid()),
    };
    let count: i64 = digits.parse().map_err(|_| invalid())?;
    let seconds = count.checked_mul(unit_seconds).ok_or_else(invalid)?;
    if (1..=EXPIRES_IN_MAX).contains(&seconds) { Ok(seconds) } else { Err(invalid()) }
}

/// Takes a yes or no.
///
/// # Errors
/// [`InvalidField`] with what is accepted.
pub fn flag(field: &'static str, value: &str) -> Result<bool, InvalidField> {
    match value {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(InvalidField::new(field, format!("is {value:?}; it takes true or false"))),
    }
}

/// Makes a file name harmless: the last part of a path, without control characters and marks that turn the direction of
/// text, at most [`FILE_NAME_MAX`] characters. `None` where nothing is left.
pub fn file_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String =
        last.chars().filter(|c| !c.is_control() && !is_direction_mark(*c)).take(FILE_NAME_MAX).collect();
    let clean = clean.trim();
    (!clean.is_empty() && clean.chars().any(|c| c != '.')).then(|| clean.to_owned())
}

/// The Unicode characters that reorder or hide text: embeddings, overrides, isolates, marks, the byte order mark.
const fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{061C}' | '\u{FEFF}')
}

/// Most bytes of a named path.
pub const PATH_MAX: usize = 512;

/// First parts of addresses that the program answers itself, now or in its dialects. No named path begins with one.
const RESERVED: [&str; 31] = [
    "a",
    "albums",
    "api",
    "app",
    "assets",
    "cdn-cgi",
    "d",
    "favicon.ico",
    "health",
    "i",
    "iiif",
    "images",
    "index.html",
    "login",
    "lsky",
    "metrics",
    "new",
    "oembed",
    "p",
    "picgo",
    "ready",
    "report",
    "robots.txt",
    "s",
    "settings",
    "share-target",
    "sw.js",
    "upload",
    "uploads",
    "v0",
    "version",
];

/// Whether addresses whose first part this is are answered by the program itself.
pub fn is_reserved(first: &str) -> bool {
    RESERVED.contains(&first.to_ascii_lowercase().as_str())
}

/// Takes a named path such as `blog/sunset.jpg` (a leading slash is dropped): parts of plain text, the last ending in an
/// image's extension, the first not one that the program answers itself. Accents are composed (NFC, UAX #15), because some
/// systems keep the dots of an ü apart, and nobody sees a difference.
///
/// # Errors
/// [`InvalidField`] with the rule that is broken.
pub fn named_path(value: &str) -> Result<String, InvalidField> {
    let path = composed(value.strip_prefix('/').unwrap_or(value));
    plain_parts(&path)?;
    let extension = path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    if extension.and_then(|extension| MediaType::from_extension(&extension)).is_none() {
        return Err(InvalidField::new(
            "path",
            "does not end in an image's extension: .jpg, .jpeg, .png, .gif, .webp or .avif",
        ));
    }
    Ok(path.into_owned())
}

/// Takes a folder of named paths such as `blog/2026/` (a leading slash is dropped, a slash at the end is added): parts as
/// those of paths. The root is the empty text.
///
/// # Errors
/// [`InvalidField`] with the rule that is broken.
pub fn named_folder(value: &str) -> Result<String, InvalidField> {
    let folder = value.strip_prefix('/').unwrap_or(value);
    if folder.is_empty() {
        return Ok(String::new());
    }
    let folder = composed(folder.strip_suffix('/').unwrap_or(folder));
    plain_parts(&folder)?;
    Ok(format!("{folder}/"))
}

/// Parts between slashes that links carry plainly, the first not one of the program's own.
fn plain_parts(path: &str) -> Result<(), InvalidField> {
    let invalid = |problem: String| InvalidField::new("path", problem);
    if path.is_empty() || path.len() > PATH_MAX {
        return Err(invalid(format!("has {} bytes; it takes 1 to {PATH_MAX}", path.len())));
    }
    for part in path.split('/') {
        if part.is_empty() || part == "." || part == ".." || part.trim() != part {
            return Err(invalid(format!(
                "has the part {part:?}; parts are not empty, not . or .., and do not begin or end in a space"
            )));
        }
        if part.chars().any(|c| c.is_control() || is_direction_mark(c) || matches!(c, '\\' | '?' | '#' | '%'))
        {
            return Err(invalid(
                "holds a character that links cannot carry plainly (control characters, \\ ? # %)".to_owned(),
            ));
        }
    }
    let first = path.split('/').next().unwrap_or_default();
    if is_reserved(first) || first.starts_with('.') {
        return Err(invalid(format!(
            "begins with {first:?}, which the program answers itself; choose another folder"
        )));
    }
    Ok(())
}

fn composed(path: &str) -> Cow<'_, str> {
    if path.is_ascii() { path.into() } else { path.nfc().collect::<String>().into() }
}

/// What a path segment may hold plainly (RFC 3986, unreserved), and the slash between segments.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A named path as it stands in addresses: with a slash before it, percent-encoded.
pub fn address_of_path(path: &str) -> String {
    format!("/{}", utf8_percent_encode(path, PATH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_become_harmless() {
        for (name, clean) in [
            ("sunset.jpg", Some("sunset.jpg")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\temp\\a.png", Some("a.png")),
            ("a\0b\nc.png", Some("abc.png")),
            ("\u{202E}gpj.exe", Some("gpj.exe")),
            ("<img src=x onerror=alert(1)>.png", Some("<img src=x onerror=alert(1)>.png")),
            ("..", None),
            ("", None),
            ("dir/", None),
        ] {
            assert_eq!(file_name(name).as_deref(), clean, "{name:?}");
        }
        assert_eq!(file_name(&"x".repeat(300)).map(|name| name.len()), Some(FILE_NAME_MAX));
    }

    #[test]
    fn named_paths_are_plain() {
        for path in ["blog/sunset.jpg", "/a1/b c/ü.PNG", "x.webp"] {
            assert!(named_path(path).is_ok(), "{path}");
        }
        for path in [
            "",
            "/",
            "i/x.jpg",
            "API/x.jpg",
            ".well-known/x.jpg",
            "a/../b.jpg",
            "a//b.jpg",
            "a/b.txt",
            "a/b",
            "a/%2e.jpg",
            "a/\u{0}.jpg",
            "a\\b.jpg",
            " a/b.jpg",
            "images/x.png",
            "assets/x.png",
        ] {
            assert!(named_path(path).is_err(), "{path}");
        }
        assert!(named_path(&format!("{}.jpg", "x".repeat(PATH_MAX))).is_err());
    }

    #[test]
    fn folders_are_as_plain_as_paths() {
        for (value, folder) in
            [("", ""), ("/", ""), ("blog", "blog/"), ("/a b/ü/", "a b/ü/"), ("x.jpg/", "x.jpg/")]
        {
            assert_eq!(named_folder(value).as_deref(), Ok(folder), "{value}");
        }
        for value in ["//", "a//", "i/", "API", ".well-known/", "a/../", "a/./b", "a\u{0}/", "a%2f/"] {
            assert!(named_folder(value).is_err(), "{value}");
        }
    }

    #[test]
    fn lives_have_units_and_bounds() {
        for (value, seconds) in [
            ("60", Some(60)),
            ("7d", Some(604_800)),
            ("2h", Some(7_200)),
            ("0", None),
            ("-1", None),
            ("1y", None),
            ("99999w", None),
            ("", None),
        ] {
            assert_eq!(expires_in(value).ok(), seconds, "{value}");
        }
    }

    #[test]
    fn texts_have_limits() {
        assert_eq!(text("title", "  a  ", 5, false), Ok(Some("a".to_owned())));
        assert_eq!(text("title", " ", 5, false), Ok(None));
        assert!(text("title", "abcdef", 5, false).is_err());
        assert!(text("title", "a\nb", 5, false).is_err());
        assert!(text("description", "a\nb", 5, true).is_ok());
        assert_eq!(tags("a, b,a,,"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert!(tags(&(0..21).map(|n| n.to_string()).collect::<Vec<_>>().join(",")).is_err());
    }
}
