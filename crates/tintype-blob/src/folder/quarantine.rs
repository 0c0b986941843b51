//! Putting aside instead of deleting: what a repair takes away can be brought back by hand.

use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use super::{
    Folder,
    names::{self, ORIGINALS, QUARANTINE},
};
use crate::{BlobError, Entry};

/// Longest part of a stray file's own name that its name in the quarantine repeats.
const STRAY_NAME_MAX: usize = 100;

impl Folder {
    /// Moves an entry of the originals into the day's quarantine; returns where it lies now.
    ///
    /// The move is one step: a crash leaves the file either here or there, under a name that tells where it came from.
    pub(crate) fn quarantine(&self, entry: &Entry, day: &str) -> Result<PathBuf, BlobError> {
        self.check_writable()?;
        let (from, day, name) = put_aside(entry, day)?;
        let failed = |errno| BlobError::writing(format!("moving {} to {day}", from.display()), errno);
        if self.disk.make_folder(&day).map_err(failed)? {
            self.sync_path(QUARANTINE)?;
        }
        let mut to = format!("{day}/{name}");
        loop {
            match self.disk.rename_new(from.as_os_str(), &to) {
                Ok(()) => break,
                // A name like it was put aside today already; this one gets a suffix.
                Err(Errno::EXIST) => to = format!("{day}/{name}.{}", self.temporary_name()),
                Err(Errno::NOENT) => return Err(BlobError::NotFound),
                Err(errno) => return Err(failed(errno)),
            }
        }
        self.sync_path(&day)?;
        let parent = from.parent().and_then(Path::to_str).unwrap_or(ORIGINALS);
        self.sync_path(parent)?;
        tracing::warn!(blob.from = %from.display(), blob.to = to, "put a file aside");
        Ok(PathBuf::from(to))
    }
}

/// What is to be moved, the folder that it goes to, and its name there.
///
/// # Errors
/// A day that is none, or a stray path that no list gave.
pub(crate) fn put_aside(entry: &Entry, day: &str) -> Result<(PathBuf, String, String), BlobError> {
    let day = names::quarantine_day(day)?;
    Ok(match entry {
        Entry::Blob(key) => (PathBuf::from(names::blob(*key)), day, key.to_string()),
        Entry::Stray(path) => (checked_stray(path)?.to_owned(), day, stray_name(path)),
    })
}

/// A stray path is one that the list gave: `originals/<name>` or `originals/<fan-out>/<name>`, and nothing above.
fn checked_stray(path: &Path) -> Result<&Path, BlobError> {
    let parts: Vec<_> = path.components().collect();
    let plain = parts.iter().all(|part| matches!(part, Component::Normal(_)));
    let placed = match parts.as_slice() {
        [top, name] => is(top, ORIGINALS) && fan_out(name).is_none(),
        [top, middle, _] => is(top, ORIGINALS) && fan_out(middle).is_some(),
        _ => false,
    };
    if plain && placed {
        Ok(path)
    } else {
        let why = "a stray file is one that the list of the originals names";
        Err(BlobError::invalid(format!("quarantining {}", path.display()), why))
    }
}

fn is(part: &Component<'_>, name: &str) -> bool {
    part.as_os_str() == name
}

fn fan_out(part: &Component<'_>) -> Option<u8> {
    names::fan_out_index(part.as_os_str().as_encoded_bytes())
}

/// The name in the quarantine: what is harmless of the old one.
fn stray_name(path: &Path) -> String {
    let old = path.file_name().unwrap_or_default().to_string_lossy();
    let plain = old.chars().take(STRAY_NAME_MAX).map(|character| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => character,
        _ => '_',
    });
    format!("stray-{}", plain.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_within_the_originals_are_strays() {
        for path in ["originals/x", "originals/ab/x", "originals/ab/.hidden", "originals/zz"] {
            assert!(checked_stray(Path::new(path)).is_ok(), "{path}");
        }
        for path in [
            "",
            "originals",
            "originals/ab",
            "originals/../tintype.db",
            "originals/ab/..",
            "originals/ab/../../tintype.db",
            "/originals/x",
            "tintype.db",
            "variants/ab/x",
            "originals/ab/c/d",
            "originals/zz/x",
        ] {
            assert!(checked_stray(Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn the_name_put_aside_is_plain() {
        assert_eq!(stray_name(Path::new("originals/ab/a b\n<ü>.jpg")), "stray-a_b____.jpg");
        assert_eq!(stray_name(&Path::new("originals").join("x".repeat(255))).len(), 106);
    }
}
