//! Walking the originals, a few entries at a time.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _, path::PathBuf, sync::Arc};

use rustix::{fs::Dir, io::Errno};
use tintype_types::{BlobKey, UnixMillis};

use super::{
    Folder,
    disk::is_dots,
    names::{self, ORIGINALS},
};
use crate::{BlobError, Entry, Listed};

/// Entries looked at in one hop into the blocking pool.
const BATCH: usize = 512;

/// A walk under way: first `originals/` itself, where nothing but the fan-out folders belongs, then each of these.
#[derive(Debug)]
pub(crate) struct Walk {
    folder: Arc<Folder>,
    open: Option<(Place, Dir)>,
    /// The place to go to next; `None` after the last.
    next: Option<Place>,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Top,
    FanOut(u8),
}

impl Place {
    fn path(self) -> String {
        match self {
            Self::Top => ORIGINALS.to_owned(),
            Self::FanOut(index) => names::fan_out(index),
        }
    }

    fn unreadable(self, errno: Errno) -> BlobError {
        BlobError::unavailable(format!("reading {}", self.path()), errno)
    }

    fn after(self) -> Option<Self> {
        match self {
            Self::Top => Some(Self::FanOut(0)),
            Self::FanOut(index) => index.checked_add(1).map(Self::FanOut),
        }
    }
}

impl Walk {
    pub(crate) fn new(folder: Arc<Folder>) -> Self {
        Self { folder, open: None, next: Some(Place::Top) }
    }

    /// The next entries; none at all only at the end. A folder that cannot be read is one error, and the walk goes on
    /// behind it.
    pub(crate) fn batch(&mut self) -> Vec<Result<Listed, BlobError>> {
        let mut found = Vec::new();
        while found.len() < BATCH {
            let Some((place, mut dir)) = self.open.take() else {
                let Some(place) = self.next.take() else { break };
                self.next = place.after();
                match self.folder.disk.entries(&place.path()) {
                    Ok(dir) => self.open = Some((place, dir)),
                    Err(errno) => found.push(Err(place.unreadable(errno))),
                }
                continue;
            };
            match dir.read() {
                None => continue,
                Some(Err(errno)) => {
                    found.push(Err(place.unreadable(errno)));
                    continue;
                }
                Some(Ok(entry)) => found.extend(self.looked_at(place, &entry)),
            }
            self.open = Some((place, dir));
        }
        found
    }

    /// What an entry is; `None` for what is no concern of the walk's or went away meanwhile.
    fn looked_at(&self, place: Place, entry: &rustix::fs::DirEntry) -> Option<Result<Listed, BlobError>> {
        let name = entry.file_name();
        let is_fan_out = matches!(place, Place::Top) && names::fan_out_index(name.to_bytes()).is_some();
        if is_dots(name) || is_fan_out {
            return None;
        }
        let path = PathBuf::from(place.path()).join(OsStr::from_bytes(name.to_bytes()));
        let stat = match self.folder.disk.stat(path.as_os_str()) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return None,
            Err(errno) => {
                return Some(Err(BlobError::unavailable(format!("looking at {}", path.display()), errno)));
            }
        };
        let is_file = rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file();
        let key = name.to_str().ok().and_then(|name| name.parse::<BlobKey>().ok());
        let entry = match (place, key) {
            (Place::FanOut(index), Some(key)) if is_file && key.hash.0[0] == index => Entry::Blob(key),
            _ => Entry::Stray(path),
        };
        let bytes = if is_file { u64::try_from(stat.st_size).unwrap_or(0) } else { 0 };
        let milliseconds = i64::try_from(stat.st_mtime_nsec / 1_000_000).unwrap_or(0);
        let modified = UnixMillis(stat.st_mtime.saturating_mul(1000).saturating_add(milliseconds));
        Some(Ok(Listed { entry, bytes, modified }))
    }
}
