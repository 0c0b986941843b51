//! Secrets that act for somebody: owner keys, delete tokens, API tokens, the ids of direct uploads. Only their hashes are stored, and none prints itself.

use std::fmt;

use crate::base58;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The secret itself, to hand to its holder once, or to hash.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

secret! {
    /// What makes a browser the owner of what it uploaded: 44 characters of base58, 257 random bits.
    OwnerKey
}
secret! {
    /// What deletes one image, owner or not: 22 characters of base58, 128.8 random bits.
    DeleteToken
}
secret! {
    /// An API token: `tint_`, 30 characters of base58 (175 random bits), `_`, and the CRC-32 of the random part as 8 hex
    /// digits, so that secret scanners can tell a token from text that looks like one.
    ApiToken
}

secret! {
    /// What names a direct upload and is the right to send and publish its file: 22 characters of base58, 128.8 random
    /// bits.
    UploadId
}

const OWNER_KEY_LEN: usize = 44;
const DELETE_TOKEN_LEN: usize = 22;
const UPLOAD_ID_LEN: usize = 22;
const API_TOKEN_LEN: usize = 30;
const API_TOKEN_PREFIX: &str = "tint_";

fn random_text(len: usize, random: impl FnMut() -> u8) -> String {
    let mut text = vec![0; len];
    base58::fill(&mut text, random);
    String::from_utf8(text).expect("base58 is ASCII")
}

fn is_random_text(text: &str, len: usize) -> bool {
    text.len() == len && base58::is_base58(text.as_bytes())
}

impl OwnerKey {
    /// Makes a key of random bytes.
    pub fn generate(random: impl FnMut() -> u8) -> Self {
        Self(random_text(OWNER_KEY_LEN, random))
    }

    /// Takes a text that has a key's shape.
    pub fn parse(text: &str) -> Option<Self> {
        is_random_text(text, OWNER_KEY_LEN).then(|| Self(text.to_owned()))
    }
}

impl DeleteToken {
    /// Makes a token of random bytes.
    pub fn generate(random: impl FnMut() -> u8) -> Self {
        Self(random_text(DELETE_TOKEN_LEN, random))
    }

    /// Takes a text that has a token's shape.
    pub fn parse(text: &str) -> Option<Self> {
        is_random_text(text, DELETE_TOKEN_LEN).then(|| Self(text.to_owned()))
    }
}

impl UploadId {
    /// Makes an id of random bytes.
    pub fn generate(random: impl FnMut() -> u8) -> Self {
        Self(random_text(UPLOAD_ID_LEN, random))
    }

    /// Takes a text that has an id's shape.
    pub fn parse(text: &str) -> Option<Self> {
        is_random_text(text, UPLOAD_ID_LEN).then(|| Self(text.to_owned()))
    }
}

impl ApiToken {
    /// Makes a token of random bytes.
    pub fn generate(random: impl FnMut() -> u8) -> Self {
        let body = random_text(API_TOKEN_LEN, random);
        let sum = crc32fast::hash(body.as_bytes());
        Self(format!("{API_TOKEN_PREFIX}{body}_{sum:08x}"))
    }

    /// Takes a text that has a token's shape and whose checksum fits.
    pub fn parse(text: &str) -> Option<Self> {
        let (body, sum) = text.strip_prefix(API_TOKEN_PREFIX)?.split_once('_')?;
        let fits =
            is_random_text(body, API_TOKEN_LEN) && sum == format!("{:08x}", crc32fast::hash(body.as_bytes()));
        fits.then(|| Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes() -> impl FnMut() -> u8 {
        let mut next = 3u8;
        move || {
            next = next.wrapping_mul(5).wrapping_add(1);
            next
        }
    }

    #[test]
    fn secrets_parse_back_and_never_print() {
        let token = ApiToken::generate(bytes());
        assert_eq!(ApiToken::parse(token.expose()), Some(token.clone()));
        assert_eq!(format!("{token:?}"), "ApiToken(…)");
        let wrong = token.expose().replace("tint_", "tint_1");
        assert_eq!(ApiToken::parse(&wrong), None);
        let key = OwnerKey::generate(bytes());
        assert_eq!(OwnerKey::parse(key.expose()), Some(key));
        assert_eq!(OwnerKey::parse("short"), None);
        let delete = DeleteToken::generate(bytes());
        assert_eq!(DeleteToken::parse(delete.expose()), Some(delete));
        let upload = UploadId::generate(bytes());
        assert_eq!(UploadId::parse(upload.expose()), Some(upload));
        assert_eq!(UploadId::parse("../../etc/passwd"), None);
    }
}
