//! A Rust file that no `mod` names is not compiled, and a test in it never runs: every file below `src` and `tests/it`
//! is named by its parent.

use std::collections::HashMap;

use crate::{Finding, tree::Source};

const ROOTS: [&str; 3] = ["lib.rs", "main.rs", "build.rs"];

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let rust = sources.iter().filter(|source| source.is_rust());
    let by_path: HashMap<&str, &str> =
        rust.clone().map(|source| (source.path.as_str(), source.text.as_str())).collect();
    rust.filter_map(|source| orphan(&source.path, &by_path)).collect()
}

/// The path split into the folder of a compiled tree (`…/src` or `…/tests/it`) and the place in it.
fn split(path: &str) -> Option<(&str, &str)> {
    ["/src/", "/tests/it/"].into_iter().find_map(|part| {
        let at = path.find(part)? + part.len();
        Some((&path[..at], &path[at..]))
    })
}

fn orphan(path: &str, by_path: &HashMap<&str, &str>) -> Option<Finding> {
    let (tree, inside) = split(path)?;
    if ROOTS.contains(&inside) || inside.starts_with("bin/") {
        return None;
    }
    let module = inside.strip_suffix("/mod.rs").or_else(|| inside.strip_suffix(".rs"))?;
    let (folder, name) = module.rsplit_once('/').unwrap_or(("", module));
    let parents: Vec<String> = if folder.is_empty() {
        ROOTS.iter().map(|root| format!("{tree}{root}")).collect()
    } else {
        vec![format!("{tree}{folder}/mod.rs"), format!("{tree}{folder}.rs")]
    };
    let named =
        parents.iter().filter_map(|parent| by_path.get(parent.as_str())).any(|text| names_module(text, name));
    let first = parents.iter().find(|parent| by_path.contains_key(parent.as_str())).unwrap_or(&parents[0]);
    (!named).then(|| {
        Finding::new(path, format!("not compiled, its tests never run: add `mod {name};` to {first}"))
    })
}

fn names_module(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        line.trim().strip_suffix(';').and_then(|line| line.strip_suffix(name)).is_some_and(|before| {
            before == "mod " || (before.starts_with("pub") && before.ends_with(" mod "))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(sources: &[Source]) -> Vec<String> {
        check(sources).into_iter().map(|finding| finding.place).collect()
    }

    #[test]
    fn files_that_nobody_names_are_found() {
        let sources = [
            Source::new("crates/a/src/lib.rs", "pub mod named;\npub(crate) mod folder;\n// mod comment;\n"),
            Source::new("crates/a/src/named.rs", ""),
            Source::new("crates/a/src/comment.rs", ""),
            Source::new("crates/a/src/folder/mod.rs", "mod inner;"),
            Source::new("crates/a/src/folder/inner.rs", ""),
            Source::new("crates/a/src/folder/lost.rs", ""),
            Source::new("crates/a/src/bin/tool.rs", ""),
            Source::new("crates/a/tests/alone.rs", ""),
            Source::new("crates/a/tests/it/main.rs", "mod upload;"),
            Source::new("crates/a/tests/it/upload.rs", "mod deep;"),
            Source::new("crates/a/tests/it/upload/deep.rs", ""),
            Source::new("crates/a/tests/it/forgotten.rs", ""),
        ];
        assert_eq!(
            places(&sources),
            ["crates/a/src/comment.rs", "crates/a/src/folder/lost.rs", "crates/a/tests/it/forgotten.rs"]
        );
    }

    #[test]
    fn a_longer_name_does_not_count() {
        let sources =
            [Source::new("crates/a/src/lib.rs", "mod uploads;"), Source::new("crates/a/src/loads.rs", "")];
        assert_eq!(places(&sources), ["crates/a/src/loads.rs"]);
    }
}
