//! Ids of images.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::base58;

/// Length of an image id in characters.
pub const IMAGE_ID_LEN: usize = 17;

/// An image's public, unguessable name: 17 characters of base58, log2(58^17) = 99.6 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageId([u8; IMAGE_ID_LEN]);

impl ImageId {
    /// Makes an id of random bytes.
    pub fn generate(random: impl FnMut() -> u8) -> Self {
        let mut text = [0; IMAGE_ID_LEN];
        base58::fill(&mut text, random);
        Self(text)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("base58 is ASCII")
    }
}

/// The text is not an image id: it must be exactly 17 characters of base58.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an image id: an id is 17 characters of base58 (letters and digits without 0, O, I and l)")]
pub struct InvalidImageId;

impl FromStr for ImageId {
    type Err = InvalidImageId;

    fn from_str(text: &str) -> Result<Self, InvalidImageId> {
        let bytes: [u8; IMAGE_ID_LEN] = text.as_bytes().try_into().map_err(|_| InvalidImageId)?;
        if base58::is_base58(&bytes) { Ok(Self(bytes)) } else { Err(InvalidImageId) }
    }
}

impl TryFrom<String> for ImageId {
    type Error = InvalidImageId;

    fn try_from(text: String) -> Result<Self, InvalidImageId> {
        text.parse()
    }
}

impl From<ImageId> for String {
    fn from(id: ImageId) -> String {
        id.as_str().to_owned()
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter() -> impl FnMut() -> u8 {
        let mut next = 0u8;
        move || {
            next = next.wrapping_add(37);
            next
        }
    }

    #[test]
    fn a_generated_id_parses_back() {
        let id = ImageId::generate(counter());
        assert_eq!(id.as_str().parse(), Ok(id));
        assert_eq!(id.as_str().len(), IMAGE_ID_LEN);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "9f3kQ2mZ7xWb4TnR",
            "9f3kQ2mZ7xWb4TnRab",
            "0f3kQ2mZ7xWb4TnRa",
            "../../etc/passwd1",
            "9f3kQ2mZ7xWb4Tn.a",
        ] {
            assert_eq!(text.parse::<ImageId>(), Err(InvalidImageId), "{text}");
        }
    }
}
