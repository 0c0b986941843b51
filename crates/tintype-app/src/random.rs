//! Randomness from the operating system, a buffer at a time.

use std::sync::{Mutex, PoisonError};

use tintype_types::{
    ImageId,
    secret::{ApiToken, DeleteToken, OwnerKey, UploadId},
};

const BUFFER: usize = 512;

/// The source of ids, secrets and nonces.
pub(crate) struct Random {
    buffer: Mutex<(usize, [u8; BUFFER])>,
}

impl Default for Random {
    fn default() -> Self {
        Self { buffer: Mutex::new((BUFFER, [0; BUFFER])) }
    }
}

impl Random {
    fn with<T>(&self, make: impl FnOnce(&mut dyn FnMut() -> u8) -> T) -> T {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, bytes) = &mut *buffer;
        make(&mut || {
            if *at == BUFFER {
                getrandom::fill(bytes).expect("the operating system gives random bytes");
                *at = 0;
            }
            let byte = bytes[*at];
            // A byte that became part of a secret does not stay in memory.
            bytes[*at] = 0;
            *at += 1;
            byte
        })
    }

    pub(crate) fn image_id(&self) -> ImageId {
        self.with(|random| ImageId::generate(random))
    }

    pub(crate) fn delete_token(&self) -> DeleteToken {
        self.with(|random| DeleteToken::generate(random))
    }

    pub(crate) fn owner_key(&self) -> OwnerKey {
        self.with(|random| OwnerKey::generate(random))
    }

    pub(crate) fn api_token(&self) -> ApiToken {
        self.with(|random| ApiToken::generate(random))
    }

    pub(crate) fn upload_id(&self) -> UploadId {
        self.with(|random| UploadId::generate(random))
    }

    pub(crate) fn nonce(&self) -> [u8; 8] {
        self.with(|random| std::array::from_fn(|_| random()))
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        self.with(|random| std::array::from_fn(|_| random()))
    }

    pub(crate) fn request_id(&self) -> String {
        self.image_id().as_str()[..12].to_owned()
    }
}
