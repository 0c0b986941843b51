//! Who is asking.

use sha2::{Digest, Sha256};
use tintype_types::{
    Scopes,
    secret::{ApiToken, OwnerKey},
};

use crate::{App, OwnerId, Trouble};

/// What a request shows to say who it comes from. A Bearer token wins over a cookie.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Nothing, or a cookie on a request from another site.
    Nothing,
    /// A browser's owner key, on a request from this site.
    Browser(OwnerKey),
    /// An API token.
    Token(ApiToken),
    /// Something in the token's place that cannot be a token.
    Malformed,
}

/// Who is asking, as far as the catalogue knows them.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Nobody in particular.
    Nobody,
    /// A browser with a key; it has an owner once it has uploaded something.
    Browser {
        /// Hash of its key.
        key_hash: [u8; 32],
        /// The owner, if there is one yet.
        owner: Option<OwnerId>,
    },
    /// The holder of a token.
    Token {
        /// The owner that the token acts for.
        owner: OwnerId,
        /// What it may do.
        scopes: Scopes,
    },
}

impl Actor {
    /// The owner that the actor acts for.
    pub fn owner(&self) -> Option<OwnerId> {
        match self {
            Self::Nobody => None,
            Self::Browser { owner, .. } => *owner,
            Self::Token { owner, .. } => Some(*owner),
        }
    }
}

/// The credential does not stand for anybody.
#[derive(Debug, thiserror::Error)]
pub enum IdentifyError {
    /// No such token.
    #[error("the token is not known")]
    UnknownToken,
    /// The token was revoked.
    #[error("the token was revoked")]
    RevokedToken,
    /// The token's time is over.
    #[error("the token has expired")]
    ExpiredToken,
    /// The server's own trouble.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

pub(crate) fn hash_secret(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// A token's use is written down at most this often.
const TOUCH_AFTER_MILLIS: i64 = 60_000;

impl App {
    /// Makes a key for a browser that has none. Nothing is stored until it uploads.
    pub fn new_owner_key(&self) -> OwnerKey {
        self.random.owner_key()
    }

    /// Finds out who stands behind a credential.
    ///
    /// # Errors
    /// [`IdentifyError`] for a token that is unknown, revoked or expired. A browser's key is never refused: an unknown
    /// one simply owns nothing yet.
    pub async fn identify(&self, credential: &Credential) -> Result<Actor, IdentifyError> {
        match credential {
            Credential::Nothing => Ok(Actor::Nobody),
            Credential::Malformed => Err(IdentifyError::UnknownToken),
            Credential::Browser(key) => {
                let key_hash = hash_secret(key.expose());
                let owner = self.catalog.owner_by_key(key_hash).await.map_err(Trouble::from)?;
                Ok(Actor::Browser { key_hash, owner })
            }
            Credential::Token(token) => self.identify_token(token).await,
        }
    }

    async fn identify_token(&self, token: &ApiToken) -> Result<Actor, IdentifyError> {
        let found = self.catalog.token_by_hash(hash_secret(token.expose())).await.map_err(Trouble::from)?;
        let token = found.ok_or(IdentifyError::UnknownToken)?;
        let now = self.clock.now();
        if token.revoked_at.is_some() {
            return Err(IdentifyError::RevokedToken);
        }
        if token.expires_at.is_some_and(|end| end <= now) {
            return Err(IdentifyError::ExpiredToken);
        }
        if token.last_used_at.is_none_or(|last| now.0 - last.0 >= TOUCH_AFTER_MILLIS) {
            let app = self.clone();
            let id = token.id;
            self.tasks.spawn(async move {
                if let Err(error) = app.catalog.touch_token(id, now).await {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a token's use was not written down"
                    );
                }
            });
        }
        Ok(Actor::Token { owner: token.owner, scopes: token.scopes })
    }

    /// The owner that an upload by `actor` belongs to, made now where there is none yet.
    ///
    /// # Errors
    /// The server's own trouble.
    pub(crate) async fn owner_for_upload(&self, actor: &Actor) -> Result<OwnerId, Trouble> {
        match actor {
            Actor::Token { owner, .. } | Actor::Browser { owner: Some(owner), .. } => Ok(*owner),
            // Insert or get in one statement, so that parallel first uploads of one browser share one owner.
            Actor::Browser { key_hash, owner: None } => {
                Ok(self.catalog.owner_for_key(*key_hash, self.clock.now()).await?)
            }
            Actor::Nobody => {
                let key_hash = hash_secret(self.random.owner_key().expose());
                Ok(self.catalog.owner_for_key(key_hash, self.clock.now()).await?)
            }
        }
    }
}
