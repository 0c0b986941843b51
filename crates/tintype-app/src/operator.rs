//! What the operator does on the command line, on catalogue and store alone, with no server running.

use percent_encoding::percent_decode_str;
use tintype_blob::BlobStore;
use tintype_catalog::{Catalog, PurgeSubject, Restored};
use tintype_types::{ImageId, UnixMillis};

use crate::{AliasKind, Image, Trouble, authorize::Denial, copies, image::ImageError, text};

/// The image behind a link of any kind: a picture, a variant, a page, a named path, an alias, or an id.
///
/// # Errors
/// The catalogue's trouble.
pub async fn id_of_link(catalog: &Catalog, link: &str) -> Result<Option<ImageId>, Trouble> {
    let path = path_of_link(link);
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
/// be no address of ours.
///
/// # Errors
/// The catalogue's trouble.
pub async fn subject_of_link(catalog: &Catalog, link: &str) -> Result<Option<PurgeSubject>, Trouble> {
    let path = path_of_link(link);
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let is_id = decoded.split('.').next().is_some_and(|stem| stem.parse::<ImageId>().is_ok());
    if let Ok(path) = text::named_path(&decoded)
        && !is_id
    {
        return Ok(Some(PurgeSubject::Path(path)));
    }
    Ok(id_of_link(catalog, link).await?.map(PurgeSubject::Image))
}

/// The path of a link, without slashes at its ends, or what was given in place of one.
fn path_of_link(link: &str) -> &str {
    let path =
        link.split_once("://").map_or(link, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    path.split(['?', '#']).next().unwrap_or_default().trim_matches('/')
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
        catalog.purge_image(id, now).await.map_err(Trouble::from)?;
        remove_bytes(catalog, blobs, &image).await?;
    }
    Ok(image)
}

/// Removes an image's variants, and its original where nothing else refers to it.
pub(crate) async fn remove_bytes(catalog: &Catalog, blobs: &BlobStore, image: &Image) -> Result<(), Trouble> {
    // Their names are addresses that a cache may have yet to forget.
    catalog.note_variants(image.id, &blobs.variant_recipes(image.id).await?).await?;
    blobs.delete_variants(image.id).await?;
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
