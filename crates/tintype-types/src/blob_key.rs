//! Physical names of stored bytes.

use std::{fmt, str::FromStr};

use crate::hash::{ContentHash, from_hex, to_hex};

/// The physical name of one original: `<sha256>-<64 random bits>`, both in lower-case hex.
///
/// The random part makes every key new, even for bytes that were stored before: a key is never reused, so a deletion
/// that is still under way can never meet a newer upload of the same bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobKey {
    /// Hash of the stored bytes.
    pub hash: ContentHash,
    /// What tells this file from every other of the same bytes.
    pub nonce: [u8; 8],
}

impl BlobKey {
    /// The folder that fans the store out: the first two hex digits of the hash.
    pub fn fan_out(&self) -> String {
        to_hex(&self.hash.0[..1])
    }
}

/// The text is not a blob key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a blob key: 64 hex digits, a hyphen, 16 hex digits")]
pub struct InvalidBlobKey;

impl FromStr for BlobKey {
    type Err = InvalidBlobKey;

    fn from_str(text: &str) -> Result<Self, InvalidBlobKey> {
        let (hash, nonce) = text.split_once('-').ok_or(InvalidBlobKey)?;
        let hash = ContentHash(from_hex(hash).ok_or(InvalidBlobKey)?);
        let nonce = from_hex(nonce).ok_or(InvalidBlobKey)?;
        Ok(Self { hash, nonce })
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.hash, to_hex(&self.nonce))
    }
}

impl fmt::Debug for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_parses_back_and_nothing_else_does() {
        let key = BlobKey { hash: ContentHash([0xab; 32]), nonce: [1; 8] };
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!(key.fan_out(), "ab");
        for text in
            ["", "-", "ab-cd", &format!("{key}0"), &key.to_string().to_uppercase(), &format!("../{key}")]
        {
            assert_eq!(text.parse::<BlobKey>(), Err(InvalidBlobKey), "{text}");
        }
    }
}
