//! Files stay short enough to be read in one go. Functions are measured by clippy (`too_many_lines`).

use crate::{Finding, tree::Source};

/// Most lines of a source file.
const LINES_MAX: usize = 600;

/// Written by a program, not by hand.
const GENERATED: [&str; 1] = ["web/src/api/schema.d.ts"];

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| source.is_rust() || source.is_typescript())
        .filter(|source| !GENERATED.contains(&source.path.as_str()))
        .filter_map(|source| {
            let lines = source.text.lines().count();
            let message = || format!("{lines} lines, more than {LINES_MAX}: split it by concern");
            (lines > LINES_MAX).then(|| Finding::new(&source.path, message()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_found_and_others_are_not() {
        let long = "x\n".repeat(601);
        let sources = [
            Source::new("crates/a/src/long.rs", &long),
            Source::new("web/src/long.tsx", &long),
            Source::new("crates/a/src/just.rs", &"x\n".repeat(600)),
            Source::new("web/src/api/schema.d.ts", &long),
            Source::new("web/src/styles/long.css", &long),
        ];
        let places: Vec<_> = check(&sources).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["crates/a/src/long.rs", "web/src/long.tsx"]);
    }
}
