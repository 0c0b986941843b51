//! Files at named paths: listing folders, describing, deleting, moving.

use tintype_catalog::{
    CatalogError, Constraint, File, FolderPage, FolderQuery, MoveWish, Moved, PathCondition, PathsOf,
    Removed, Whose,
};

use crate::{
    Actor, App, Trouble,
    authorize::{Action, Denial, Subject, authorize},
};

/// Most entries on one page of a folder's list.
pub const FOLDER_LIST_MAX: u32 = 1_000;
/// Entries on one page where the caller does not say.
pub const FOLDER_LIST_DEFAULT: u32 = 200;
/// Most files that one request moves.
pub const MOVE_MAX: u32 = 5_000;
/// Pictures on one page of a folder's index.
pub const INDEX_PAGE: u32 = 60;
/// Paths that are looked at for one page of it: most may lead to what is not public, and whoever asks is a stranger.
const INDEX_ROWS_MAX: u32 = 2_000;

/// Why a file is not listed, described, deleted or moved.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Not there, gone, or not for this actor.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// It was moved to this path.
    #[error("the file was moved to {0}")]
    Elsewhere(String),
    /// This path belongs to another owner.
    #[error("the path {0} belongs to another owner")]
    Taken(String),
    /// An image that the actor might replace stands at this path.
    #[error("an image stands at {0} already")]
    Occupied(String),
    /// Another file stands at the path than the caller expects.
    #[error("another file stands at the path than was expected")]
    Changed,
    /// More files than one request moves.
    #[error("the folder holds more than {MOVE_MAX} files")]
    TooMany,
    /// The server's own trouble.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Which page of a folder's list. The folder ends in a slash, or is empty for the root.
#[derive(Clone, Debug)]
pub struct FolderPlace {
    /// The folder.
    pub folder: String,
    /// Whether files in folders below are listed too, in place of those folders.
    pub recursive: bool,
    /// The last path of the page before.
    pub after: Option<String>,
}

impl From<CatalogError> for FileError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Conflict(Constraint::PathChanged) => Self::Changed,
            other => Self::Trouble(other.into()),
        }
    }
}

impl App {
    /// A page of what the actor has in a folder, and what everybody has where the actor may use every path.
    ///
    /// # Errors
    /// Not allowed, or the server's own trouble.
    pub async fn list_files(
        &self,
        actor: &Actor,
        place: FolderPlace,
        limit: u32,
    ) -> Result<FolderPage, FileError> {
        authorize(actor, Action::List, None, self.config.uploaders)?;
        let whose = match self.paths_of(actor) {
            Some(PathsOf::Everybody) => Whose::Everybody,
            Some(PathsOf::Owner(owner)) => Whose::Owner(owner),
            None => return Ok(FolderPage { entries: Vec::new(), next: None }),
        };
        self.folder(whose, place, limit.clamp(1, FOLDER_LIST_MAX)).await
    }

    /// Whose paths the actor may use; `None` where the actor is no owner.
    pub(crate) fn paths_of(&self, actor: &Actor) -> Option<PathsOf> {
        match authorize(actor, Action::UseEveryPath, None, self.config.uploaders) {
            Ok(()) => Some(PathsOf::Everybody),
            Err(_) => actor.owner().map(PathsOf::Owner),
        }
    }

    /// A page of the public pictures in a folder, whoever's they are, and one more than [`INDEX_PAGE`] where there is one; none
    /// where the folder is not there. Where the page ends before that for having looked at enough, its `next` may be the path
    /// of an image that is not public.
    ///
    /// # Errors
    /// The server's own trouble.
    pub async fn index(&self, folder: &str, after: Option<String>) -> Result<FolderPage, FileError> {
        let place = FolderPlace { folder: folder.to_owned(), recursive: false, after };
        self.folder(Whose::Public { rows_max: INDEX_ROWS_MAX }, place, INDEX_PAGE + 1).await
    }

    async fn folder(&self, whose: Whose, place: FolderPlace, limit: u32) -> Result<FolderPage, FileError> {
        let FolderPlace { folder, recursive, after } = place;
        let query = FolderQuery { whose, folder, recursive, after, limit };
        Ok(self.catalog.folder(&query, self.clock.now()).await.map_err(Trouble::from)?)
    }

    /// What the actor has at a path.
    ///
    /// # Errors
    /// Not there, gone, not this actor's, moved, or the server's own trouble.
    pub async fn file(&self, actor: &Actor, path: &str) -> Result<File, FileError> {
        authorize(actor, Action::List, None, self.config.uploaders)?;
        let whose = self.paths_of(actor);
        let is_mine = |file: &File| whose.is_some_and(|whose| whose.include(file.owner));
        if let Some(file) = self.catalog.file(path).await.map_err(Trouble::from)? {
            if !is_mine(&file) {
                return Err(Denial::NotFound.into());
            }
            let subject = Subject::of(&file.image, self.clock.now());
            authorize(actor, Action::Read, Some(subject), self.config.uploaders)?;
            return Ok(file);
        }
        let Some(to) = self.catalog.redirect_of(path).await.map_err(Trouble::from)? else {
            return Err(Denial::NotFound.into());
        };
        match self.catalog.file(&to).await.map_err(Trouble::from)? {
            Some(file) if is_mine(&file) => Err(FileError::Elsewhere(to)),
            _ => Err(Denial::NotFound.into()),
        }
    }

    /// Removes what stands at a path: the image, which can be restored, where no other path leads to it; else the path
    /// alone; or the redirect that a move left.
    ///
    /// # Errors
    /// Not there, not for this actor, not what `condition` expects, or the server's own trouble.
    pub async fn delete_file(
        &self,
        actor: &Actor,
        path: &str,
        condition: PathCondition,
    ) -> Result<(), FileError> {
        match self.catalog.file(path).await.map_err(Trouble::from)? {
            Some(file) => {
                let subject = Subject::of(&file.image, self.clock.now());
                authorize(actor, Action::Delete, Some(subject), self.config.uploaders)?;
            }
            None => {
                // Whether a picture was moved away from here is for its owner to know.
                authorize(actor, Action::MovePath, None, self.config.uploaders)
                    .map_err(|_| Denial::NotFound)?;
            }
        }
        let whose = self.paths_of(actor).ok_or(Denial::NotFound)?;
        match self.catalog.remove_file(path, whose, condition, self.clock.now()).await? {
            Removed::Image(id) => {
                self.forget_cached(id);
                self.settle_copy(id).await;
                Ok(())
            }
            Removed::Path => {
                self.purging.wake();
                Ok(())
            }
            Removed::Nothing => Err(Denial::NotFound.into()),
        }
    }

    /// Moves a file to another path. One that stands there already because it was moved before is answered again.
    ///
    /// # Errors
    /// Not there, not for this actor, not what `condition` expects, the new path is not free, or the server's own trouble.
    pub async fn move_file(
        &self,
        actor: &Actor,
        from: &str,
        to: &str,
        overwrite: bool,
        condition: PathCondition,
    ) -> Result<File, FileError> {
        let (found, is_moved) = match self.catalog.file(from).await.map_err(Trouble::from)? {
            Some(file) => (Some(file), from == to),
            None => {
                let target = self.catalog.redirect_of(from).await.map_err(Trouble::from)?;
                match target.filter(|target| target == to) {
                    Some(to) => (self.catalog.file(&to).await.map_err(Trouble::from)?, true),
                    None => (None, false),
                }
            }
        };
        let file = found.ok_or(Denial::NotFound)?;
        let subject = Subject::of(&file.image, self.clock.now());
        authorize(actor, Action::MovePath, Some(subject), self.config.uploaders)?;
        if is_moved {
            let hash = file.image.blob.as_ref().map(|blob| blob.hash);
            return if condition.is_met(hash) { Ok(file) } else { Err(FileError::Changed) };
        }
        let whose = self.paths_of(actor).ok_or(Denial::NotFound)?;
        let (from, to) = (from.to_owned(), to.to_owned());
        self.move_all(MoveWish { whose, from, to: to.clone(), overwrite, max: 1, condition }).await?;
        let moved = self.catalog.file(&to).await.map_err(Trouble::from)?;
        Ok(moved.ok_or(Denial::NotFound)?)
    }

    /// Moves the actor's files below a folder to another one, or everybody's where the actor may use every path, and says how many
    /// they were. Neither folder lies in the other.
    ///
    /// # Errors
    /// As [`App::move_file`], and [`FileError::TooMany`].
    pub async fn move_folder(
        &self,
        actor: &Actor,
        from: &str,
        to: &str,
        overwrite: bool,
        condition: PathCondition,
    ) -> Result<usize, FileError> {
        authorize(actor, Action::MovePath, None, self.config.uploaders)?;
        let whose = self.paths_of(actor).ok_or(Denial::NotFound)?;
        let (from, to) = (from.to_owned(), to.to_owned());
        self.move_all(MoveWish { whose, from, to, overwrite, max: MOVE_MAX, condition }).await
    }

    async fn move_all(&self, wish: MoveWish) -> Result<usize, FileError> {
        match self.catalog.move_files(wish, self.clock.now()).await? {
            Moved::Yes(count) => {
                self.purging.wake();
                Ok(count)
            }
            Moved::Nothing => Err(Denial::NotFound.into()),
            Moved::TooMany => Err(FileError::TooMany),
            Moved::Taken(path) => Err(FileError::Taken(path)),
            Moved::Occupied(path) => Err(FileError::Occupied(path)),
        }
    }
}
