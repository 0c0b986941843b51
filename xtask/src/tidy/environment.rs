//! Only the binary reads the environment: everywhere else settings are values that a test can pass.

use crate::{Finding, tree::Source};

/// Who else may: the testkit is told by the environment where the fixtures are, and these are no part of the program.
const FREE: [&str; 3] = ["crates/tintype/", "crates/tintype-testkit/", "xtask/"];

const CALLS: [&str; 4] = [
    concat!("env::", "var("),
    concat!("env::", "var_os("),
    concat!("env::", "vars("),
    concat!("env::", "vars_os("),
];

const TEST_MODULE: &str = concat!("#[cfg(", "test)]");

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources.iter().filter(|source| is_watched(source)).flat_map(reads).collect()
}

/// Library code: not tests, examples or build scripts (which cargo talks to by the environment).
fn is_watched(source: &Source) -> bool {
    source.is_rust()
        && source.path.starts_with("crates/")
        && source.path.contains("/src/")
        && !source.path.ends_with("/tests.rs")
        && !FREE.iter().any(|free| source.path.starts_with(free))
}

fn reads(source: &Source) -> Vec<Finding> {
    let code = source.text.lines().take_while(|line| line.trim() != TEST_MODULE);
    code.enumerate()
        .filter(|(_, line)| CALLS.iter().any(|call| line.contains(call)))
        .map(|(index, _)| {
            Finding::at(
                &source.path,
                index,
                "only crates/tintype reads the environment: take the value as an argument",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_found_in_libraries_outside_their_tests() {
        let read = concat!("let x = std::env::", "var(\"X\");");
        let tested = format!("{read}\n{TEST_MODULE}\n{read}\n");
        let sources = [
            Source::new("crates/tintype-http/src/a.rs", &tested),
            Source::new("crates/tintype-http/build.rs", read),
            Source::new("crates/tintype-http/tests/it/a.rs", read),
            Source::new("crates/tintype/src/config.rs", read),
            Source::new("crates/tintype-testkit/src/fixtures.rs", read),
        ];
        let places: Vec<_> = check(&sources).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["crates/tintype-http/src/a.rs:1"]);
    }
}
