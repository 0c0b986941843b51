//! The web app's imports go one way: `pages → features → ui, lib`, with `api` beside `lib`; features never import each
//! other, `ui` knows neither the API nor the features.

use crate::{Finding, tree::Source};

const SOURCES: &str = "web/src/";

/// A folder of `web/src` and the folders that it may import, besides itself. What is not named here (the entry file,
/// styles) may import everything and be imported by everybody.
const LAYERS: [(&str, &[&str]); 5] = [
    ("pages", &["features", "ui", "lib", "api"]),
    ("features", &["ui", "lib", "api"]),
    ("ui", &["lib"]),
    ("api", &["lib"]),
    ("lib", &[]),
];

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| source.is_typescript() && source.path.starts_with(SOURCES))
        .flat_map(imports_of)
        .collect()
}

fn imports_of(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().enumerate();
    lines
        .flat_map(|(index, line)| specifiers(line).into_iter().map(move |specifier| (index, specifier)))
        .filter_map(|(index, specifier)| {
            let target = resolve(&source.path, specifier)?;
            Some(Finding::at(&source.path, index, refusal(&source.path, &target)?))
        })
        .collect()
}

/// What stands in quotes after `from`, `import` or `import(` in this line.
fn specifiers(line: &str) -> Vec<&str> {
    ["from ", "import ", "import("]
        .into_iter()
        .flat_map(|word| line.match_indices(word).map(move |(at, _)| &line[at + word.len()..]))
        .filter_map(|rest| {
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            rest[1..].split_once(quote).map(|(specifier, _)| specifier)
        })
        .collect()
}

/// The path of a relative import from `web/src`; `None` for packages and for what lies outside.
fn resolve(importer: &str, specifier: &str) -> Option<String> {
    if !specifier.starts_with('.') {
        return None;
    }
    let folder = importer.rsplit_once('/')?.0;
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/").strip_prefix(SOURCES).map(str::to_owned)
}

fn refusal(importer: &str, target: &str) -> Option<String> {
    let importer = importer.strip_prefix(SOURCES)?;
    let (from, to) = (layer(importer)?, layer(target)?);
    if from == to {
        let apart = from == "features" && feature(importer) != feature(target);
        return apart.then(|| {
            format!(
                "feature {} must not import feature {}: move what they share to lib or ui",
                feature(importer),
                feature(target)
            )
        });
    }
    let (_, may) = LAYERS.iter().find(|(name, _)| *name == from)?;
    (!may.contains(&to))
        .then(|| format!("{from} must not import {to} ({target}); imports go pages → features → ui, lib"))
}

/// The folder of [`LAYERS`] that a path below `web/src` lies in, if any.
fn layer(path: &str) -> Option<&'static str> {
    let (first, _) = path.split_once('/')?;
    LAYERS.iter().map(|(name, _)| *name).find(|name| *name == first)
}

fn feature(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, text: &str) -> Vec<String> {
        check(&[Source::new(path, text)]).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn imports_downwards_pass() {
        let none = [""; 0];
        assert_eq!(messages("web/src/pages/upload.tsx", "import { a } from '../features/upload/a'"), none);
        assert_eq!(
            messages("web/src/features/upload/a/b.ts", "import x from '../c'\nimport '../../../lib/d'"),
            none
        );
        assert_eq!(
            messages("web/src/ui/button.tsx", "import { x } from 'react'\nimport './button.css'"),
            none
        );
        assert_eq!(messages("web/src/main.tsx", "import { x } from './pages/upload'"), none);
    }

    #[test]
    fn imports_upwards_and_sideways_are_found() {
        for (path, text) in [
            ("web/src/lib/a.ts", "import { b } from '../ui/b'"),
            ("web/src/lib/a.ts", "import { b } from '../api/client'"),
            ("web/src/ui/a.tsx", "} from \"../features/upload/b\""),
            ("web/src/ui/a.tsx", "import type { Image } from '../api/types'"),
            ("web/src/features/upload/a.ts", "export { b } from '../../pages/upload'"),
            ("web/src/features/upload/a.ts", "const b = await import('../images/b')"),
            ("web/src/features/upload/queue/a.ts", "import '../../images/b'"),
        ] {
            assert_eq!(messages(path, text).len(), 1, "{path}: {text}");
        }
    }
}
