//! The steps at which the disk can fail, each with a name.

/// One kind of call to the file system. Tests make the n-th of a kind fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Creating a file to stage bytes in.
    CreateStaging,
    /// Writing bytes into a file.
    Write,
    /// Fsync of a file.
    SyncFile,
    /// Giving a staged file its name.
    Link,
    /// Fsync of a folder.
    SyncFolder,
    /// Removing a name.
    Unlink,
    /// Moving a name.
    Rename,
    /// Making a folder.
    MakeFolder,
    /// Opening a stored file.
    Open,
    /// Reading bytes.
    Read,
}

#[cfg(feature = "testing")]
impl Step {
    /// Every step.
    pub const ALL: [Self; 10] = [
        Self::CreateStaging,
        Self::Write,
        Self::SyncFile,
        Self::Link,
        Self::SyncFolder,
        Self::Unlink,
        Self::Rename,
        Self::MakeFolder,
        Self::Open,
        Self::Read,
    ];
}
