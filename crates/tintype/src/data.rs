//! The data folder: opening catalogue and store, and the lock that keeps two servers apart.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use rustix::fs::{FlockOperation, flock};
use tintype_blob::{BlobStore, S3Options};
use tintype_catalog::Catalog;

/// Makes the folder where it is missing, for its owner alone.
pub(crate) fn create(dir: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).with_context(|| {
        format!(
            "cannot make the data folder {}; make it yourself, or name another with --data",
            dir.display()
        )
    })
}

/// File systems that are gone with the container or at a restart (statfs(2)).
const EPHEMERAL: [(u64, &str); 2] = [
    (0x794c_7630, "the container's own layer, which is gone with the container"),
    (0x0102_1994, "memory, which is empty after a restart"),
];

/// Refuses a catalogue that a redeploy would lose while the bucket keeps the pictures: nobody would find them any more.
pub(crate) fn refuse_ephemeral(dir: &Path) -> Result<()> {
    let Ok(stat) = rustix::fs::statfs(dir) else { return Ok(()) };
    let kind = u64::try_from(stat.f_type).unwrap_or(0) & 0xffff_ffff;
    if let Some((_, what)) = EPHEMERAL.iter().find(|(magic, _)| *magic == kind) {
        bail!(
            "the pictures are in a bucket, but the catalogue, which alone knows them, is in {}: on {what}. Mount a volume \
             there, set catalog.restore_from to a place that the server backs it up to, or say catalog.ephemeral = \"allow\" (TINTYPE_CATALOG_EPHEMERAL) where everything may be lost",
            dir.display()
        );
    }
    Ok(())
}

/// A data folder that a server has used.
pub(crate) fn existing(dir: &Path) -> Result<std::path::PathBuf> {
    if !dir.join("tintype.db").exists() {
        bail!(
            "there is no catalogue in {}; run this where the server was started, or name its data folder with --data",
            dir.display()
        );
    }
    Ok(dir.to_owned())
}

/// Opens the catalogue alone.
pub(crate) async fn catalogue(dir: &Path) -> Result<Catalog> {
    Catalog::open(&dir.join("tintype.db"), identity)
        .await
        .with_context(|| format!("cannot open the catalogue in {}", dir.display()))
}

/// Opens the catalogue and the store that belongs to it: the bucket, where there is one, else the folder.
pub(crate) async fn open(dir: &Path, s3: Option<&S3Options>) -> Result<(Catalog, BlobStore)> {
    let catalog = catalogue(dir).await?;
    // A first start that was cut off between the two has a catalogue without blobs and perhaps no store yet.
    let fresh = catalog.blobs_after(None, 1).await.context("cannot read the catalogue")?.is_empty();
    let blobs = match s3 {
        None => BlobStore::open(dir, catalog.store_identity(), fresh)
            .await
            .with_context(|| format!("cannot open the store in {}", dir.display()))?,
        Some(s3) => BlobStore::open_s3(dir, catalog.store_identity(), fresh, s3)
            .await
            .with_context(|| format!("cannot open the store in {}", s3.shown()))?,
    };
    Ok((catalog, blobs))
}

/// A name for a new store: 32 hex digits.
pub(crate) fn identity() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The right to run a server on a folder. Given back by the system when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock.
    pub(crate) fn take(dir: &Path) -> Result<Self> {
        let path = dir.join("tintype.lock");
        let mut file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).with_context(
                || format!("cannot open {}; the data folder must be writable", path.display()),
            )?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let holder = if holder.trim().is_empty() { "another process" } else { holder.trim() };
            bail!("{} is in use by {holder}; stop it, or name another folder with --data", dir.display());
        }
        let mut lock = Self { file };
        lock.describe(&format!("process {}", std::process::id()));
        Ok(lock)
    }

    /// Says who holds the lock, for whoever meets it.
    pub(crate) fn describe(&mut self, holder: &str) {
        // The text is a courtesy; the lock holds without it.
        let _ = self
            .file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| writeln!(self.file, "{holder}"));
    }
}
