//! The checks of the tree's own shape.

mod arrows;
mod environment;
mod lengths;
mod orphans;
mod web_imports;
mod words;

use std::path::Path;

use anyhow::Result;

use crate::{Finding, cargo, tree};

/// Runs every check over the repository at `root`.
///
/// # Errors
/// When a file cannot be read or cargo cannot be run.
pub fn all(root: &Path) -> Result<Vec<Finding>> {
    let sources = tree::sources(root, &["rs", "ts", "tsx", "mjs", "css", "sh", "html", "sql"])?;
    let mut findings = arrows::check(&cargo::workspace(root)?);
    findings.extend(lengths::check(&sources));
    findings.extend(words::check(&sources));
    findings.extend(environment::check(&sources));
    findings.extend(orphans::check(&sources));
    findings.extend(web_imports::check(&sources));
    findings.sort();
    Ok(findings)
}
