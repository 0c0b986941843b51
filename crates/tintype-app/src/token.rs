//! API tokens, as the operator makes them on the command line.

use tintype_catalog::{Catalog, CatalogError, Life, NewSecret, NewToken};
use tintype_types::{Scopes, UnixMillis, secret::ApiToken};

use crate::{Token, actor::hash_secret, clock::Clock, random::Random};

/// Makes a token with an owner of its own and gives its secret, which is shown this once.
///
/// Works on the catalogue alone, so that it may run beside a server on the same folder.
///
/// # Errors
/// The catalogue's trouble.
pub async fn create(
    catalog: &Catalog,
    clock: &Clock,
    name: String,
    scopes: Scopes,
    life: Option<i64>,
) -> Result<(Token, ApiToken), CatalogError> {
    let secret = Random::default().api_token();
    let now = clock.now();
    let new = NewToken {
        name,
        hash: hash_secret(secret.expose()),
        scopes,
        owner: None,
        created_at: now,
        expires_at: life.map(|seconds| now.plus_seconds(seconds)),
    };
    Ok((catalog.create_token(new).await?, secret))
}

/// Gives the token of a name or number a new secret, which is shown this once; the old one ends. It is valid for `life` seconds,
/// or for as long as the old one was to be. Whose images are the token's stays, also where it has expired or was revoked.
/// `None` where there is none.
///
/// # Errors
/// A revoked token whose name another one has by now; the catalogue's trouble.
pub async fn renew(
    catalog: &Catalog,
    clock: &Clock,
    name: &str,
    life: Option<i64>,
) -> Result<Option<(Token, ApiToken)>, CatalogError> {
    let secret = Random::default().api_token();
    let new = NewSecret {
        hash: hash_secret(secret.expose()),
        created_at: clock.now(),
        life: life.map_or(Life::AsBefore, Life::Seconds),
    };
    Ok(catalog.renew_token(name, new).await?.map(|token| (token, secret)))
}

/// Every token, oldest first.
///
/// # Errors
/// The catalogue's trouble.
pub async fn list(catalog: &Catalog) -> Result<Vec<Token>, CatalogError> {
    catalog.tokens().await
}

/// Revokes a token by its name or number; `None` where there is none.
///
/// # Errors
/// The catalogue's trouble.
pub async fn revoke(catalog: &Catalog, name: &str, now: UnixMillis) -> Result<Option<Token>, CatalogError> {
    catalog.revoke_token(name, now).await
}
