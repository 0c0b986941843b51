//! The addresses at which an image or a path may be in a cache.

use bytes::Bytes;
use tintype_catalog::{AliasKind, Purge, PurgeSubject};
use tintype_cdn::Forget;
use tintype_types::Recipe;

use crate::{
    App, Trouble,
    purge::{image_tag, path_tag},
    text,
};

impl App {
    /// Everything that a cache may have of a purge's subject.
    pub(crate) async fn what_of(&self, purge: &Purge) -> Result<Forget, Trouble> {
        let utf8 = |tag: Bytes| String::from_utf8_lossy(&tag).into_owned();
        let id = match &purge.subject {
            PurgeSubject::Path(path) => {
                let paths = vec![text::address_of_path(path)];
                return Ok(Forget { image: None, tag: utf8(path_tag(path)), paths, prefix: None });
            }
            PurgeSubject::Image(id) => *id,
        };
        let mut paths = vec![format!("/i/{id}"), format!("/images/{id}"), format!("/p/{id}")];
        if let Some(image) = self.catalog.image(id).await? {
            let extensions = match image.media_type.extension() {
                "jpg" => &["jpg", "jpeg"][..],
                other => &[other],
            };
            for extension in extensions {
                paths.extend([format!("/i/{id}.{extension}"), format!("/images/{id}.{extension}")]);
            }
        }
        // A redirect names where the picture is, so it goes with it.
        for path in [self.catalog.paths_of(id).await?, self.catalog.redirects_to(id).await?].concat() {
            paths.push(text::address_of_path(&path));
        }
        for (kind, name) in self.catalog.aliases_of(id).await? {
            let name = text::address_of_path(&name);
            paths.push(match kind {
                AliasKind::I => format!("/i{name}"),
                AliasKind::Images => format!("/images{name}"),
                AliasKind::Path => name,
            });
        }
        // In this order: they are noted before their files go.
        let mut variants = self.blobs.variant_recipes(id).await?;
        variants.extend(self.catalog.noted_variants(id).await?);
        variants.sort_unstable();
        variants.dedup();
        for recipe in &variants {
            let recipe =
                recipe.rsplit_once('.').and_then(|(ops, extension)| Recipe::parse(ops, extension).ok());
            let spellings = recipe.map(|recipe| recipe.spellings()).unwrap_or_default();
            paths.extend(spellings.into_iter().map(|spelling| format!("/i/{id}/{spelling}")));
        }
        Ok(Forget { image: Some(id), tag: utf8(image_tag(id)), paths, prefix: Some(format!("/i/{id}")) })
    }
}
