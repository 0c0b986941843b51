//! The tree itself, held to the checks by `cargo test`.

use xtask::{Finding, root, tidy};

#[test]
fn the_tree_is_tidy() {
    let findings = tidy::all(&root()).expect("the tree can be read");
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}
