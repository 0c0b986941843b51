//! A disk of the laboratory's own, whose power can be cut.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;
use tintype_testkit::wait;

use crate::support::lacking;

/// `EXT4_IOC_SHUTDOWN`, which is `FS_IOC_GOINGDOWN` of xfs too: include/uapi/linux/fs.h of the kernel.
const SHUTDOWN: rustix::ioctl::Opcode = 0x8004_587d;
/// Without writing the log: what is not on the disk yet is lost, as in a power cut.
const NO_LOG_FLUSH: u32 = 2;

#[derive(Clone, Copy, Debug)]
pub(crate) enum FileSystem {
    Ext4,
    Xfs,
}

/// A file system in a file, mounted. Unmounted when it is dropped.
pub(crate) struct Disk {
    kind: FileSystem,
    folder: TempDir,
    mounted: PathBuf,
}

impl Disk {
    /// Makes and mounts one. Where this may not be done, says by the test's name that it is skipped.
    pub(crate) fn new(kind: FileSystem) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("disk");
        std::fs::File::create(&image).unwrap().set_len(400 << 20).unwrap();
        let (program, flags) = match kind {
            FileSystem::Ext4 => ("mkfs.ext4", ["-q", "-F"]),
            FileSystem::Xfs => ("mkfs.xfs", ["-q", "-f"]),
        };
        let made = Command::new(program).args(flags).arg(&image).output();
        if !made.is_ok_and(|output| output.status.success()) {
            lacking(program);
            return None;
        }
        let disk = Self { kind, mounted: folder.path().join("mounted"), folder };
        if disk.mount() {
            return Some(disk);
        }
        lacking("the right to mount a file as a disk");
        None
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.mounted.join("data")
    }

    fn mount(&self) -> bool {
        std::fs::create_dir_all(&self.mounted).unwrap();
        // By itself ext4 commits every five seconds, and would keep what nobody synced before the cut.
        let options = match self.kind {
            FileSystem::Ext4 => "loop,commit=300",
            FileSystem::Xfs => "loop",
        };
        let mut command = Command::new("mount");
        command.args(["-o", options]).arg(self.folder.path().join("disk")).arg(&self.mounted);
        command.output().is_ok_and(|output| output.status.success())
    }

    /// From now on nothing reaches the disk any more.
    pub(crate) fn cut_power(&self) {
        let root = std::fs::File::open(&self.mounted).unwrap();
        // SAFETY: the call reads one u32, which the setter passes by reference, and ends the file system of `root` alone.
        unsafe { rustix::ioctl::ioctl(&root, rustix::ioctl::Setter::<SHUTDOWN, u32>::new(NO_LOG_FLUSH)) }
            .unwrap();
    }

    /// The same disk after the power came back.
    pub(crate) fn remounted(self) -> Self {
        unmount(&self.mounted);
        assert!(self.mount(), "it was mounted before");
        self
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What a failed run still holds goes when it is let go of.
        let _ = Command::new("umount").arg("-l").arg(&self.mounted).output();
    }
}

/// Unmounts; whoever still holds a file there, such as a worker that is just ending, is waited for.
fn unmount(path: &Path) {
    wait::until("the disk to be free", Duration::from_secs(30), || {
        Command::new("umount").arg(path).output().is_ok_and(|output| output.status.success())
    });
}
