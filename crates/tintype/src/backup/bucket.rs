//! A backup in a bucket: the same names as in a folder, and in the bucket that keeps the originals the catalogue alone.

use std::{collections::HashMap, fs, path::Path};

use anyhow::{Context as _, Result, bail};
use tintype_blob::{BlobError, BlobStore, S3Options, Vault};
use tintype_catalog::{Blob, Catalog};
use tintype_types::BlobKey;

use super::{
    ATTEMPTS, BATCH, CATALOGUE, Copied, NEXT_CATALOGUE, Source, copy_catalogue, create, forget_if_orphan,
    is_copied, originals, refuse_full, remove_catalogue, sync, write_durably,
};
use crate::keeper::Note;

/// Makes a bucket a backup of the data folder `from`, or brings it up to date. With `originals` it gets these too; without
/// them it is the bucket that keeps them. `told` hears of every original.
pub(crate) async fn make(
    catalog: &Catalog,
    blobs: &BlobStore,
    from: &Path,
    vault: &Vault,
    originals: bool,
    prune: bool,
    told: impl Fn(Copied),
) -> Result<Copied> {
    vault.claim(catalog.store_identity()).await.context("cannot take that place for backups")?;
    let mut note = Note::read(from);
    if let Some(holder) = vault.holder().await?
        && !holder.starts_with(&format!("{}-", note.folder))
        && vault.released().await?.as_deref() != Some(&holder)
    {
        bail!(
            "another server ({holder}) backs its catalogue up there: name another place, or run this beside that server"
        );
    }
    let next = from.join(NEXT_CATALOGUE);
    for _ in 0..ATTEMPTS {
        let Some(copied) = attempt(catalog, blobs, &next, vault, originals, prune, &told).await? else {
            continue;
        };
        vault.put_catalogue(&next, &note.next()?).await.context("cannot store the catalogue")?;
        remove_catalogue(&next)?;
        return Ok(copied);
    }
    bail!(
        "originals vanished while they were being copied, {ATTEMPTS} times over: is something else deleting them?"
    )
}

/// Copies the catalogue to `next` and the originals that it names to the bucket; `None` where one vanished.
async fn attempt(
    catalog: &Catalog,
    blobs: &BlobStore,
    next: &Path,
    vault: &Vault,
    originals: bool,
    prune: bool,
    told: &impl Fn(Copied),
) -> Result<Option<Copied>> {
    copy_catalogue(catalog, next).await?;
    if !originals {
        let counts = catalog.counts().await.context("cannot read the catalogue")?;
        return Ok(Some(Copied { files: counts.blobs, bytes: counts.bytes, ..Copied::default() }));
    }
    let copy = Catalog::open(next, || unreachable!("a copy has an identity"))
        .await
        .context("cannot read the catalogue's copy")?;
    let mut known = vault.originals().await.context("cannot list the backup's originals")?;
    let outcome = send_originals(&copy, blobs, vault, &mut known, told).await;
    copy.close().await.context("the catalogue's copy did not close")?;
    let Some(mut copied) = outcome? else { return Ok(None) };
    copied.surplus = known.len() as u64;
    if prune {
        for key in known.into_keys() {
            vault.remove_original(key).await.with_context(|| format!("cannot remove {key}"))?;
        }
    }
    Ok(Some(copied))
}

/// Sends the originals that `copy` names and the backup lacks, and takes those that it names out of `known`.
async fn send_originals(
    copy: &Catalog,
    blobs: &BlobStore,
    vault: &Vault,
    known: &mut HashMap<BlobKey, u64>,
    told: &impl Fn(Copied),
) -> Result<Option<Copied>> {
    let (mut copied, mut after) = (Copied::default(), None);
    loop {
        let page = copy.blobs_after(after, BATCH).await.context("cannot read the catalogue's copy")?;
        let Some(last) = page.last() else { return Ok(Some(copied)) };
        after = Some(last.key);
        for blob in page.iter().filter(|blob| is_copied(blob)) {
            if known.remove(&blob.key) != Some(blob.bytes) {
                if !send_original(blobs, vault, blob).await? {
                    if forget_if_orphan(copy, blob.key).await? {
                        continue;
                    }
                    return Ok(None);
                }
                copied.new += 1;
            }
            copied.files += 1;
            copied.bytes += blob.bytes;
            told(copied);
        }
    }
}

/// Sends one original, hashed first; `false` where it is not there.
async fn send_original(blobs: &BlobStore, vault: &Vault, blob: &Blob) -> Result<bool> {
    if !blobs.is_remote() {
        match blobs.hash(blob.key).await {
            Ok((hash, _)) if hash == blob.key.hash => {}
            Ok(_) => bail!(
                "{} is damaged, so nothing more is copied: an earlier backup may still have it whole. `tintype check` lists all that is damaged",
                blob.key
            ),
            Err(BlobError::NotFound) => return Ok(false),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", blob.key)),
        }
    }
    // Of a bucket it is verified while it is fetched.
    let file = async { blobs.open_blob(blob.key, blob.bytes, false).await?.local().await };
    let file = match file.await {
        Err(BlobError::NotFound) => return Ok(false),
        file => file.with_context(|| format!("cannot read {}", blob.key))?,
    };
    let sent = vault.put_original(blob.key, file, blob.bytes, blob.media_type).await;
    sent.with_context(|| format!("cannot store {}", blob.key))?;
    Ok(true)
}

/// Puts a backup of a bucket into an empty data folder. With `originals` these too; without, the bucket goes on keeping them.
pub(crate) async fn put_back(
    place: &S3Options,
    data: &Path,
    originals: bool,
    told: impl Fn(Copied),
) -> Result<Copied> {
    refuse_full(data)?;
    crate::data::create(data)?;
    let catalogue = data.join(CATALOGUE);
    let vault = Vault::connect(place)?;
    let fetched = vault.get_catalogue(&catalogue).await;
    let Some(stored) = fetched.with_context(|| format!("cannot fetch from {}", place.shown()))? else {
        bail!("{} holds no whole backup: it has no {CATALOGUE}", place.shown());
    };
    // So that a server which backs up to that place goes on from here.
    Note::read(data).remember(stored.version)?;
    let catalog = crate::data::catalogue(data).await?;
    let outcome =
        if originals { fetch_originals(place, &catalog, data, told).await.map(Some) } else { Ok(None) };
    catalog.forget_copies().await.context("cannot write the catalogue")?;
    let counts = catalog.counts().await.context("cannot read the catalogue")?;
    catalog.close().await.context("the catalogue did not close")?;
    sync(&catalogue)?;
    sync(data)?;
    let kept = Copied { files: counts.blobs, bytes: counts.bytes, ..Copied::default() };
    Ok(outcome?.unwrap_or(kept))
}

/// Fetches the originals that a catalogue names, and makes the folder one that keeps its originals itself.
async fn fetch_originals(
    place: &S3Options,
    catalog: &Catalog,
    data: &Path,
    told: impl Fn(Copied),
) -> Result<Copied> {
    for index in 0..=u8::MAX {
        create(&data.join(format!("originals/{index:02x}")))?;
    }
    // What is being fetched waits in a folder of its own.
    let scratch = data.join("restoring");
    let blobs = BlobStore::open_s3(&scratch, catalog.store_identity(), false, place)
        .await
        .with_context(|| format!("cannot open {}", place.shown()))?;
    let copied = originals(catalog, &Source::Bucket(&blobs), data, &told).await?;
    drop(blobs);
    fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))?;
    let Some((copied, _)) = copied else {
        bail!("an original that the backup's catalogue names is missing in {}", place.shown())
    };
    write_durably(&data.join("store.json"), &BlobStore::folder_identity(catalog.store_identity()))?;
    Ok(copied)
}
