//! API tokens.

use tintype_catalog::{CatalogError, Constraint, NewToken, OwnerId};
use tintype_types::{Scope, UnixMillis};

use crate::support::{NOW, TestCatalog, unique_hash};

fn new_token(name: &str) -> NewToken {
    NewToken {
        name: name.to_owned(),
        hash: unique_hash().0,
        scopes: [Scope::Upload, Scope::Read].into_iter().collect(),
        owner: None,
        created_at: NOW,
        expires_at: Some(NOW.plus_seconds(60)),
    }
}

fn conflict(error: &CatalogError) -> Option<Constraint> {
    match error {
        CatalogError::Conflict(constraint) => Some(*constraint),
        _ => None,
    }
}

#[tokio::test]
async fn a_token_is_found_by_its_hash_and_listed() {
    let test = TestCatalog::new().await;
    let new = new_token("sharex");
    let made = test.create_token(new.clone()).await.unwrap();
    assert_eq!(test.token_by_hash(new.hash).await.unwrap(), Some(made.clone()));
    assert_eq!(test.token_by_hash(unique_hash().0).await.unwrap(), None);
    let owner = test.owner().await;
    let second = test.create_token(NewToken { owner: Some(owner), ..new_token("phone") }).await.unwrap();
    assert_eq!(second.owner, owner);
    assert_ne!(made.owner, owner);
    assert_eq!(test.tokens().await.unwrap(), [made, second]);
    assert_eq!(test.counts().await.unwrap().tokens, 2);
}

#[tokio::test]
async fn a_name_is_taken_until_its_token_is_revoked() {
    let test = TestCatalog::new().await;
    let first = test.create_token(new_token("ci")).await.unwrap();
    let error = test.create_token(new_token("ci")).await.unwrap_err();
    assert_eq!(conflict(&error), Some(Constraint::TokenNameTaken));
    assert_eq!(test.counts().await.unwrap().owners, 1, "the refused token left no owner");
    let revoked = test.revoke_token("ci", NOW).await.unwrap().unwrap();
    assert_eq!((revoked.id, revoked.revoked_at), (first.id, Some(NOW)));
    assert_eq!(test.revoke_token("ci", NOW).await.unwrap(), None);
    let second = test.create_token(new_token("ci")).await.unwrap();
    let revoked = test.revoke_token(&second.id.to_string(), NOW).await.unwrap().unwrap();
    assert_eq!(revoked.id, second.id);
    assert_eq!(test.revoke_token("none", NOW).await.unwrap(), None);
}

#[tokio::test]
async fn a_token_of_an_unknown_owner_or_a_known_secret_is_refused() {
    let test = TestCatalog::new().await;
    let unknown = NewToken { owner: Some(OwnerId(4711)), ..new_token("a") };
    let error = test.create_token(unknown).await.unwrap_err();
    assert_eq!(conflict(&error), Some(Constraint::UnknownReference));
    let new = new_token("b");
    test.create_token(new.clone()).await.unwrap();
    let error = test.create_token(NewToken { hash: new.hash, ..new_token("c") }).await.unwrap_err();
    assert_eq!(conflict(&error), Some(Constraint::IdTaken));
    test.assert_sound().await;
}

#[tokio::test]
async fn use_is_noted() {
    let test = TestCatalog::new().await;
    let token = test.create_token(new_token("a")).await.unwrap();
    assert_eq!(token.last_used_at, None);
    test.touch_token(token.id, UnixMillis(5)).await.unwrap();
    assert_eq!(test.tokens().await.unwrap()[0].last_used_at, Some(UnixMillis(5)));
}
