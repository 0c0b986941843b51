//! Who may see an image.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Who may see an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody; may be listed and indexed.
    Public,
    /// Whoever has the link.
    #[default]
    Unlisted,
    /// Its owner alone.
    Private,
}

impl Visibility {
    /// The word used in the API and the catalogue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
            Self::Private => "private",
        }
    }
}

/// Not a visibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("visibility is one of public, unlisted, private")]
pub struct InvalidVisibility;

impl FromStr for Visibility {
    type Err = InvalidVisibility;

    fn from_str(text: &str) -> Result<Self, InvalidVisibility> {
        match text {
            "public" => Ok(Self::Public),
            "unlisted" => Ok(Self::Unlisted),
            "private" => Ok(Self::Private),
            _ => Err(InvalidVisibility),
        }
    }
}
