//! Licences and origins of everything that Tintype is built from: permissive ones only, from the public registries
//! only. The list is short on purpose; a new licence is read by a person and added here.

mod crates;
mod npm;

use std::path::Path;

use anyhow::Result;
use spdx::{Expression, ParseMode};

use crate::{Finding, cargo};

/// SPDX names of the licences that may be in what is shipped or built with.
const PERMISSIVE: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "IJG",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Python-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// For fonts alone (npm's `@fontsource` packages): the SIL Open Font Licence.
const FONTS: &str = "OFL-1.1";

/// Checks every crate and every npm package of the repository at `root`.
///
/// # Errors
/// When cargo cannot be run or a lock file cannot be read.
pub fn all(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = crates::check(&cargo::everything(root)?);
    findings.extend(npm::check(root)?);
    findings.sort();
    Ok(findings)
}

/// What is wrong with a licence expression, if anything. `more` are names accepted besides [`PERMISSIVE`].
fn refusal(licence: Option<&str>, more: &[&str]) -> Option<String> {
    let Some(text) = licence else {
        return Some("states no licence: find out which, or do without it".to_owned());
    };
    // Old manifests write `MIT/Apache-2.0`, which the lax mode takes for OR.
    let expression = match Expression::parse_mode(text, ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("licence `{text}` is no SPDX expression: {}", error.reason)),
    };
    let accepted = |name: &str| PERMISSIVE.contains(&name) || more.contains(&name);
    let passes =
        expression.evaluate(|requirement| requirement.license.id().is_some_and(|id| accepted(id.name)));
    (!passes)
        .then(|| format!("licence `{text}` is not among the permissive ones in xtask/src/licences/mod.rs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissive_expressions_pass() {
        for licence in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
            "MIT OR Apache-2.0 OR LGPL-2.1-or-later",
        ] {
            assert_eq!(refusal(Some(licence), &[]), None, "{licence}");
        }
    }

    #[test]
    fn others_are_refused() {
        for licence in
            ["GPL-3.0-only", "AGPL-3.0", "MIT AND LGPL-2.1-only", "SSPL-1.0", "OFL-1.1", "see LICENSE"]
        {
            assert!(refusal(Some(licence), &[]).is_some(), "{licence}");
        }
        assert!(refusal(None, &[]).is_some());
        assert_eq!(refusal(Some("OFL-1.1"), &[FONTS]), None);
    }
}
