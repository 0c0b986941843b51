//! The catalogue holds private keys and everybody's hidden titles: its files are for their owner alone.
//!
//! What cannot be done here is somebody else's file, or is said by SQLite in its own words.

use std::{
    fs::{OpenOptions, Permissions, metadata, set_permissions},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Makes an empty file for its owner alone, where there is none. SQLite takes it for none, and gives those beside it its mode.
pub(crate) fn create(path: &Path) {
    let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

/// Takes the file from strangers, with what SQLite keeps beside it. A group may have been given it on purpose.
pub(crate) fn tighten(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let Ok(mode) = metadata(&name).map(|found| found.permissions().mode()) else { continue };
        if mode & 0o007 != 0 {
            let _ = set_permissions(&name, Permissions::from_mode(mode & 0o7770));
        }
    }
}
