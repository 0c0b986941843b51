//! What `cargo metadata` says, as far as the checks want it.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// When a dependency is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In what is shipped.
    Normal,
    /// By a build script.
    Build,
    /// By tests, examples and benchmarks alone.
    Dev,
}

/// A crate with what it names in its manifest.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
    /// Where it comes from; `None` for a folder of this repository.
    pub(crate) source: Option<String>,
    pub(crate) dependencies: Vec<(String, Kind)>,
}

/// The crates of the workspace.
pub(crate) fn workspace(root: &Path) -> Result<Vec<Package>> {
    metadata(root, &["--no-deps"])
}

/// The crates of the workspace and all that they need, on Linux.
pub(crate) fn everything(root: &Path) -> Result<Vec<Package>> {
    metadata(root, &["--filter-platform", "x86_64-unknown-linux-gnu"])
}

fn metadata(root: &Path, arguments: &[&str]) -> Result<Vec<Package>> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(arguments)
        .current_dir(root)
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    packages(&serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?)
}

fn packages(metadata: &Value) -> Result<Vec<Package>> {
    let list = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    list.iter().map(package).collect()
}

fn package(value: &Value) -> Result<Package> {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let name = text("name").context("a package has no name")?;
    let dependencies =
        value["dependencies"].as_array().with_context(|| format!("{name} has no dependencies"))?;
    Ok(Package {
        version: text("version").with_context(|| format!("{name} has no version"))?,
        licence: text("license"),
        source: text("source"),
        dependencies: dependencies.iter().filter_map(dependency).collect(),
        name,
    })
}

fn dependency(value: &Value) -> Option<(String, Kind)> {
    let kind = match value["kind"].as_str() {
        Some("dev") => Kind::Dev,
        Some("build") => Kind::Build,
        _ => Kind::Normal,
    };
    Some((value["name"].as_str()?.to_owned(), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_sources_are_read() {
        let metadata = serde_json::json!({"packages": [{
            "name": "a", "version": "1.0.0", "license": "MIT", "source": null,
            "dependencies": [{"name": "b", "kind": null}, {"name": "c", "kind": "dev"}],
        }]});
        let read = packages(&metadata).expect("well formed");
        assert_eq!(read[0].dependencies, [("b".to_owned(), Kind::Normal), ("c".to_owned(), Kind::Dev)]);
        assert_eq!(read[0].source, None);
        assert!(packages(&serde_json::json!({})).is_err());
    }

    #[test]
    fn this_workspace_is_found() {
        let names: Vec<_> =
            workspace(&crate::root()).expect("cargo runs").into_iter().map(|package| package.name).collect();
        assert!(names.contains(&"xtask".to_owned()), "{names:?}");
    }
}
