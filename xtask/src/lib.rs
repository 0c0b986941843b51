//! What a reviewer would say twice, said by a machine. Each check is a small function from text to [`Finding`]s with
//! tests of its own; `tests/tree.rs` runs them over the tree.

mod cargo;
pub mod licences;
pub mod tidy;
mod tree;

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// A file, a file and line (`a/b.rs:7`), a crate or a package.
    pub place: String,
    /// What is wrong there and what to do.
    pub message: String,
}

impl Finding {
    fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }

    fn at(file: &str, line_index: usize, message: impl Into<String>) -> Self {
        Self::new(format!("{file}:{}", line_index + 1), message)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// The root of the repository that this was built from.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the root").to_path_buf()
}
