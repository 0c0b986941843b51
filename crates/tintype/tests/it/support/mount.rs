//! A small file system of a test's own, where the test may mount one.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A mounted tmpfs, unmounted when it is dropped.
pub(crate) struct Mount {
    dir: TempDir,
}

impl Mount {
    /// Mounts one of `megabytes`. Where this may not mount, says by the test's name that it is skipped; fails where CI is set.
    pub(crate) fn tmpfs(megabytes: u32) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let options = format!("size={megabytes}m,mode=0755");
        if mount(&["-t", "tmpfs", "-o", &options, "tintype-test"], dir.path()) {
            return Some(Self { dir });
        }
        lacking("the right to mount a tmpfs");
        None
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// Lets it be written, or not.
    pub(crate) fn remount(&self, how: &str) {
        assert!(mount(&["-o", &format!("remount,{how}")], self.dir.path()), "remount {how}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.dir.path()).status();
    }
}

/// Says that the running test is skipped, and what it would need.
pub(crate) fn skipped(needs: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Not println!, which the test harness keeps to itself while a test passes.
    writeln!(std::io::stderr(), "skipped: {test} needs {needs}").expect("there is a standard error");
}

/// The same for what continuous integration has: fails where CI is set.
#[expect(clippy::disallowed_methods, reason = "whether tests may be skipped is said by the environment")]
pub(crate) fn lacking(needs: &str) {
    assert!(std::env::var_os("CI").is_none(), "CI is set and there is no {needs}");
    skipped(needs);
}

fn mount(arguments: &[&str], target: &Path) -> bool {
    Command::new("mount").args(arguments).arg(target).output().is_ok_and(|output| output.status.success())
}
