//! Named paths and the addresses of replaced systems.

use std::sync::Arc;

use tintype_catalog::AliasKind;

use crate::{
    Actor, App, Image, Trouble,
    cache::CacheKey,
    serve::{ServeError, Stored},
};

/// What a named path leads to.
#[derive(Debug)]
pub enum Named {
    /// These bytes.
    Original(Arc<Stored>),
    /// Another path, to which its owner moved an image that the asker may see.
    Moved {
        /// The path, without its leading slash.
        to: String,
        /// The image there.
        image: Box<Image>,
    },
}

impl App {
    /// What stands at a named path (without its leading slash), or at an imported one.
    ///
    /// # Errors
    /// As [`App::original`]. A path that was moved answers as the one it leads to where nothing can be seen there.
    pub async fn named(&self, actor: &Actor, path: &str) -> Result<Named, ServeError> {
        let moment = self.cache.moment();
        let (image, to) = self.at_path(path).await?;
        let image = self.if_visible(actor, image)?;
        if let Some(to) = to {
            return Ok(Named::Moved { to, image: Box::new(image) });
        }
        let key = CacheKey { id: image.id, recipe: None };
        match self.hot(&key) {
            Some(stored) => Ok(Named::Original(stored)),
            None => self.load_original(&image, key, moment).await.map(Named::Original),
        }
    }

    /// The image at a named path, if `actor` may see it: at a path that was moved, the one it leads to.
    ///
    /// # Errors
    /// As [`App::visible`].
    pub async fn visible_at_path(&self, actor: &Actor, path: &str) -> Result<Image, ServeError> {
        let (image, _) = self.at_path(path).await?;
        self.if_visible(actor, image)
    }

    /// The image that a path leads to, and the path to which it was moved, if it was.
    async fn at_path(&self, path: &str) -> Result<(Option<Image>, Option<String>), ServeError> {
        match self.catalog.image_by_way_of(path).await.map_err(Trouble::from)? {
            Some((image, to)) => Ok((Some(image), to)),
            None => Ok((self.alias(AliasKind::Path, path).await?, None)),
        }
    }

    /// The original of a name that a replaced system gave out.
    ///
    /// # Errors
    /// As [`App::original`].
    pub async fn original_of_alias(
        &self,
        actor: &Actor,
        kind: AliasKind,
        name: &str,
    ) -> Result<Arc<Stored>, ServeError> {
        let moment = self.cache.moment();
        let image = self.alias(kind, name).await?;
        let image = self.if_visible(actor, image)?;
        self.load_original(&image, CacheKey { id: image.id, recipe: None }, moment).await
    }

    async fn alias(&self, kind: AliasKind, name: &str) -> Result<Option<Image>, ServeError> {
        Ok(self.catalog.image_at_alias(kind, name).await.map_err(Trouble::from)?)
    }
}
