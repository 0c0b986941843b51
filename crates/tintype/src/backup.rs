//! A backup: a data folder without variants, made of a running one.
//!
//! ```text
//! store.json              as in a data folder that keeps its originals itself
//! tintype.db              the catalogue as of one moment
//! originals/ab/<key>      every original that this catalogue names
//! ```
//! Where the originals are in object storage, they are copied from there: a backup is whole without it. A backup in a bucket has
//! the same names; in the bucket that keeps the originals it is the catalogue alone.
//!
//! The catalogue is copied first and then the originals that the copy names: what is uploaded meanwhile belongs to the next
//! backup. An original whose image is deleted for good in between is missing; then the catalogue is copied anew. The
//! catalogue gets its name last, so that a backup that is cut off leaves the earlier one whole, with some originals more.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Read, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use tintype_blob::{BlobError, BlobStore};
use tintype_catalog::{Blob, BlobState, Catalog};
use tintype_types::{BlobKey, ContentHash};

pub(crate) mod bucket;

/// Times that the catalogue is copied anew because an original vanished while it was being copied.
const ATTEMPTS: usize = 20;
/// Rows that are read at a time.
const BATCH: u32 = 1_000;
const CATALOGUE: &str = "tintype.db";
const NEXT_CATALOGUE: &str = "tintype.db.next";

/// What a backup did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Copied {
    /// Originals in the backup.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Originals that were not there before.
    pub(crate) new: u64,
    /// Files of earlier backups that no image names any more.
    pub(crate) surplus: u64,
}

/// Makes `to` a backup of the data folder `from`, or brings it up to date. `told` hears of every original.
pub(crate) async fn make(
    catalog: &Catalog,
    blobs: &BlobStore,
    from: &Path,
    to: &Path,
    prune: bool,
    told: impl Fn(Copied),
) -> Result<Copied> {
    prepare(catalog, from, to)?;
    let source = if blobs.is_remote() { Source::Bucket(blobs) } else { Source::Folder(from) };
    for _ in 0..ATTEMPTS {
        if let Some(copied) = attempt(catalog, &source, to, &told).await? {
            let names = copied.1;
            let mut copied = copied.0;
            copied.surplus = surplus(to, &names, prune)?;
            return Ok(copied);
        }
    }
    bail!(
        "originals vanished while they were being copied, {ATTEMPTS} times over: is something else deleting them?"
    )
}

/// Copies the catalogue as of this moment into a file of its own.
pub(crate) async fn copy_catalogue(catalog: &Catalog, next: &Path) -> Result<()> {
    remove_catalogue(next)?;
    catalog.copy_to(next).await.context("cannot copy the catalogue")
}

/// Whether a backup has a blob's bytes.
fn is_copied(blob: &Blob) -> bool {
    matches!(blob.state, BlobState::Live | BlobState::Orphan)
}

/// Drops a blob that no image named any more when the catalogue was copied, and that was removed since.
async fn forget_if_orphan(copy: &Catalog, key: BlobKey) -> Result<bool> {
    let Some((id, _)) = copy.take_orphan(key).await.context("cannot mend the catalogue's copy")? else {
        return Ok(false);
    };
    copy.forget_blob(id).await.context("cannot mend the catalogue's copy")?;
    Ok(true)
}

/// Where originals are copied from.
enum Source<'a> {
    Folder(&'a Path),
    Bucket(&'a BlobStore),
}

/// Refuses a folder that holds something else, and lays out a new one.
fn prepare(catalog: &Catalog, from: &Path, to: &Path) -> Result<()> {
    let read = |path: &Path| fs::read(path).map(|text| BlobStore::identity_in(&text));
    let identity = read(&from.join("store.json")).context("cannot read store.json of the data folder")??;
    let known = to.join("store.json");
    match read(&known) {
        Ok(found) if found.as_ref().ok() != Some(&identity) => bail!(
            "{} is a backup of another data folder; name an empty folder, or one that holds a backup of this one",
            to.display()
        ),
        Ok(_) => {}
        Err(_) if to.exists() && fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) => {
            bail!("{} holds something that is no backup; name an empty folder", to.display())
        }
        Err(_) => {
            create(to)?;
            write_durably(&known, &BlobStore::folder_identity(&identity))?;
        }
    }
    if same_place(from, to) {
        bail!("{} is the data folder itself; name another folder", to.display());
    }
    if identity != catalog.store_identity() {
        bail!("the data folder's store.json and catalogue do not belong together");
    }
    for index in 0..=u8::MAX {
        create(&to.join(format!("originals/{index:02x}")))?;
    }
    Ok(())
}

fn same_place(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// One try; `None` where an original vanished.
async fn attempt(
    catalog: &Catalog,
    source: &Source<'_>,
    to: &Path,
    told: &impl Fn(Copied),
) -> Result<Option<(Copied, HashSet<String>)>> {
    let next = to.join(NEXT_CATALOGUE);
    copy_catalogue(catalog, &next).await?;
    let copy = Catalog::open(&next, || unreachable!("a copy has an identity"))
        .await
        .context("cannot read the catalogue's copy")?;
    let outcome = originals(&copy, source, to, told).await;
    copy.close().await.context("the catalogue's copy did not close")?;
    let Some(copied) = outcome? else { return Ok(None) };
    sync(&next)?;
    let named = to.join(CATALOGUE);
    remove_log(&named)?;
    fs::rename(&next, &named).context("cannot name the catalogue's copy")?;
    sync(to)?;
    Ok(Some(copied))
}

pub(crate) fn remove_catalogue(path: &Path) -> Result<()> {
    remove(path)?;
    remove_log(path)
}

/// Removes the log of a catalogue that was not closed: it would be played into whatever file has that name next.
pub(crate) fn remove_log(path: &Path) -> Result<()> {
    for suffix in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        remove(Path::new(&name))?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Copies the originals that `copy` names and the backup lacks.
async fn originals(
    copy: &Catalog,
    from: &Source<'_>,
    to: &Path,
    told: &impl Fn(Copied),
) -> Result<Option<(Copied, HashSet<String>)>> {
    let (mut copied, mut names, mut touched) = (Copied::default(), HashSet::new(), HashSet::new());
    let mut after = None;
    loop {
        let blobs = copy.blobs_after(after, BATCH).await.context("cannot read the catalogue's copy")?;
        let Some(last) = blobs.last() else { break };
        after = Some(last.key);
        for blob in &blobs {
            if !is_copied(blob) {
                continue;
            }
            let below = PathBuf::from("originals").join(blob.key.fan_out()).join(blob.key.to_string());
            let target = to.join(&below);
            if fs::metadata(&target).is_ok_and(|known| known.len() == blob.bytes) {
                // Was hashed when it was copied; `backup --check` hashes all of them anew.
            } else if !(match from {
                Source::Folder(from) => copy_original(&from.join(&below), &target, blob.key)?,
                Source::Bucket(blobs) => fetch_original(blobs, &target, blob).await?,
            }) {
                if forget_if_orphan(copy, blob.key).await? {
                    continue;
                }
                return Ok(None);
            } else {
                copied.new += 1;
                touched.insert(blob.key.fan_out());
            }
            names.insert(blob.key.to_string());
            copied.files += 1;
            copied.bytes += blob.bytes;
            told(copied);
        }
    }
    for fan_out in touched {
        sync(&to.join("originals").join(fan_out))?;
    }
    Ok(Some((copied, names)))
}

/// Copies one original, hashed on the way and synced; `false` where it is not there. A copy on the same file system is a
/// second name of the same bytes, which are never changed.
fn copy_original(source: &Path, target: &Path, key: BlobKey) -> Result<bool> {
    let mut file = match File::open(source) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("cannot open {}", source.display())),
    };
    let temporary = target.with_extension("part");
    let _ = fs::remove_file(&temporary);
    let linked = fs::hard_link(source, &temporary).is_ok();
    let mut out = if linked {
        None
    } else {
        Some(File::create(&temporary).with_context(|| format!("cannot write {}", temporary.display()))?)
    };
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 256 << 10]);
    loop {
        let read = file.read(&mut buffer).with_context(|| format!("cannot read {}", source.display()))?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        if let Some(out) = &mut out {
            out.write_all(&buffer[..read])
                .with_context(|| format!("cannot write {}", temporary.display()))?;
        }
    }
    if ContentHash(hasher.finalize().into()) != key.hash {
        let _ = fs::remove_file(&temporary);
        bail!(
            "{} is damaged, so nothing more is copied: an earlier backup may still have it whole. `tintype check` lists all that is damaged",
            source.display()
        );
    }
    if let Some(out) = out {
        out.sync_all().with_context(|| format!("cannot sync {}", temporary.display()))?;
    }
    fs::rename(&temporary, target).with_context(|| format!("cannot name {}", target.display()))?;
    Ok(true)
}

/// The same from object storage: hashed on the way, and synced.
async fn fetch_original(blobs: &BlobStore, target: &Path, blob: &Blob) -> Result<bool> {
    let fetched = async { blobs.open_blob(blob.key, blob.bytes, false).await?.local().await };
    let mut file = match fetched.await {
        Ok(file) => file.try_clone().context("cannot read what was fetched")?,
        Err(BlobError::NotFound) => return Ok(false),
        Err(error @ BlobError::Corrupt(_)) => {
            return Err(error).context("nothing more is copied: an earlier backup may still have it whole");
        }
        Err(error) => return Err(error).with_context(|| format!("cannot fetch {}", blob.key)),
    };
    let temporary = target.with_extension("part");
    let mut out =
        File::create(&temporary).with_context(|| format!("cannot write {}", temporary.display()))?;
    file.rewind().context("cannot read what was fetched")?;
    io::copy(&mut file, &mut out).with_context(|| format!("cannot write {}", temporary.display()))?;
    out.sync_all().with_context(|| format!("cannot sync {}", temporary.display()))?;
    fs::rename(&temporary, target).with_context(|| format!("cannot name {}", target.display()))?;
    Ok(true)
}

/// Counts the originals that the backup's catalogue does not name, and removes them where asked to.
fn surplus(to: &Path, names: &HashSet<String>, prune: bool) -> Result<u64> {
    let mut found = 0;
    for index in 0..=u8::MAX {
        let folder = to.join(format!("originals/{index:02x}"));
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let entry = entry?;
            if !names.contains(entry.file_name().to_string_lossy().as_ref()) {
                found += 1;
                if prune {
                    fs::remove_file(entry.path())
                        .with_context(|| format!("cannot remove {}", entry.path().display()))?;
                }
            }
        }
    }
    Ok(found)
}

/// Refuses a folder that holds something.
fn refuse_full(data: &Path) -> Result<()> {
    if data.exists() && fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty; name an empty folder, or move what is there away first", data.display());
    }
    Ok(())
}

/// Puts a backup into an empty data folder. The lock of the new folder is the caller's.
pub(crate) async fn put_back(backup: &Path, data: &Path, told: impl Fn(Copied)) -> Result<Copied> {
    refuse_full(data)?;
    if !backup.join(CATALOGUE).exists() {
        bail!("{} holds no whole backup: it has no {CATALOGUE}", backup.display());
    }
    crate::data::create(data)?;
    for index in 0..=u8::MAX {
        create(&data.join(format!("originals/{index:02x}")))?;
    }
    let catalogue = data.join(CATALOGUE);
    fs::copy(backup.join(CATALOGUE), &catalogue).context("cannot copy the catalogue")?;
    let copy = Catalog::open(&catalogue, || unreachable!("a copy has an identity"))
        .await
        .context("cannot read the backup's catalogue")?;
    let outcome = originals(&copy, &Source::Folder(backup), data, &told).await;
    // They were of a bucket, if there were any; whoever serves this one with a bucket looks what is there.
    copy.forget_copies().await.context("cannot write the catalogue")?;
    copy.close().await.context("the catalogue did not close")?;
    let Some((copied, _)) = outcome? else {
        bail!(
            "an original that the backup's catalogue names is missing in {}; `tintype backup --check` lists all",
            backup.display()
        )
    };
    sync(&catalogue)?;
    // Last, because a folder without it is no store that a server would begin on.
    let identity = fs::read(backup.join("store.json")).context("cannot read store.json of the backup")?;
    write_durably(&data.join("store.json"), &identity)?;
    sync(data)?;
    Ok(copied)
}

/// Opens a backup as a store, to be checked.
pub(crate) async fn open(backup: &Path) -> Result<(Catalog, BlobStore)> {
    if !backup.join(CATALOGUE).exists() {
        bail!("{} holds no whole backup: it has no {CATALOGUE}", backup.display());
    }
    crate::data::open(backup, None).await
}

fn create(dir: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("cannot make the folder {}", dir.display()))
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    sync(path)
}

fn sync(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .with_context(|| format!("cannot sync {}", path.display()))
}
