//! API tokens, as the operator makes them on the command line.

use tintype_catalog::{Catalog, CatalogError, NewToken};
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
