//! API tokens.

use tintype_catalog::{CatalogError, Constraint, Life, NewSecret, NewToken, OwnerId, Token};
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
async fn a_new_secret_takes_the_place_of_the_old_one() {
    let test = TestCatalog::new().await;
    let old = new_token("blog");
    let made = test.create_token(old.clone()).await.unwrap();
    test.touch_token(made.id, NOW).await.unwrap();
    let later = NOW.plus_seconds(1_000);
    let secret = |life| NewSecret { hash: unique_hash().0, created_at: later, life };
    let new = secret(Life::AsBefore);
    let renewed = test.renew_token("blog", new.clone()).await.unwrap().unwrap();
    let expected = Token { created_at: later, expires_at: Some(later.plus_seconds(60)), ..made.clone() };
    assert_eq!(renewed, expected, "number, name, owner and scopes stay");
    assert_eq!(test.token_by_hash(new.hash).await.unwrap(), Some(renewed));
    assert_eq!(test.token_by_hash(old.hash).await.unwrap(), None);
    let longer = test.renew_token(&made.id.to_string(), secret(Life::Seconds(5))).await.unwrap().unwrap();
    assert_eq!(longer.expires_at, Some(later.plus_seconds(5)));
    let forever = NewToken { expires_at: None, ..new_token("forever") };
    test.create_token(forever).await.unwrap();
    let renewed = test.renew_token("forever", secret(Life::AsBefore)).await.unwrap().unwrap();
    assert_eq!(renewed.expires_at, None);
    assert_eq!(test.renew_token("none", secret(Life::AsBefore)).await.unwrap(), None);
    let taken = NewSecret { hash: new_token("x").hash, ..secret(Life::AsBefore) };
    test.renew_token("blog", taken.clone()).await.unwrap();
    let error = test.renew_token("forever", taken).await.unwrap_err();
    assert_eq!(conflict(&error), Some(Constraint::IdTaken));
}

#[tokio::test]
async fn a_revoked_token_counts_again_with_its_new_secret() {
    let test = TestCatalog::new().await;
    let first = test.create_token(new_token("blog")).await.unwrap();
    test.revoke_token("blog", NOW).await.unwrap();
    let secret = || NewSecret { hash: unique_hash().0, created_at: NOW, life: Life::AsBefore };
    let renewed = test.renew_token("blog", secret()).await.unwrap().unwrap();
    assert_eq!((renewed.id, renewed.owner, renewed.revoked_at), (first.id, first.owner, None));
    // Of several of a name, the one that counts is meant.
    test.revoke_token("blog", NOW).await.unwrap();
    let second = test.create_token(new_token("blog")).await.unwrap();
    assert_eq!(test.renew_token("blog", secret()).await.unwrap().unwrap().id, second.id);
    let error = test.renew_token(&first.id.to_string(), secret()).await.unwrap_err();
    assert_eq!(conflict(&error), Some(Constraint::TokenNameTaken));
    test.revoke_token("blog", NOW).await.unwrap();
    assert_eq!(test.renew_token("blog", secret()).await.unwrap().unwrap().id, second.id, "the last");
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
