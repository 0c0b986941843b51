//! Texts that only this process can read: what a page gives a stranger to be handed back, and is not for strangers.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use tintype_app::App;

/// Seals texts with a key of this process.
pub(crate) struct Sealer(LessSafeKey);

impl Sealer {
    pub(crate) fn new(app: &App) -> Self {
        Self::with_key(app.random_bytes())
    }

    fn with_key(key: [u8; 32]) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key).expect("the key has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals a text, which counts for `purpose` alone. The answer can stand in a query.
    pub(crate) fn seal(&self, app: &App, purpose: &str, text: &str) -> String {
        self.seal_with(app.random_bytes(), purpose, text)
    }

    fn seal_with(&self, nonce: [u8; NONCE_LEN], purpose: &str, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        let aad = Aad::from(purpose.as_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes)
            .expect("no text has 256 GiB");
        BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &bytes].concat())
    }

    /// The text; `None` where this process did not seal it for `purpose`.
    pub(crate) fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = bytes.split_first_chunk_mut::<NONCE_LEN>()?;
        let aad = Aad::from(purpose.as_bytes());
        let text = self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, text).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_here_for_this_is_opened() {
        let sealer = Sealer::with_key([1; 32]);
        let sealed = sealer.seal_with([2; NONCE_LEN], "blog/", "blog/secret name.jpg");
        assert!(!BASE64_URL_SAFE_NO_PAD.decode(&sealed).unwrap().windows(6).any(|part| part == b"secret"));
        assert_eq!(sealer.open("blog/", &sealed).as_deref(), Some("blog/secret name.jpg"));
        assert_eq!(sealer.open("other/", &sealed), None);
        assert_eq!(Sealer::with_key([3; 32]).open("blog/", &sealed), None);
        for forged in ["", "x", "blog/a.jpg", &sealed[1..], &format!("{sealed}AAAA"), &"A".repeat(40)] {
            assert_eq!(sealer.open("blog/", forged), None, "{forged}");
        }
    }
}
