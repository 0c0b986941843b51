//! The folder of real picture files that are too many or too large for the repository.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The folder itself: `$TINTYPE_FIXTURES`, else `shared/fixtures` beside the repository. It need not exist.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where the fixtures are")]
pub fn root() -> PathBuf {
    match env::var_os("TINTYPE_FIXTURES") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
    }
}

/// The fixture folder or file `name`, such as `photos` or `photos/kodak-01.png`, for the test called `test`. Where it
/// is missing, prints `skipped: <test> needs fixtures/<name>` and answers `None`, so that the test can return.
///
/// # Panics
/// When it is missing and `CI` is set: there nothing may be skipped in silence.
#[expect(clippy::disallowed_methods, reason = "CI says by the environment that nothing may be skipped")]
pub fn require_for(test: &str, name: &str) -> Option<PathBuf> {
    match find(&root(), test, name, env::var_os("CI").is_some()) {
        Ok(path) => Some(path),
        Err(skipped) => {
            // Not println!, which the test harness keeps to itself while a test passes.
            writeln!(io::stderr(), "{skipped}").expect("there is a standard error");
            None
        }
    }
}

/// [`require_for`] of the running test, which the test harness names after its thread.
///
/// # Panics
/// As [`require_for`].
pub fn require(name: &str) -> Option<PathBuf> {
    let thread = std::thread::current();
    require_for(thread.name().unwrap_or("a test"), name)
}

/// The path, or the line that says what is skipped.
fn find(root: &Path, test: &str, name: &str, strict: bool) -> Result<PathBuf, String> {
    let path = root.join(name);
    if path.exists() {
        return Ok(path);
    }
    let skipped = format!("skipped: {test} needs fixtures/{name}");
    let root = root.display();
    assert!(!strict, "{skipped}, which is not in {root}; set TINTYPE_FIXTURES to the folder that has it");
    Err(skipped)
}

/// Every file below a folder, in the order of their paths, the same on every machine.
///
/// # Panics
/// When a folder cannot be read.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let entries =
            fs::read_dir(&next).unwrap_or_else(|error| panic!("cannot list {}: {error}", next.display()));
        for entry in entries {
            let path = entry.unwrap_or_else(|error| panic!("cannot list {}: {error}", next.display())).path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Every file below the fixture folder `name`, or none where it is missing (said as by [`require`]).
///
/// # Panics
/// As [`require`].
pub fn list(name: &str) -> Vec<PathBuf> {
    require(name).map(|folder| files(&folder)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_skipped() {
        let skipped = find(Path::new("/nonexistent"), "t", "photos", false);
        assert_eq!(skipped, Err("skipped: t needs fixtures/photos".to_owned()));
    }

    #[test]
    #[should_panic(expected = "skipped: t needs fixtures/photos")]
    fn what_is_missing_fails_where_ci_is_set() {
        let _ = find(Path::new("/nonexistent"), "t", "photos", true);
    }

    #[test]
    fn what_is_there_is_found_and_listed_in_order() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(find(here, "t", "src", true), Ok(here.join("src")));
        let listed = files(&here.join("src"));
        assert!(listed.contains(&here.join("src/raw/png.rs")));
        assert!(listed.is_sorted());
    }
}
