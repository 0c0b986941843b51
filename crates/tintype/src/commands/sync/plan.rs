//! What has to be done so that the server has what the folder has.

use std::collections::{BTreeMap, BTreeSet};

/// A file of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remote {
    /// Bytes as they were sent.
    pub(super) bytes: u64,
    /// SHA-256 as they were sent, in hex.
    pub(super) sha256: String,
}

/// What to do. Paths are named paths.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) upload: Vec<String>,
    /// From where to where.
    pub(super) moves: Vec<(String, String)>,
    /// What is on the server alone.
    pub(super) gone: Vec<String>,
    pub(super) unchanged: usize,
}

impl Plan {
    /// The same where nothing may be taken from where it stands: what would be moved is uploaded.
    pub(super) fn without_moves(mut self) -> Self {
        for (from, to) in std::mem::take(&mut self.moves) {
            self.gone.push(from);
            self.upload.push(to);
        }
        self.gone.sort();
        self.upload.sort();
        self
    }
}

/// Local pictures whose bytes have to be looked at: those that may equal a file of the server, because that has as many.
pub(super) fn to_hash<'a>(
    local: &'a BTreeMap<String, u64>,
    present: &BTreeSet<String>,
    remote: &BTreeMap<String, Remote>,
) -> Vec<&'a String> {
    let gone: BTreeSet<u64> =
        remote.iter().filter(|(path, _)| !is_present(present, path)).map(|(_, file)| file.bytes).collect();
    let may_equal = |path: &String, bytes: u64| match remote.get(path) {
        Some(file) => file.bytes == bytes,
        None => gone.contains(&bytes),
    };
    local.iter().filter(|(path, bytes)| may_equal(path, **bytes)).map(|(path, _)| path).collect()
}

/// Whether a path is here, or below something here that was not looked into, which ends in a slash.
fn is_present(present: &BTreeSet<String>, path: &str) -> bool {
    present.contains(path) || path.match_indices('/').any(|(at, _)| present.contains(&path[..=at]))
}

/// Compares. `hashes` has the SHA-256 of what [`to_hash`] named. A new picture whose bytes the server has at a path that is
/// gone here was renamed: it is moved, so that its old link leads on.
pub(super) fn plan(
    local: &BTreeMap<String, u64>,
    hashes: &BTreeMap<String, String>,
    present: &BTreeSet<String>,
    remote: &BTreeMap<String, Remote>,
) -> Plan {
    let mut plan = Plan::default();
    let mut gone: BTreeMap<&str, &Remote> = remote
        .iter()
        .filter(|(path, _)| !is_present(present, path))
        .map(|(path, file)| (path.as_str(), file))
        .collect();
    for path in local.keys() {
        let hash = hashes.get(path);
        match remote.get(path) {
            Some(file) if Some(&file.sha256) == hash => plan.unchanged += 1,
            Some(_) => plan.upload.push(path.clone()),
            None => {
                let old = gone.iter().find(|(_, file)| Some(&file.sha256) == hash).map(|(old, _)| *old);
                match old {
                    Some(old) => {
                        gone.remove(old);
                        plan.moves.push((old.to_owned(), path.clone()));
                    }
                    None => plan.upload.push(path.clone()),
                }
            }
        }
    }
    plan.gone = gone.into_keys().map(str::to_owned).collect();
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files by path and content; as many bytes as letters.
    fn check(local: &[(&str, &str)], remote: &[(&str, &str)], skipped: &[&str], expected: &Plan) {
        let all: BTreeMap<String, &str> =
            local.iter().map(|(path, text)| ((*path).to_owned(), *text)).collect();
        let sizes = all.iter().map(|(path, text)| (path.clone(), text.len() as u64)).collect();
        let present = all.keys().cloned().chain(skipped.iter().map(|path| (*path).to_owned())).collect();
        let remote = remote
            .iter()
            .map(|(path, text)| {
                ((*path).to_owned(), Remote { bytes: text.len() as u64, sha256: (*text).to_owned() })
            })
            .collect();
        let named = to_hash(&sizes, &present, &remote);
        let hashes = named.into_iter().map(|path| (path.clone(), all[path].to_owned())).collect();
        assert_eq!(plan(&sizes, &hashes, &present, &remote), *expected, "{local:?} {remote:?}");
    }

    fn texts(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn only_what_changed_is_uploaded() {
        check(&[("a", "1")], &[], &[], &Plan { upload: texts(&["a"]), ..Plan::default() });
        check(&[("a", "1")], &[("a", "1")], &[], &Plan { unchanged: 1, ..Plan::default() });
        check(&[("a", "2")], &[("a", "1")], &[], &Plan { upload: texts(&["a"]), ..Plan::default() });
        check(&[("a", "11")], &[("a", "1")], &[], &Plan { upload: texts(&["a"]), ..Plan::default() });
        check(&[], &[("a", "1"), ("b", "2")], &["b"], &Plan { gone: texts(&["a"]), ..Plan::default() });
    }

    #[test]
    fn what_is_below_something_that_was_not_looked_into_is_not_gone() {
        let remote = [("2023/a", "1"), ("2023/b/c", "2"), ("20231", "3")];
        let gone = Plan { gone: texts(&["20231"]), ..Plan::default() };
        check(&[], &remote, &["2023", "2023/"], &gone);
    }

    #[test]
    fn what_was_renamed_is_moved() {
        let moved = |from: &str, to: &str| vec![(from.to_owned(), to.to_owned())];
        check(&[("b", "1")], &[("a", "1")], &[], &Plan { moves: moved("a", "b"), ..Plan::default() });
        let moves = Plan { moves: moved("a", "b"), upload: texts(&["c"]), ..Plan::default() };
        let plain = Plan { gone: texts(&["a"]), upload: texts(&["b", "c"]), ..Plan::default() };
        assert_eq!(moves.without_moves(), plain);
        // A copy is new: its original is still there.
        let copied = Plan { upload: texts(&["b"]), unchanged: 1, ..Plan::default() };
        check(&[("a", "1"), ("b", "1")], &[("a", "1")], &[], &copied);
        // One of two equal files that are gone is moved once.
        let one = Plan { moves: moved("a", "c"), gone: texts(&["b"]), ..Plan::default() };
        check(&[("c", "1")], &[("a", "1"), ("b", "1")], &[], &one);
        let both = Plan { moves: moved("a", "c"), upload: texts(&["d"]), ..Plan::default() };
        check(&[("c", "1"), ("d", "1")], &[("a", "1")], &[], &both);
        // What stands at its new place already is replaced, not moved.
        let swapped = Plan { upload: texts(&["a", "b"]), ..Plan::default() };
        check(&[("a", "2"), ("b", "1")], &[("a", "1"), ("b", "2")], &[], &swapped);
    }
}
