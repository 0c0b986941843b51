//! What the operator does on the command line, on catalogue and store alone, with no server running.

use percent_encoding::percent_decode_str;
use tintype_blob::BlobStore;
use tintype_catalog::{Catalog, PurgeSubject, Restored};
use tintype_types::{ImageId, UnixMillis};

use crate::{AliasKind, Image, Trouble, authorize::Denial, copies, image::ImageError, text};

/// The image behind a link of any kind: a picture, a variant, a page, a named path, an alias, or an id. `base_url` is what links
/// begin with that this server writes, where that is known.
///
/// # Errors
/// The catalogue's trouble.
pub async fn id_of_link(
    catalog: &Catalog,
    base_url: Option<&str>,
    link: &str,
) -> Result<Option<ImageId>, Trouble> {
    let path = &path_of_link(base_url, link);
    let mut parts = path.split('/');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    let name = match (first, second) {
        ("i" | "p" | "images", Some(name)) => name,
        _ => first,
    };
    let stem = name.split('.').next().unwrap_or_default();
    if let Ok(id) = stem.parse::<ImageId>()
        && catalog.image(id).await?.is_some()
    {
        return Ok(Some(id));
    }
    let alias = match first {
        "i" => Some(AliasKind::I),
        "images" => Some(AliasKind::Images),
        _ => None,
    };
    if let Some(kind) = alias
        && let Some(image) = catalog.image_at_alias(kind, name).await?
    {
        return Ok(Some(image.id));
    }
    match text::named_path(path) {
        Ok(path) => {
            let path = catalog.redirect_of(&path).await?.unwrap_or(path);
            Ok(catalog.image_at_path(&path).await?.map(|image| image.id))
        }
        Err(_) => Ok(None),
    }
}

/// What a link of any kind is about, for caches: an image, or a named path, which may lead nowhere by now. `None` where it can
/// be no address of ours. `base_url` as for [`id_of_link`].
///
/// # Errors
/// The catalogue's trouble.
pub async fn subject_of_link(
    catalog: &Catalog,
    base_url: Option<&str>,
    link: &str,
) -> Result<Option<PurgeSubject>, Trouble> {
    let path = path_of_link(base_url, link);
    let is_id = path.split('.').next().is_some_and(|stem| stem.parse::<ImageId>().is_ok());
    if let Ok(path) = text::named_path(&path)
        && !is_id
    {
        return Ok(Some(PurgeSubject::Path(path)));
    }
    Ok(id_of_link(catalog, base_url, link).await?.map(PurgeSubject::Image))
}

/// The path of a link below `base_url`, decoded, without slashes at its ends, or what was given in place of a link.
fn path_of_link(base_url: Option<&str>, link: &str) -> String {
    let link = link.split(['?', '#']).next().unwrap_or_default();
    let path = link.split_once("://").map_or(link, |(_, address)| {
        let site = base_url.and_then(|base| base.split_once("://")).map(|(_, site)| site);
        let below = site.and_then(|site| address.strip_prefix(site)).filter(|rest| rest.starts_with('/'));
        below.unwrap_or_else(|| address.split_once('/').map_or("", |(_, path)| path))
    });
    percent_decode_str(path).decode_utf8_lossy().trim_matches('/').to_owned()
}

/// Deletes an image, whoever owns it; with `for_good` its bytes too, as far as no other image shares them.
///
/// # Errors
/// There is no such image, or the server's own trouble.
pub async fn delete(
    catalog: &Catalog,
    blobs: &BlobStore,
    id: ImageId,
    now: UnixMillis,
    for_good: bool,
) -> Result<Image, ImageError> {
    let image = catalog.trash_image(id, now).await.map_err(Trouble::from)?.ok_or(Denial::NotFound)?;
    // What fails here is done by the server when it starts.
    if let Some(job) = catalog.copy_job(id).await.map_err(Trouble::from)? {
        copies::settle(catalog, blobs, &job, false, now).await?;
    }
    if for_good {
        remove_variants(catalog, blobs, id).await?;
        catalog.purge_image(id, now).await.map_err(Trouble::from)?;
        remove_original(catalog, blobs, &image).await?;
    }
    Ok(image)
}

/// Removes the variants of a deleted image, before it is purged: nobody asks for those of a purged one any more.
pub(crate) async fn remove_variants(
    catalog: &Catalog,
    blobs: &BlobStore,
    id: ImageId,
) -> Result<(), Trouble> {
    // Their names are addresses that a cache may have yet to forget.
    catalog.note_variants(id, blobs.variant_recipes(id).await?).await?;
    blobs.delete_variants(id).await?;
    Ok(())
}

/// Removes the original of a purged image where nothing else refers to it. What fails is found by the sweep.
pub(crate) async fn remove_original(
    catalog: &Catalog,
    blobs: &BlobStore,
    image: &Image,
) -> Result<(), Trouble> {
    let Some(blob) = &image.blob else { return Ok(()) };
    if let Some((id, key)) = catalog.take_orphan(blob.key).await? {
        blobs.delete(key).await?;
        catalog.forget_blob(id).await?;
    }
    Ok(())
}

/// Takes an image back that was deleted at `since` or later.
///
/// # Errors
/// There is no such image, it was deleted too long ago, or the server's own trouble.
pub async fn restore(catalog: &Catalog, id: ImageId, since: UnixMillis) -> Result<(), ImageError> {
    match catalog.restore_image(id, since).await.map_err(Trouble::from)? {
        Restored::Yes(_) | Restored::NotDeleted => Ok(()),
        Restored::TooLate => Err(ImageError::TooLate),
        Restored::Unknown => Err(Denial::NotFound.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_taken_apart() {
        let site = Some("https://example.org/pictures");
        for (base, link, expected) in [
            (None, "https://example.org/i/a.jpg", "i/a.jpg"),
            (site, "https://example.org/pictures/i/a.jpg?x=1#y", "i/a.jpg"),
            (site, "http://example.org/pictures/blog/%C3%BC%20b.jpg", "blog/ü b.jpg"),
            // Another host's, or another folder's.
            (site, "https://media.example.org/pictures/a.jpg", "pictures/a.jpg"),
            (site, "https://example.org/picturesque/a.jpg", "picturesque/a.jpg"),
            (site, "pictures/a.jpg", "pictures/a.jpg"),
            (site, "/blog/a.jpg", "blog/a.jpg"),
            (site, "https://example.org", ""),
        ] {
            assert_eq!(path_of_link(base, link), expected, "{link}");
        }
    }
}
