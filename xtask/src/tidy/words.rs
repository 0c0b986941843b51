//! Words that mean "not finished", "not run" or "wait and hope". They are put together from parts here, so that this
//! file does not find itself.

use crate::{Finding, tree::Source};

const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const STUBS: [&str; 2] = [concat!("todo", "!("), concat!("unimplemented", "!(")];
const IGNORED: &str = concat!("#[", "ignore");
const ALLOWED: [&str; 2] = [concat!("#[", "allow("), concat!("#![", "allow(")];
const SLEEP: &str = concat!("sleep", "(");
const TEST_MODULE: &str = concat!("#[cfg(", "test)]");

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .flat_map(|source| [unfinished(source), rust_words(source), sleeps(source)].concat())
        .collect()
}

/// Where `word` stands in `line` with no letter, digit or underscore on either side.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(joins) && !after.is_some_and(joins)
    })
}

fn unfinished(source: &Source) -> Vec<Finding> {
    each_line(source, |line| {
        let word = UNFINISHED.into_iter().find(|word| has_word(line, word))?;
        Some(format!("{word}: finish it, or open an issue and say here what stands"))
    })
}

fn rust_words(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    each_line(source, |line| {
        if let Some(stub) = STUBS.into_iter().find(|stub| line.contains(stub)) {
            return Some(format!("{stub}…): write it"));
        }
        if line.contains(IGNORED) {
            return Some("an ignored test proves nothing: mend it or delete it".to_owned());
        }
        let allowed = ALLOWED.into_iter().any(|attribute| line.contains(attribute));
        allowed
            .then(|| "use #[expect(…, reason = \"…\")], which fails when it is no longer needed".to_owned())
    })
}

/// How many lines above a sleep the loop that it belongs to begins, at most.
const LOOP_LINES: usize = 4;

/// Sleeps in test code: below a `tests` folder, in `tests.rs`, or after the line that opens a test module. A short
/// pause in a loop that looks at a condition (`while …`, `loop {`) is waiting, not sleeping.
fn sleeps(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let mut inside = source.path.contains("/tests/") || source.path.ends_with("/tests.rs");
    let mut since_loop = usize::MAX;
    each_line(source, |line| {
        inside |= line.trim() == TEST_MODULE;
        let code = line.split("//").next().unwrap_or_default();
        let looks = code.trim_start().starts_with("while ") || code.contains("loop {");
        since_loop = if looks { 0 } else { since_loop.saturating_add(1) };
        (inside && calls_sleep(code) && since_loop > LOOP_LINES).then(|| {
            "a test that sleeps is slow or flaky: wait for the condition (tintype_testkit::wait, a channel, an interval)"
                .to_owned()
        })
    })
}

fn calls_sleep(code: &str) -> bool {
    code.match_indices(SLEEP).any(|(at, _)| {
        let before = &code[..at];
        !before.ends_with(|c: char| c.is_alphanumeric() || c == '_') && !before.ends_with("fn ")
    })
}

fn each_line(source: &Source, mut find: impl FnMut(&str) -> Option<String>) -> Vec<Finding> {
    let lines = source.text.lines().enumerate();
    lines.filter_map(|(index, line)| Some(Finding::at(&source.path, index, find(line)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(path: &str, text: &str) -> Vec<String> {
        check(&[Source::new(path, text)]).into_iter().map(|finding| finding.place).collect()
    }

    #[test]
    fn unfinished_words_are_found_in_every_language_and_only_as_words() {
        let word = concat!("TO", "DO");
        assert_eq!(places("web/src/a.ts", &format!("ok\n// {word}: later")), ["web/src/a.ts:2"]);
        assert_eq!(places("tools/a.sh", &format!("# {}", concat!("FIX", "ME"))), ["tools/a.sh:1"]);
        assert_eq!(places("crates/a/src/a.rs", &format!("let {word}S = 1; // a{word}")), [""; 0]);
    }

    #[test]
    fn stubs_ignored_tests_and_allowed_lints_are_found_in_rust() {
        for bad in [
            concat!("todo", "!()"),
            concat!("    unimplemented", "!(\"x\")"),
            concat!("#[", "ignore]"),
            concat!("#[", "ignore = \"slow\"]"),
            concat!("#[", "allow(dead_code)]"),
            concat!("#![", "allow(dead_code)]"),
        ] {
            assert_eq!(places("crates/a/src/a.rs", bad), ["crates/a/src/a.rs:1"], "{bad}");
        }
        assert_eq!(places("crates/a/src/a.rs", "#[expect(dead_code, reason = \"x\")]"), [""; 0]);
    }

    #[test]
    fn sleeps_are_found_in_tests_alone() {
        let call = concat!("    thread::sleep", "(ONE_SECOND);");
        assert_eq!(places("crates/a/src/a.rs", call), [""; 0]);
        assert_eq!(places("crates/a/tests/it/a.rs", call), ["crates/a/tests/it/a.rs:1"]);
        assert_eq!(places("crates/a/src/b/tests.rs", call), ["crates/a/src/b/tests.rs:1"]);
        let module = format!("{call}\n{TEST_MODULE}\nmod tests {{\n{call}\n}}");
        assert_eq!(places("crates/a/src/a.rs", &module), ["crates/a/src/a.rs:4"]);
        assert_eq!(places("crates/a/tests/a.rs", concat!("// never sleep", "(1)")), [""; 0]);
        assert_eq!(places("crates/a/tests/a.rs", concat!("oversleep", "(1)")), [""; 0]);
    }

    #[test]
    fn a_pause_between_two_looks_is_no_sleep() {
        let call = concat!("    thread::sleep", "(PAUSE);");
        let polling = format!("while !ready() {{\n    assert!(in_time());\n{call}\n}}");
        assert_eq!(places("crates/a/tests/a.rs", &polling), [""; 0]);
        let later = format!("while !ready() {{}}\n\n\n\n\n{call}");
        assert_eq!(places("crates/a/tests/a.rs", &later), ["crates/a/tests/a.rs:6"]);
    }
}
