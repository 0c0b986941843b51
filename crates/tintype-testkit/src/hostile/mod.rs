//! Files that mean harm, each with a name that says how. None is larger than 1 MiB.

mod avif;
mod gif;
mod jpeg;
mod other;
mod png;
mod polyglot;
mod truncated;
mod webp;

/// Largest file of [`all`], in bytes.
pub const BYTES_MAX: usize = 1 << 20;

/// What a server may do with a file. Neither is ever a 5xx, a crash, or something left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expect {
    /// Refused with a 4xx: it is no picture of an accepted format, or passes the default limits by far.
    Refused,
    /// Either: a careful reader may find a valid picture in it, and then publishes that picture alone.
    AcceptedOrRefused,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hostile {
    /// What it is, in lower case with hyphens and an extension that fits what it pretends to be. Unique.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// What may become of it.
    pub expect: Expect,
}

impl Hostile {
    fn refused(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: name.to_owned(), bytes, expect: Expect::Refused }
    }

    fn either(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: name.to_owned(), bytes, expect: Expect::AcceptedOrRefused }
    }
}

/// Every hostile file of this crate: bombs, polyglots, liars, and every format cut off at each hundredth of its
/// length. About a thousand files, 15 MB together, the same on every call.
pub fn all() -> Vec<Hostile> {
    let mut files = bombs_and_liars();
    files.extend(truncated::all());
    files
}

/// [`all`] without the truncations: about sixty files.
pub fn bombs_and_liars() -> Vec<Hostile> {
    [png::all(), jpeg::all(), gif::all(), webp::all(), avif::all(), polyglot::all(), other::all()].concat()
}

/// The truncations alone: each format's [`crate::build`] samples cut at 0 %, 1 %, … 99 % of their length.
pub fn truncations() -> Vec<Hostile> {
    truncated::all()
}
