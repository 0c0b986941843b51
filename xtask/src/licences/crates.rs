use super::refusal;
use crate::{Finding, cargo::Package};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Never wanted, whatever their licence, and why.
const BANNED: [(&str, &str); 2] = [
    ("mozjpeg-sys", "it and turbojpeg-sys define the same symbols, and one binary would hold both"),
    ("openssl-sys", "the program ships as one file and links no system library"),
];

pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(problems).collect()
}

fn problems(package: &Package) -> Vec<Finding> {
    let place = format!("crate {} {}", package.name, package.version);
    let mut found = Vec::new();
    found.extend(refusal(package.licence.as_deref(), &[]));
    if let Some(source) = package.source.as_deref().filter(|source| *source != REGISTRY) {
        found.push(format!("comes from {source}; only crates.io and this repository are accepted"));
    }
    let banned = BANNED.iter().filter(|(name, _)| *name == package.name);
    found.extend(banned.map(|(_, reason)| format!("is not wanted: {reason}")));
    found.into_iter().map(|message| Finding::new(&place, message)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, licence: Option<&str>, source: Option<&str>) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.map(str::to_owned),
            source: source.map(str::to_owned),
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn crates_of_the_registry_with_a_permissive_licence_pass() {
        assert_eq!(check(&[package("a", Some("MIT"), Some(REGISTRY)), package("b", Some("MIT"), None)]), []);
    }

    #[test]
    fn licence_origin_and_name_are_each_found() {
        assert_eq!(check(&[package("a", Some("GPL-2.0-only"), Some(REGISTRY))]).len(), 1);
        assert_eq!(check(&[package("a", None, Some(REGISTRY))]).len(), 1);
        assert_eq!(check(&[package("a", Some("MIT"), Some("git+https://example.org/a"))]).len(), 1);
        assert_eq!(check(&[package("mozjpeg-sys", Some("IJG"), Some(REGISTRY))]).len(), 1);
    }
}
