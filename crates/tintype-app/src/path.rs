//! Named paths and the addresses of replaced systems.

use std::sync::Arc;

use tintype_catalog::AliasKind;

use crate::{
    Actor, App, Image, Trouble,
    cache::CacheKey,
    serve::{ServeError, Stored},
};

impl App {
    /// The original at a named path (without its leading slash), or at an imported one.
    ///
    /// # Errors
    /// As [`App::original`].
    pub async fn original_at_path(&self, actor: &Actor, path: &str) -> Result<Arc<Stored>, ServeError> {
        let moment = self.cache.moment();
        let image = self.visible_at_path(actor, path).await?;
        let key = CacheKey { id: image.id, recipe: None };
        match self.hot(&key) {
            Some(stored) => Ok(stored),
            None => self.load_original(&image, key, moment).await,
        }
    }

    /// The image at a named path, if `actor` may see it.
    ///
    /// # Errors
    /// As [`App::visible`].
    pub async fn visible_at_path(&self, actor: &Actor, path: &str) -> Result<Image, ServeError> {
        let image = match self.catalog.image_at_path(path).await.map_err(Trouble::from)? {
            Some(image) => Some(image),
            None => self.alias(AliasKind::Path, path).await?,
        };
        self.if_visible(actor, image)
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
