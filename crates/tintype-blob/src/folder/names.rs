//! Names inside the data folder. Nothing here is built from text that a user wrote.

use tintype_types::{BlobKey, ContentHash, ImageId, MediaType};

use crate::BlobError;

/// Files of direct uploads that are not published yet.
pub(crate) const INCOMING: &str = "incoming";
pub(crate) const ORIGINALS: &str = "originals";
pub(crate) const PUBLIC: &str = "public";
pub(crate) const QUARANTINE: &str = "quarantine";
pub(crate) const STAGING: &str = "staging";
pub(crate) const VARIANTS: &str = "variants";
/// Where variants are written before they get their name. Two base58 characters never spell it.
pub(crate) const VARIANT_STAGING: &str = "variants/staging";
pub(crate) const IDENTITY: &str = "store.json";

/// Longest recipe text that becomes a file name, so that with its epoch it fits into 255 bytes.
pub(crate) const RECIPE_LEN_MAX: usize = 200;

/// The fan-out folder of index `index`.
pub(crate) fn fan_out(index: u8) -> String {
    format!("{ORIGINALS}/{index:02x}")
}

/// The fan-out folder's index of a name, such as 171 of `ab`.
pub(crate) fn fan_out_index(name: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(name).ok()?;
    let index = u8::from_str_radix(text, 16).ok()?;
    (text == format!("{index:02x}")).then_some(index)
}

/// The file of a blob.
pub(crate) fn blob(key: BlobKey) -> String {
    format!("{ORIGINALS}/{}/{key}", key.fan_out())
}

/// The copy of an image that readers get.
pub(crate) fn public(image: ImageId, media_type: MediaType) -> String {
    format!("{PUBLIC}/{image}.{}", media_type.extension())
}

/// The file of a direct upload, named after the hash of its id.
pub(crate) fn incoming(id: ContentHash) -> String {
    format!("{INCOMING}/{id}")
}

/// The folder of an image's variants, and the folder that this lies in.
pub(crate) fn variants(image: ImageId) -> (String, String) {
    let id = image.as_str();
    let outer = format!("{VARIANTS}/{}", &id[..2]);
    (format!("{outer}/{id}"), outer)
}

/// The file of a variant.
///
/// # Errors
/// The text is not a recipe's canonical one.
pub(crate) fn variant(image: ImageId, recipe: &str, epoch: u32) -> Result<String, BlobError> {
    let spelled = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'=' | b',' | b'.' | b'-');
    if recipe.is_empty()
        || recipe.len() > RECIPE_LEN_MAX
        || recipe.starts_with('.')
        || !recipe.bytes().all(spelled)
    {
        let why = "a recipe's canonical text is 1 to 200 characters of a-z, 0-9, '=', ',', '.' and '-', no '.' first";
        return Err(BlobError::invalid(format!("naming the variant {recipe:?}"), why));
    }
    Ok(format!("{}/{recipe}.{epoch}", variants(image).0))
}

/// A day's folder in the quarantine.
///
/// # Errors
/// The text is not of the form `2026-01-31`.
pub(crate) fn quarantine_day(day: &str) -> Result<String, BlobError> {
    let shaped = day.len() == 10
        && day.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return Err(BlobError::invalid(
            format!("naming the quarantine of {day:?}"),
            "a day is written as 2026-01-31",
        ));
    }
    Ok(format!("{QUARANTINE}/{day}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> ImageId {
        "9f3kQ2mZ7xWb4TnRa".parse().unwrap()
    }

    #[test]
    fn a_variant_lies_under_its_image() {
        let path = variant(image(), "w=640,h=480,fit=cover.webp", 3).unwrap();
        assert_eq!(path, "variants/9f/9f3kQ2mZ7xWb4TnRa/w=640,h=480,fit=cover.webp.3");
    }

    #[test]
    fn no_other_text_becomes_a_name() {
        for recipe in ["", "..", ".x", "a/b", "../../x", "A", "w=1\0", "w=1 ", "ä", &"a".repeat(201)] {
            assert!(matches!(variant(image(), recipe, 0), Err(BlobError::Unavailable { .. })), "{recipe:?}");
        }
        for day in ["", "..", "2026-1-31", "2026-01-3/", "2026/01/31", "20260-1-31"] {
            assert!(matches!(quarantine_day(day), Err(BlobError::Unavailable { .. })), "{day:?}");
        }
        assert_eq!(quarantine_day("2026-01-31").unwrap(), "quarantine/2026-01-31");
    }

    #[test]
    fn fan_out_folders_are_told_from_others() {
        assert_eq!(fan_out_index(b"ab"), Some(0xab));
        assert_eq!(fan_out_index(b"00"), Some(0));
        for name in [b"AB".as_slice(), b"a", b"abc", b"+1", b"zz", b"", b"\xff\xff"] {
            assert_eq!(fan_out_index(name), None, "{name:?}");
        }
    }
}
