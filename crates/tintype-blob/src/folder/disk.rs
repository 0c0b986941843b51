//! Every call to the file system, one function each, under the root of the data folder.
//!
//! Paths are relative to the root and made by this crate alone: from keys, ids and validated recipes. In tests a
//! faulty disk stands here in the place of the real one and fails at a named [`Step`].

use std::{
    ffi::CStr,
    fs::File,
    io::{IoSlice, Write as _},
    os::fd::{AsRawFd as _, OwnedFd},
};

use rustix::{
    buffer::spare_capacity,
    fs::{AtFlags, CWD, Dir, Mode, OFlags, RenameFlags, Stat},
    io::Errno,
};

use crate::Step;

/// Files are for the server's user alone.
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);
const FOLDER_MODE: Mode = Mode::RWXU;

/// The root of a data folder.
#[derive(Debug)]
pub(crate) struct Disk {
    root: OwnedFd,
    kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Real,
    #[cfg(feature = "testing")]
    Faulty(std::sync::Arc<crate::Faults>),
}

impl Disk {
    pub(crate) fn new(root: OwnedFd, kind: Kind) -> Self {
        Self { root, kind }
    }

    fn enter(&self, step: Step) -> Result<(), Errno> {
        match &self.kind {
            Kind::Real => {
                let _ = step;
                Ok(())
            }
            #[cfg(feature = "testing")]
            Kind::Faulty(faults) => faults.enter(step),
        }
    }

    /// A new file without a name: it is gone when its last descriptor is.
    pub(crate) fn create_unnamed(&self, folder: &str) -> Result<File, Errno> {
        self.enter(Step::CreateStaging)?;
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        rustix::fs::openat(&self.root, folder, flags, FILE_MODE).map(File::from)
    }

    /// A new file at `path`, which must not exist.
    pub(crate) fn create_named(&self, path: &str) -> Result<File, Errno> {
        self.enter(Step::CreateStaging)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        rustix::fs::openat(&self.root, path, flags, FILE_MODE).map(File::from)
    }

    /// Opens `path` to read; a symbolic link in its last place is refused.
    pub(crate) fn open(&self, path: &str) -> Result<File, Errno> {
        self.enter(Step::Open)?;
        // NONBLOCK matters for a FIFO that somebody put there alone: the open would wait for its writer.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        rustix::fs::openat(&self.root, path, flags, Mode::empty()).map(File::from)
    }

    /// Opens an open file once more, to read alone. Whoever gets the new descriptor cannot write by it.
    pub(crate) fn reopen(&self, file: &File) -> Result<File, Errno> {
        self.enter(Step::Open)?;
        rustix::fs::openat(CWD, proc_path(file), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .map(File::from)
    }

    /// Writes every slice at the file's position.
    pub(crate) fn write(&self, mut file: &File, mut slices: &mut [IoSlice<'_>]) -> Result<(), Errno> {
        self.enter(Step::Write).inspect_err(|_| {
            // A disk that fills up takes a part first; so does the faulty one.
            let part = slices.first().map_or(&[][..], |first| &first[..first.len() / 2]);
            let _ = file.write(part);
        })?;
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            match file.write_vectored(slices) {
                Ok(0) => return Err(Errno::NOSPC),
                Ok(written) => IoSlice::advance_slices(&mut slices, written),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
            }
        }
        Ok(())
    }

    /// Fills `out` from `offset`; returns how many bytes were there, fewer than asked for only where the file ends.
    pub(crate) fn read_at(&self, file: &File, out: &mut [u8], offset: u64) -> Result<usize, Errno> {
        self.enter(Step::Read)?;
        let mut done = 0;
        while done < out.len() {
            match rustix::io::pread(file, &mut out[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(done)
    }

    /// Reads `len` bytes from `offset` into memory of their own that is not zeroed before; fewer where the file ends.
    pub(crate) fn read_vec(&self, file: &File, offset: u64, len: usize) -> Result<Vec<u8>, Errno> {
        self.enter(Step::Read)?;
        let mut out = Vec::with_capacity(len);
        while out.len() < len {
            let at = offset + out.len() as u64;
            match rustix::io::pread(file, spare_capacity(&mut out), at) {
                Ok(0) => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        out.truncate(len);
        Ok(out)
    }

    pub(crate) fn sync_file(&self, file: &File) -> Result<(), Errno> {
        self.enter(Step::SyncFile)?;
        #[cfg(feature = "testing")]
        if self.stat(WITHOUT_SYNCS).is_ok() {
            return Ok(());
        }
        rustix::fs::fsync(file)
    }

    pub(crate) fn sync_folder(&self, path: &str) -> Result<(), Errno> {
        self.enter(Step::SyncFolder)?;
        #[cfg(feature = "testing")]
        if self.stat(WITHOUT_SYNCS).is_ok() {
            return Ok(());
        }
        rustix::fs::fsync(&self.open_folder(path)?)
    }

    /// Gives a file without a name the name `to`, which must be free.
    pub(crate) fn link_unnamed(&self, file: &File, to: &str) -> Result<(), Errno> {
        self.enter(Step::Link)?;
        match rustix::fs::linkat(CWD, proc_path(file), &self.root, to, AtFlags::SYMLINK_FOLLOW) {
            // Without /proc: allowed since Linux 6.10 for files that one opened oneself, before only with a capability.
            Err(Errno::NOENT) => rustix::fs::linkat(file, "", &self.root, to, AtFlags::EMPTY_PATH),
            result => result,
        }
    }

    /// Gives the file at `from` the name `to`, which must be free; `from` is gone or left to be removed.
    pub(crate) fn link_named(&self, from: &str, to: &str) -> Result<(), Errno> {
        self.enter(Step::Link)?;
        match rustix::fs::linkat(&self.root, from, &self.root, to, AtFlags::empty()) {
            // No hard links here (exFAT, some network file systems).
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK) => {
                self.rename_if_free(from, to)
            }
            result => result,
        }
    }

    /// Moves `from` to `to`; what stood there is replaced.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        self.enter(Step::Rename)?;
        rustix::fs::renameat(&self.root, from, &self.root, to)
    }

    /// Moves `from` to `to`, which must be free.
    pub(crate) fn rename_new<P: rustix::path::Arg + Copy>(&self, from: P, to: &str) -> Result<(), Errno> {
        self.enter(Step::Rename)?;
        self.rename_if_free(from, to)
    }

    fn rename_if_free<P: rustix::path::Arg + Copy>(&self, from: P, to: &str) -> Result<(), Errno> {
        match rustix::fs::renameat_with(&self.root, from, &self.root, to, RenameFlags::NOREPLACE) {
            // Not in one step here (NFS). A new name is made by one process alone, so that looking first is enough.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => match self.stat(to) {
                Err(Errno::NOENT) => rustix::fs::renameat(&self.root, from, &self.root, to),
                Ok(_) => Err(Errno::EXIST),
                Err(errno) => Err(errno),
            },
            result => result,
        }
    }

    /// Removes the name `path`; false where there was none.
    pub(crate) fn unlink(&self, path: &str) -> Result<bool, Errno> {
        self.enter(Step::Unlink)?;
        match rustix::fs::unlinkat(&self.root, path, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Makes a folder; false where it exists.
    pub(crate) fn make_folder(&self, path: &str) -> Result<bool, Errno> {
        self.enter(Step::MakeFolder)?;
        match rustix::fs::mkdirat(&self.root, path, FOLDER_MODE) {
            Err(Errno::EXIST) => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Removes a folder that is empty; one that is not stays.
    pub(crate) fn remove_folder(&self, path: &str) -> Result<(), Errno> {
        self.enter(Step::Unlink)?;
        match rustix::fs::unlinkat(&self.root, path, AtFlags::REMOVEDIR) {
            Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
            result => result,
        }
    }

    /// What stands in a folder, with `.` and `..`, which [`is_dots`] tells.
    pub(crate) fn entries(&self, path: &str) -> Result<Dir, Errno> {
        Dir::new(self.open_folder(path)?)
    }

    /// What stands at `path`, links not followed.
    pub(crate) fn stat<P: rustix::path::Arg>(&self, path: P) -> Result<Stat, Errno> {
        rustix::fs::statat(&self.root, path, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// The file system that `path` lies on, links followed.
    pub(crate) fn device(&self, path: &str) -> Result<u64, Errno> {
        rustix::fs::statat(&self.root, path, AtFlags::empty()).map(|stat| stat.st_dev)
    }

    /// Bytes that an ordinary user may still write.
    pub(crate) fn free_bytes(&self) -> Result<u64, Errno> {
        rustix::fs::fstatvfs(&self.root).map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn open_folder(&self, path: &str) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.root, path, flags, Mode::empty())
    }
}

/// A file in the data folder by which the laboratory asks to see data lost. A program that is built to be run does not
/// look for it.
#[cfg(feature = "testing")]
const WITHOUT_SYNCS: &str = "lab-without-syncs";

/// The magic link by which the kernel finds an open file anew.
fn proc_path(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// Whether a folder's entry is the folder itself or its parent.
pub(crate) fn is_dots(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}
