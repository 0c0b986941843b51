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
    /// Lead an image's named path elsewhere.
    MovePath,
    /// See, replace, move and delete what stands at named paths, whoever holds them.
    UseEveryPath,
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
    /// Read reports, ban, lift bans.
    Administer,
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
        Self {
            owner: image.owner,
            visibility: image.visibility,
            deleted: image.deleted_at.is_some() && !expired,
            expired,
        }
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
pub fn authorize(
    actor: &Actor,
    action: Action,
    subject: Option<Subject>,
    uploaders: Uploaders,
) -> Result<(), Denial> {
    match (action, subject) {
        (Action::Upload, _) => may_upload(actor, uploaders),
        (Action::PublishAtPath, _) => {
            has_scope(actor, Scope::Paths).and_then(|()| may_upload(actor, uploaders))
        }
        (Action::MovePath, None) => has_scope(actor, Scope::Paths),
        (Action::List, _) => match actor {
            Actor::Nobody => Err(Denial::NeedsIdentity),
            Actor::Browser { .. } => Ok(()),
            Actor::Token { .. } => has_scope(actor, Scope::Read),
        },
        (Action::Administer | Action::UseEveryPath, _) => has_scope(actor, Scope::Admin),
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
        Action::MovePath => has_scope(actor, Scope::Paths),
        Action::Upload | Action::PublishAtPath | Action::UseEveryPath | Action::List | Action::Administer => {
            Ok(())
        }
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
        Actor::Browser { .. } if !matches!(scope, Scope::Paths | Scope::Admin) => Ok(()),
        Actor::Browser { .. } | Actor::Nobody => Err(Denial::NeedsIdentity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINE: OwnerId = OwnerId(1);
    const OTHERS: OwnerId = OwnerId(2);

    fn browser() -> Actor {
        Actor::Browser { key_hash: [0; 32], owner: Some(MINE) }
    }

    fn token(scopes: &str) -> Actor {
        Actor::Token { owner: MINE, scopes: scopes.parse().unwrap() }
    }

    fn image(owner: OwnerId, visibility: Visibility) -> Subject {
        Subject { owner, visibility, deleted: false, expired: false }
    }

    #[track_caller]
    fn check(actor: &Actor, action: Action, subject: Subject, expected: Result<(), Denial>) {
        let decision = authorize(actor, action, Some(subject), Uploaders::Anyone);
        assert_eq!(decision, expected, "{actor:?} {action:?} {subject:?}");
    }

    #[test]
    fn whoever_has_the_link_sees_what_is_not_private() {
        for visibility in [Visibility::Public, Visibility::Unlisted] {
            for action in [Action::View, Action::Read] {
                check(&Actor::Nobody, action, image(MINE, visibility), Ok(()));
            }
        }
        check(&Actor::Nobody, Action::View, image(MINE, Visibility::Private), Err(Denial::NotFound));
        check(&browser(), Action::View, image(OTHERS, Visibility::Private), Err(Denial::NotFound));
        check(&browser(), Action::View, image(MINE, Visibility::Private), Ok(()));
        check(
            &token("upload"),
            Action::View,
            image(MINE, Visibility::Private),
            Err(Denial::NeedsScope(Scope::Read)),
        );
        check(&token("admin"), Action::View, image(OTHERS, Visibility::Private), Ok(()));
    }

    #[test]
    fn only_owners_and_admins_change_and_delete() {
        for action in [Action::Change, Action::Delete, Action::Restore] {
            check(&browser(), action, image(MINE, Visibility::Unlisted), Ok(()));
            check(&token("delete"), action, image(MINE, Visibility::Unlisted), Ok(()));
            check(&token("admin"), action, image(OTHERS, Visibility::Unlisted), Ok(()));
            check(
                &token("read"),
                action,
                image(MINE, Visibility::Unlisted),
                Err(Denial::NeedsScope(Scope::Delete)),
            );
            check(&token("delete"), action, image(OTHERS, Visibility::Unlisted), Err(Denial::NeedsIdentity));
            check(&browser(), action, image(OTHERS, Visibility::Unlisted), Err(Denial::NeedsIdentity));
            check(&browser(), action, image(OTHERS, Visibility::Private), Err(Denial::NotFound));
            check(&Actor::Nobody, action, image(MINE, Visibility::Public), Err(Denial::NeedsIdentity));
        }
    }

    #[test]
    fn deleted_is_gone_for_all_and_expired_never_was_for_strangers() {
        let deleted = Subject { deleted: true, ..image(MINE, Visibility::Unlisted) };
        for actor in [Actor::Nobody, browser(), token("read"), token("admin")] {
            check(&actor, Action::View, deleted, Err(Denial::Gone));
            check(&actor, Action::Read, deleted, Err(Denial::Gone));
        }
        check(&browser(), Action::Restore, deleted, Ok(()));
        check(&Actor::Nobody, Action::Restore, deleted, Err(Denial::Gone));
        let expired = Subject { expired: true, ..image(MINE, Visibility::Unlisted) };
        check(&Actor::Nobody, Action::View, expired, Err(Denial::NotFound));
        check(&browser(), Action::View, expired, Err(Denial::Gone));
        check(&browser(), Action::Delete, expired, Ok(()));
        check(&browser(), Action::Restore, expired, Err(Denial::Gone));
    }

    #[test]
    fn uploading_and_paths_follow_the_settings_and_scopes() {
        let may = |actor: &Actor, action, uploaders| authorize(actor, action, None, uploaders);
        assert_eq!(may(&Actor::Nobody, Action::Upload, Uploaders::Anyone), Ok(()));
        assert_eq!(may(&Actor::Nobody, Action::Upload, Uploaders::Token), Err(Denial::NeedsIdentity));
        assert_eq!(may(&browser(), Action::Upload, Uploaders::Token), Err(Denial::NeedsIdentity));
        assert_eq!(may(&token("upload"), Action::Upload, Uploaders::Token), Ok(()));
        assert_eq!(
            may(&token("read"), Action::Upload, Uploaders::Anyone),
            Err(Denial::NeedsScope(Scope::Upload))
        );
        assert_eq!(may(&browser(), Action::PublishAtPath, Uploaders::Anyone), Err(Denial::NeedsIdentity));
        assert_eq!(
            may(&token("paths"), Action::PublishAtPath, Uploaders::Anyone),
            Err(Denial::NeedsScope(Scope::Upload))
        );
        assert_eq!(may(&token("paths,upload"), Action::PublishAtPath, Uploaders::Anyone), Ok(()));
        assert_eq!(may(&token("paths"), Action::MovePath, Uploaders::Anyone), Ok(()));
        assert_eq!(may(&browser(), Action::MovePath, Uploaders::Anyone), Err(Denial::NeedsIdentity));
        check(&token("paths"), Action::MovePath, image(MINE, Visibility::Unlisted), Ok(()));
        check(&token("admin"), Action::MovePath, image(OTHERS, Visibility::Private), Ok(()));
        check(
            &token("upload,read,delete"),
            Action::MovePath,
            image(MINE, Visibility::Unlisted),
            Err(Denial::NeedsScope(Scope::Paths)),
        );
        check(
            &token("paths"),
            Action::MovePath,
            image(OTHERS, Visibility::Unlisted),
            Err(Denial::NeedsIdentity),
        );
        for actor in [Actor::Nobody, browser()] {
            for action in [Action::Administer, Action::UseEveryPath] {
                assert_eq!(may(&actor, action, Uploaders::Anyone), Err(Denial::NeedsIdentity));
            }
        }
        for action in [Action::Administer, Action::UseEveryPath] {
            assert_eq!(
                may(&token("upload,read,delete,paths"), action, Uploaders::Anyone),
                Err(Denial::NeedsScope(Scope::Admin))
            );
            assert_eq!(may(&token("admin"), action, Uploaders::Anyone), Ok(()));
        }
        assert_eq!(may(&Actor::Nobody, Action::List, Uploaders::Anyone), Err(Denial::NeedsIdentity));
        assert_eq!(
            may(&token("upload"), Action::List, Uploaders::Anyone),
            Err(Denial::NeedsScope(Scope::Read))
        );
    }
}
