//! The one function that decides who may do what.

use tintype_types::{Scope, UnixMillis, Visibility};

use crate::{Actor, Image, OwnerId, config::Uploaders};

/// What an actor wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Upload an image.
    Upload,
    /// Publish at a named path.
    PublishAtPath,
    /// List the actor's own images.
    List,
    /// See an image: its bytes, variants and share page.
    View,
    /// Read an image's record by the API.
    Read,
    /// Change an image's fields.
    Change,
    /// Delete an image.
    Delete,
    /// Undo a delete.
    Restore,
}

/// What of an image matters to the decision.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Whose it is.
    pub owner: OwnerId,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether somebody deleted it.
    pub deleted: bool,
    /// Whether its time is over.
    pub expired: bool,
}

impl Subject {
    /// What matters of `image` at `now`.
    pub fn of(image: &Image, now: UnixMillis) -> Self {
        let expired = image.expires_at.is_some_and(|end| end <= now);
        Self { owner: image.owner, visibility: image.visibility, deleted: image.deleted_at.is_some() && !expired, expired }
    }
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// As if it had never been.
    #[error("there is no such image")]
    NotFound,
    /// It was deleted.
    #[error("the image was deleted")]
    Gone,
    /// Nobody in particular may not do this.
    #[error("this needs a token, or the browser that uploaded the image")]
    NeedsIdentity,
    /// The token lacks a scope.
    #[error("the token lacks the scope {}", .0.as_str())]
    NeedsScope(Scope),
}

/// Decides whether `actor` may do `action`, to `subject` where the action is about one image.
///
/// The delete token of an image stands beside this: it proves its own right to the one image it deletes.
///
/// # Errors
/// [`Denial`]. To strangers a private or expired image looks like one that never was; a deleted one is gone for all.
pub fn authorize(actor: &Actor, action: Action, subject: Option<Subject>, uploaders: Uploaders) -> Result<(), Denial> {
    match (action, subject) {
        (Action::Upload, _) => may_upload(actor, uploaders),
        (Action::PublishAtPath, _) => has_scope(actor, Scope::Paths).and_then(|()| may_upload(actor, uploaders)),
        (Action::List, _) => match actor {
            Actor::Nobody => Err(Denial::NeedsIdentity),
            Actor::Browser { .. } => Ok(()),
            Actor::Token { .. } => has_scope(actor, Scope::Read),
        },
        (_, None) => Err(Denial::NotFound),
        (_, Some(subject)) => may_touch(actor, action, subject),
    }
}

fn may_upload(actor: &Actor, uploaders: Uploaders) -> Result<(), Denial> {
    match (actor, uploaders) {
        (Actor::Token { .. }, _) => has_scope(actor, Scope::Upload),
        (_, Uploaders::Anyone) => Ok(()),
        (_, Uploaders::Token) => Err(Denial::NeedsIdentity),
    }
}

fn may_touch(actor: &Actor, action: Action, subject: Subject) -> Result<(), Denial> {
    let is_mine = is_owner(actor, subject);
    if subject.expired && !(is_mine && action == Action::Delete) {
        return Err(if is_mine { Denial::Gone } else { Denial::NotFound });
    }
    if subject.deleted && !(is_mine && matches!(action, Action::Restore | Action::Delete)) {
        return Err(Denial::Gone);
    }
    match action {
        // Whoever has the link may see what is not private.
        Action::View | Action::Read if subject.visibility != Visibility::Private => Ok(()),
        _ if !is_mine && subject.visibility == Visibility::Private => Err(Denial::NotFound),
        _ if !is_mine => Err(Denial::NeedsIdentity),
        Action::View | Action::Read => has_scope(actor, Scope::Read),
        Action::Change | Action::Delete | Action::Restore => has_scope(actor, Scope::Delete),
        Action::Upload | Action::PublishAtPath | Action::List => Ok(()),
    }
}

fn is_owner(actor: &Actor, subject: Subject) -> bool {
    match actor {
        Actor::Token { scopes, .. } if scopes.allows(Scope::Admin) => true,
        _ => actor.owner() == Some(subject.owner),
    }
}

/// Browsers may do with their own images what tokens need scopes for; a named path always needs a token.
fn has_scope(actor: &Actor, scope: Scope) -> Result<(), Denial> {
    match actor {
        Actor::Token { scopes, .. } if scopes.allows(scope) => Ok(()),
        Actor::Token { .. } => Err(Denial::NeedsScope(scope)),
        Actor::Browser { .. } if scope != Scope::Paths => Ok(()),
        Actor::Browser { .. } | Actor::Nobody => Err(Denial::NeedsIdentity),
    }
}
