//! Listing, reading, changing, deleting and restoring images.

use tintype_catalog::{Cursor, ImageChanges, ListQuery, Order, Page, Restored};
use tintype_types::{ImageId, Visibility, secret::DeleteToken};

use crate::{
    Actor, App, Image, Trouble,
    actor::hash_secret,
    authorize::{Action, Denial, Subject, authorize},
    operator,
};

/// Most images of a list that has no pages.
pub const WHOLE_LIST_MAX: u32 = 10_000;

/// Most images on one page of a list.
pub const LIST_MAX: u32 = 200;
/// Images on one page where the caller does not say.
pub const LIST_DEFAULT: u32 = 50;

/// Why an image is not read, changed, deleted or restored.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Not there, gone, or not for this actor.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The time in which a delete can be undone is over.
    #[error("the image was deleted too long ago to be restored")]
    TooLate,
    /// Not a cursor of ours.
    #[error("the cursor is not one that a list gave out")]
    InvalidCursor,
    /// The server's own trouble.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// What to change of an image; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Title.
    pub title: Option<Option<String>>,
    /// Description.
    pub description: Option<Option<String>>,
    /// Alternative text.
    pub alt: Option<Option<String>>,
    /// Label.
    pub label: Option<Option<String>>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Who may see it.
    pub visibility: Option<Visibility>,
    /// Life in seconds from now.
    pub expires_in: Option<Option<i64>>,
}

impl App {
    /// A page of the actor's own images. A browser that has uploaded nothing has an empty one.
    ///
    /// # Errors
    /// Not allowed, a cursor that no list gave out, or the server's own trouble.
    pub async fn list(
        &self,
        actor: &Actor,
        limit: u32,
        cursor: Option<&str>,
        order: Order,
        label: Option<String>,
    ) -> Result<Page, ImageError> {
        authorize(actor, Action::List, None, self.config.uploaders)?;
        let after = cursor.map(str::parse::<Cursor>).transpose().map_err(|_| ImageError::InvalidCursor)?;
        let Some(owner) = actor.owner() else {
            return Ok(Page { images: Vec::new(), next: None, total: 0 });
        };
        let query = ListQuery { limit: limit.clamp(1, LIST_MAX), after, order, label };
        Ok(self.catalog.images_of(owner, query, self.clock.now()).await.map_err(Trouble::from)?)
    }

    /// All of the actor's own images, newest first, or everybody's but private ones where `shared`; at most
    /// [`WHOLE_LIST_MAX`].
    ///
    /// # Errors
    /// Not allowed, or the server's own trouble.
    pub async fn list_whole(&self, actor: &Actor, shared: bool) -> Result<Vec<Image>, ImageError> {
        let now = self.clock.now();
        if shared {
            return Ok(self.catalog.shared_images(WHOLE_LIST_MAX, now).await.map_err(Trouble::from)?);
        }
        authorize(actor, Action::List, None, self.config.uploaders)?;
        let Some(owner) = actor.owner() else { return Ok(Vec::new()) };
        let query = ListQuery { limit: WHOLE_LIST_MAX, after: None, order: Order::Newest, label: None };
        Ok(self.catalog.images_of(owner, query, now).await.map_err(Trouble::from)?.images)
    }

    /// One image's record.
    ///
    /// # Errors
    /// Not there, gone, not for this actor, or the server's own trouble.
    pub async fn read(&self, actor: &Actor, id: ImageId) -> Result<Image, ImageError> {
        self.may(actor, Action::Read, id).await
    }

    /// Changes an image's fields.
    ///
    /// # Errors
    /// As [`App::read`].
    pub async fn change(&self, actor: &Actor, id: ImageId, changes: Changes) -> Result<Image, ImageError> {
        self.may(actor, Action::Change, id).await?;
        let now = self.clock.now();
        let touches_copy = changes.visibility.is_some() || changes.expires_in.is_some();
        let changes = ImageChanges {
            title: changes.title,
            description: changes.description,
            alt: changes.alt,
            label: changes.label,
            tags: changes.tags,
            visibility: changes.visibility,
            expires_at: changes.expires_in.map(|life| life.map(|seconds| now.plus_seconds(seconds))),
            updated_at: now,
        };
        let changed = self.catalog.update_image(id, changes).await.map_err(Trouble::from)?;
        self.forget_cached(id);
        let image = changed.ok_or(ImageError::Denied(Denial::Gone))?;
        if touches_copy { self.with_new_copy(image).await } else { Ok(image) }
    }

    /// Deletes an image: 410 from now on, for everybody. `for_good` skips the time in which it can be undone and removes
    /// the bytes.
    ///
    /// # Errors
    /// As [`App::read`].
    pub async fn delete(&self, actor: &Actor, id: ImageId, for_good: bool) -> Result<Image, ImageError> {
        self.may(actor, Action::Delete, id).await?;
        self.bin(id, for_good).await
    }

    /// The image that a delete token deletes.
    ///
    /// # Errors
    /// [`Denial::NotFound`] for a token that deletes nothing; [`Denial::Gone`] where it has deleted.
    pub async fn image_of_delete_token(&self, token: &DeleteToken) -> Result<Image, ImageError> {
        let found =
            self.catalog.image_by_delete_token(hash_secret(token.expose())).await.map_err(Trouble::from)?;
        let image = found.ok_or(Denial::NotFound)?;
        if image.deleted_at.is_some() { Err(Denial::Gone.into()) } else { Ok(image) }
    }

    /// Deletes the image of a delete token. Whose it is does not matter: the token is the right.
    ///
    /// # Errors
    /// As [`App::image_of_delete_token`]; [`Denial::NotFound`] where `id` is given and is another image's.
    pub async fn delete_by_token(
        &self,
        token: &DeleteToken,
        id: Option<ImageId>,
        for_good: bool,
    ) -> Result<Image, ImageError> {
        let image = self.image_of_delete_token(token).await?;
        if id.is_some_and(|id| id != image.id) {
            return Err(Denial::NotFound.into());
        }
        self.bin(image.id, for_good).await
    }

    /// Undoes a delete.
    ///
    /// # Errors
    /// As [`App::read`]; [`ImageError::TooLate`] once the bytes may be gone.
    pub async fn restore(&self, actor: &Actor, id: ImageId) -> Result<Image, ImageError> {
        self.may(actor, Action::Restore, id).await?;
        let since = self.clock.now().minus_seconds(self.config.trash_keep);
        match self.catalog.restore_image(id, since).await.map_err(Trouble::from)? {
            Restored::Yes(image) => {
                self.purging.wake();
                self.with_new_copy(*image).await
            }
            Restored::NotDeleted => self.read(actor, id).await,
            Restored::TooLate => Err(ImageError::TooLate),
            Restored::Unknown => Err(Denial::NotFound.into()),
        }
    }

    async fn may(&self, actor: &Actor, action: Action, id: ImageId) -> Result<Image, ImageError> {
        let found = self.catalog.image(id).await.map_err(Trouble::from)?;
        let subject = found.as_ref().map(|image| Subject::of(image, self.clock.now()));
        authorize(actor, action, subject, self.config.uploaders)?;
        found.ok_or(ImageError::Denied(Denial::NotFound))
    }

    /// An image that everybody may see from now on, or nobody any more, or until another time: its copy follows.
    async fn with_new_copy(&self, image: Image) -> Result<Image, ImageError> {
        if self.makes_copies() && image.visibility != Visibility::Private {
            self.catalog.want_copy(image.id, self.clock.now()).await.map_err(Trouble::from)?;
        }
        self.settle_copy(image.id).await;
        if image.copied_at.is_none() && !self.makes_copies() {
            return Ok(image);
        }
        let found = self.catalog.image(image.id).await.map_err(Trouble::from)?;
        found.ok_or(ImageError::Denied(Denial::NotFound))
    }

    /// The catalogue changes first, then RAM forgets and the copy goes, then the caller hears of it: from the reply on nobody sees it.
    async fn bin(&self, id: ImageId, for_good: bool) -> Result<Image, ImageError> {
        let now = self.clock.now();
        let trashed = self.catalog.trash_image(id, now).await.map_err(Trouble::from)?;
        self.forget_cached(id);
        self.settle_copy(id).await;
        let image = trashed.ok_or(Denial::NotFound)?;
        if for_good {
            operator::remove_variants(&self.catalog, &self.blobs, id).await?;
            self.catalog.purge_image(id, now).await.map_err(Trouble::from)?;
            self.purging.wake();
            if let Err(error) = operator::remove_original(&self.catalog, &self.blobs, &image).await {
                tracing::warn!(image = %id, error = &error as &dyn std::error::Error, "bytes of a deleted image are left to the sweep");
            }
        }
        Ok(image)
    }
}
