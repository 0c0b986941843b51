//! The pictures of a folder on this machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use tintype_app::text;
use unicode_normalization::UnicodeNormalization as _;

/// A picture, and the named path at which it is to stand.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) file: PathBuf,
    pub(super) bytes: u64,
}

/// Which pictures a server takes.
#[derive(Debug)]
pub(super) struct Accepted {
    /// The extensions that they have, in small letters.
    pub(super) extensions: Vec<String>,
    /// Most bytes of one.
    pub(super) bytes_max: u64,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Pictures, by their named paths.
    pub(super) pictures: BTreeMap<String, Local>,
    /// The named paths of everything that is there, pictures or not: nothing of it is gone.
    pub(super) present: BTreeSet<String>,
    /// What is no picture, and why not.
    pub(super) skipped: Vec<(PathBuf, String)>,
    /// What ought to be uploaded and cannot be, and why not.
    pub(super) refused: Vec<(PathBuf, String)>,
    /// Whether a folder could not be read, so that nobody knows what is gone.
    pub(super) unread: bool,
}

/// Looks through a folder and those below it. `prefix` is the folder of named paths. Symbolic links are not followed and hidden names are passed over.
///
/// # Errors
/// The folder itself cannot be read.
pub(super) fn walk(folder: &Path, prefix: &str, accepted: &Accepted) -> Result<Found> {
    let mut found = Found::default();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    found.folder(entries, prefix, accepted);
    Ok(found)
}

impl Found {
    fn folder(&mut self, entries: fs::ReadDir, prefix: &str, accepted: &Accepted) {
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                Ok((path, kind)) => self.entry(&path, kind, prefix, accepted),
                Err(error) => {
                    self.unread = true;
                    self.refused.push((PathBuf::from(prefix), error.to_string()));
                }
            }
        }
    }

    fn entry(&mut self, path: &Path, kind: fs::FileType, prefix: &str, accepted: &Accepted) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            let why = "its name is not UTF-8, which links are made of; rename it";
            self.unread |= kind.is_dir();
            return self.refused.push((path.to_owned(), why.to_owned()));
        };
        let is_hidden = name.starts_with('.');
        // Composed, as links are typed: some systems keep the dots of an ü apart.
        let name = format!("{prefix}{}", name.nfc());
        if is_hidden {
            // It is here, and so is what may lie below it: not looked at is not gone.
            self.present.insert(format!("{name}/"));
            self.present.insert(name);
            return;
        }
        if kind.is_dir() {
            return match fs::read_dir(path) {
                Ok(entries) => self.folder(entries, &format!("{name}/"), accepted),
                Err(error) => {
                    self.unread = true;
                    self.refused.push((path.to_owned(), format!("this folder cannot be read: {error}")));
                }
            };
        }
        let twice = !self.present.insert(name.clone());
        if !kind.is_file() {
            let what = if kind.is_symlink() { "a symbolic link" } else { "no plain file" };
            // It may lead to a folder: what is below is not gone because it is not looked at.
            self.present.insert(format!("{name}/"));
            return self.skipped.push((path.to_owned(), what.to_owned()));
        }
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        if !extension.is_some_and(|extension| accepted.extensions.contains(&extension)) {
            let why = format!("no picture that the server takes: {}", accepted.extensions.join(", "));
            return self.skipped.push((path.to_owned(), why));
        }
        if twice {
            let why = "another file has this name once its accents are composed; rename one";
            return self.refused.push((path.to_owned(), why.to_owned()));
        }
        if let Err(invalid) = text::named_path(&name) {
            return self.refused.push((path.to_owned(), format!("its {invalid}; rename it")));
        }
        match path.metadata() {
            Ok(metadata) if metadata.len() > accepted.bytes_max => {
                let (bytes, max) = (metadata.len(), accepted.bytes_max);
                let why = format!("it has {bytes} bytes, and the server takes {max}; make it smaller");
                self.refused.push((path.to_owned(), why));
            }
            Ok(metadata) => {
                let picture = Local { file: path.to_owned(), bytes: metadata.len() };
                self.pictures.insert(name, picture);
            }
            Err(error) => self.refused.push((path.to_owned(), error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_pictures_and_names_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("b/.git")).unwrap();
        let names = [
            "a.png",
            "b/c d.JPG",
            "b/u\u{308}.png",
            "b/n.txt",
            "b/x?.png",
            "b/.hidden.png",
            "b/.git/x.png",
            "e.avif",
        ];
        for name in names {
            fs::write(at(name), "x").unwrap();
        }
        std::os::unix::fs::symlink("/etc", at("etc")).unwrap();
        std::os::unix::fs::symlink(at("a.png"), at("link.png")).unwrap();
        fs::write(at("large.png"), "xx").unwrap();
        let accepted = Accepted { extensions: ["png", "jpg"].map(str::to_owned).to_vec(), bytes_max: 1 };
        let found = walk(dir.path(), "blog/", &accepted).unwrap();
        let pictures: Vec<&str> = found.pictures.keys().map(String::as_str).collect();
        assert_eq!(pictures, ["blog/a.png", "blog/b/c d.JPG", "blog/b/\u{fc}.png"]);
        let mut skipped: Vec<_> = found.skipped.iter().map(|(path, _)| path.clone()).collect();
        skipped.sort();
        assert_eq!(skipped, ["b/n.txt", "e.avif", "etc", "link.png"].map(at));
        for skipped in ["blog/e.avif", "blog/b/.hidden.png", "blog/b/.git/"] {
            assert!(found.present.contains(skipped), "{skipped}: what is skipped is not gone");
        }
        let mut refused = found.refused.clone();
        refused.sort();
        let [(file, why), (large, limit)] = &refused[..] else { panic!("{refused:?}") };
        assert!(*file == at("b/x?.png") && why.contains("\\ ? # %"), "{why}");
        assert!(
            *large == at("large.png") && limit.contains("it has 2 bytes, and the server takes 1"),
            "{limit}"
        );
        assert!(!found.unread && walk(&at("none"), "", &accepted).is_err());
    }

    #[test]
    fn names_that_become_one_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["u\u{308}.png", "\u{fc}.png"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        if fs::read_dir(dir.path()).unwrap().count() < 2 {
            return; // A file system that composes names itself.
        }
        let found =
            walk(dir.path(), "", &Accepted { extensions: vec!["png".to_owned()], bytes_max: 1 }).unwrap();
        assert_eq!((found.pictures.len(), found.refused.len()), (1, 1));
    }
}
