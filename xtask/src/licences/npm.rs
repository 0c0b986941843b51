use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{FONTS, refusal};
use crate::{Finding, tree};

/// Every package of every lock file in the tree.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for lock in tree::sources(root, &["json"])?.iter().filter(|file| file.path.ends_with("package-lock.json"))
    {
        let folder = root.join(&lock.path).parent().expect("a file lies in a folder").to_path_buf();
        let value = serde_json::from_str(&lock.text).with_context(|| format!("{} is not JSON", lock.path))?;
        findings.extend(lock_file(&lock.path, &value, &|place| installed_licence(&folder.join(place))));
    }
    Ok(findings)
}

/// The licence that an installed package states: the lock file leaves out what the registry does not know.
fn installed_licence(package: &Path) -> Option<String> {
    let text = fs::read_to_string(package.join("package.json")).ok()?;
    let value: Value = serde_json::from_str(&text).ok()?;
    value["license"].as_str().map(str::to_owned)
}

fn lock_file(path: &str, lock: &Value, installed: &dyn Fn(&str) -> Option<String>) -> Vec<Finding> {
    let Some(packages) = lock["packages"].as_object() else {
        return vec![Finding::new(path, "has no packages: write it with npm 9 or later")];
    };
    let entries =
        packages.iter().filter(|(place, entry)| !place.is_empty() && entry["link"] != Value::Bool(true));
    entries
        .flat_map(|(place, entry)| {
            let name = place.rsplit("node_modules/").next().unwrap_or(place);
            let more: &[&str] = if name.starts_with("@fontsource") { &[FONTS] } else { &[] };
            let licence = entry["license"].as_str().map(str::to_owned).or_else(|| installed(place));
            let origin = entry["resolved"].as_str().and_then(foreign_origin);
            let problems = [refusal(licence.as_deref(), more), origin];
            problems
                .into_iter()
                .flatten()
                .map(move |message| Finding::new(format!("npm {name} ({path})"), message))
        })
        .collect()
}

fn foreign_origin(resolved: &str) -> Option<String> {
    let known = resolved.starts_with("https://registry.npmjs.org/");
    (!known).then(|| format!("comes from {resolved}; only registry.npmjs.org is accepted"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings(entry: &Value) -> usize {
        let lock = json!({"packages": {"": {"name": "us"}, "node_modules/a": entry}});
        lock_file("package-lock.json", &lock, &|_| None).len()
    }

    #[test]
    fn permissive_packages_of_the_registry_pass() {
        assert_eq!(
            findings(&json!({"license": "MIT", "resolved": "https://registry.npmjs.org/a/-/a-1.tgz"})),
            0
        );
        assert_eq!(findings(&json!({"license": "MIT"})), 0);
    }

    #[test]
    fn licence_and_origin_are_each_found() {
        assert_eq!(findings(&json!({"license": "GPL-3.0-or-later"})), 1);
        assert_eq!(findings(&json!({})), 1);
        assert_eq!(findings(&json!({"license": "MIT", "resolved": "git+ssh://example.org/a"})), 1);
        assert_eq!(lock_file("old", &json!({}), &|_| None).len(), 1);
    }

    #[test]
    fn fonts_may_have_the_font_licence_and_code_may_not() {
        assert_eq!(findings(&json!({"license": "OFL-1.1"})), 1);
        let lock = json!({"packages": {"node_modules/@fontsource-variable/besley": {"license": "OFL-1.1"}}});
        assert_eq!(lock_file("package-lock.json", &lock, &|_| None), []);
    }

    #[test]
    fn what_the_lock_file_leaves_out_is_read_from_the_package() {
        let lock = json!({"packages": {"node_modules/a": {}}});
        assert_eq!(lock_file("package-lock.json", &lock, &|_| Some("ISC".to_owned())), []);
    }
}
