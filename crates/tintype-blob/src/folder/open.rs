//! Opening a data folder, and laying it out at the first start.

use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt as _,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize},
    },
};

use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
    rand::GetRandomFlags,
};

use super::{
    Disk, Folder, disk,
    disk::is_dots,
    identity::{StoreFile, is_identity},
    names::{self, INCOMING, ORIGINALS, QUARANTINE, STAGING, VARIANTS},
    syncs::FolderSyncs,
};
use crate::{
    BlobError,
    store::{Options, Originals},
};

/// Opens the folder of the catalogue with this identity, or creates it.
pub(crate) fn open(
    dir: &Path,
    identity: &str,
    fresh: bool,
    options: Options,
) -> Result<Arc<Folder>, BlobError> {
    if !is_identity(identity) {
        return Err(BlobError::invalid(
            format!("opening a store as {identity:?}"),
            "an identity is 32 hex digits",
        ));
    }
    let foreign = |found| Err(BlobError::ForeignStore { expected: identity.to_owned(), found });
    let originals = options.originals;
    let elsewhere = originals.place();
    if !dir.exists() {
        if !fresh && elsewhere.is_none() {
            return foreign(None);
        }
        create_durably(dir)?;
    }
    let folder = Arc::new(Folder {
        disk: Disk::new(open_root(dir)?, options.disk),
        syncs: FolderSyncs::default(),
        poisoned: AtomicBool::new(false),
        staging: Mutex::new(options.staging),
        token: random_token()?,
        next_name: AtomicU64::new(0),
        staged_now: AtomicUsize::new(0),
    });
    let found = folder.read_identity()?;
    match (&found, elsewhere) {
        (Some(found), _) if found.identity != identity => return foreign(Some(found.identity.clone())),
        (Some(_), _) if originals == Originals::Moving => {}
        (Some(StoreFile { originals: Some(place), .. }), None) => {
            return Err(BlobError::OtherKind(format!(
                "the originals of this data folder are in {place}: start with that bucket (store.kind, store.bucket), or \
                 bring them back with `tintype migrate store --to folder`"
            )));
        }
        (None, None) if !fresh || folder.holds_originals()? => return foreign(None),
        (None | Some(StoreFile { originals: None, .. }), Some(place)) if folder.holds_originals()? => {
            return Err(BlobError::OtherKind(format!(
                "this data folder keeps its originals itself: start without a bucket, or move them to {place} with \
                 `tintype migrate store --to s3`"
            )));
        }
        _ => {}
    }
    folder.lay_out(elsewhere.is_none())?;
    if elsewhere.is_none() {
        folder.check_one_file_system()?;
    }
    let said = found.as_ref().map(|found| found.originals.as_deref());
    if said != Some(elsewhere) && originals != Originals::Moving {
        folder.write_identity(identity, elsewhere, found.is_some())?;
    }
    Ok(folder)
}

/// Makes a folder with its missing ancestors and syncs each into its parent, so that a power cut leaves either the whole
/// chain or a shorter one, which the next start completes.
fn create_durably(dir: &Path) -> Result<(), BlobError> {
    let failed = |path: &Path, error: &io::Error| {
        let errno = Errno::from_io_error(error).unwrap_or(Errno::IO);
        BlobError::writing(format!("creating the data folder {}", path.display()), errno)
    };
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !parent.exists() {
        create_durably(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(dir, &error)),
        _ => {}
    }
    std::fs::File::open(parent).and_then(|file| file.sync_all()).map_err(|error| failed(dir, &error))
}

fn open_root(dir: &Path) -> Result<std::os::fd::OwnedFd, BlobError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(dir, flags, Mode::empty())
        .map_err(|errno| BlobError::unavailable(format!("opening the data folder {}", dir.display()), errno))
}

/// 64 random bits in hex. They name temporary files and nothing else, so that they need no seed of the caller's.
fn random_token() -> Result<String, BlobError> {
    let mut bytes = [0; 8];
    rustix::rand::getrandom(&mut bytes, GetRandomFlags::empty())
        .map_err(|errno| BlobError::unavailable("asking the system for random bytes", errno))?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}

impl Folder {
    /// Syncs a folder that is not a fan-out one. A failure poisons the store.
    pub(super) fn sync_path(&self, path: &str) -> Result<(), BlobError> {
        self.disk.sync_folder(path).map_err(|errno| self.poison(&format!("syncing {path}"), errno))
    }

    /// Whether any file lies in the folders of the originals.
    fn holds_originals(&self) -> Result<bool, BlobError> {
        let existing = self.existing_fan_outs()?;
        for index in (0..=u8::MAX).filter(|index| existing[usize::from(*index)]) {
            let path = names::fan_out(index);
            let failed = |errno| BlobError::unavailable(format!("reading {path}"), errno);
            for entry in self.disk.entries(&path).map_err(failed)? {
                if !is_dots(entry.map_err(failed)?.file_name()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Makes what is missing of the layout, and syncs what it made.
    ///
    /// A crash leaves a part of it without `store.json`; the next start makes the rest. From then on a put syncs one
    /// folder alone, since every folder is already durable in its parent.
    fn lay_out(&self, holds_originals: bool) -> Result<(), BlobError> {
        let make = |path: &str| {
            self.disk
                .make_folder(path)
                .map_err(|errno| BlobError::writing(format!("making the folder {path}"), errno))
        };
        let mut made = false;
        let folders: &[&str] = if holds_originals {
            &[ORIGINALS, VARIANTS, QUARANTINE, STAGING, INCOMING]
        } else {
            &[VARIANTS, STAGING]
        };
        for path in folders {
            if self.disk.stat(*path).is_err() {
                made |= make(path)?;
            }
        }
        let existing = if holds_originals { self.existing_fan_outs()? } else { [true; 256] };
        let mut made_fan_out = false;
        for index in (0..=u8::MAX).filter(|index| !existing[usize::from(*index)]) {
            made_fan_out |= make(&names::fan_out(index))?;
        }
        if made_fan_out {
            self.sync_path(ORIGINALS)?;
        }
        if made { self.sync_path(".") } else { Ok(()) }
    }

    /// Which fan-out folders there are; none where there are no originals.
    fn existing_fan_outs(&self) -> Result<[bool; 256], BlobError> {
        let mut existing = [false; 256];
        let failed = |errno| BlobError::unavailable("reading originals", errno);
        let entries = match self.disk.entries(ORIGINALS) {
            Err(Errno::NOENT) => return Ok(existing),
            result => result.map_err(failed)?,
        };
        for entry in entries {
            if let Some(index) = names::fan_out_index(entry.map_err(failed)?.file_name().to_bytes()) {
                existing[usize::from(index)] = true;
            }
        }
        Ok(existing)
    }

    /// Names move between these folders, which only one file system can do.
    fn check_one_file_system(&self) -> Result<(), BlobError> {
        let device = |path| {
            self.disk
                .device(path)
                .map_err(|errno| BlobError::unavailable(format!("looking at the folder {path}"), errno))
        };
        let originals = device(ORIGINALS)?;
        for path in [STAGING, QUARANTINE, INCOMING] {
            if device(path)? != originals {
                let why = "originals, staging, quarantine and incoming must lie on one file system";
                return Err(BlobError::invalid(format!("using the folder {path}"), why));
            }
        }
        Ok(())
    }

    /// Removes what earlier processes left in the staging folders; returns how many files that was.
    pub(crate) fn sweep_staging(&self) -> Result<usize, BlobError> {
        let mut removed = 0;
        for path in [STAGING, names::VARIANT_STAGING] {
            let failed = |errno| BlobError::writing(format!("sweeping {path}"), errno);
            let entries = match self.disk.entries(path) {
                Err(Errno::NOENT) => continue,
                result => result.map_err(failed)?,
            };
            for entry in entries {
                let entry = entry.map_err(failed)?;
                // Names of this process are uploads under way. A name that is no text is not one of ours.
                match entry.file_name().to_str() {
                    Ok(name) if !disk::is_dots(entry.file_name()) && !name.starts_with(&self.token) => {
                        removed += usize::from(self.disk.unlink(&format!("{path}/{name}")).map_err(failed)?);
                    }
                    _ => {}
                }
            }
        }
        Ok(removed)
    }
}
