//! Which crate may see which. Development dependencies are free.

use crate::{
    Finding,
    cargo::{Kind, Package},
};

/// Our crates, and what each may see of ours. Those under `app` never see each other; `http` sees neither SQL nor
/// the store nor codecs; the binary wires everything.
const OURS: [(&str, &[&str]); 11] = [
    ("tintype-types", &[]),
    ("tintype-image", &["tintype-types"]),
    ("tintype-sandbox", &["tintype-types", "tintype-image"]),
    ("tintype-blob", &["tintype-types"]),
    ("tintype-catalog", &["tintype-types"]),
    ("tintype-cdn", &["tintype-types"]),
    ("tintype-app", &["tintype-types", "tintype-sandbox", "tintype-blob", "tintype-catalog", "tintype-cdn"]),
    ("tintype-http", &["tintype-types", "tintype-app"]),
    (
        "tintype",
        &[
            "tintype-types",
            "tintype-image",
            "tintype-sandbox",
            "tintype-blob",
            "tintype-catalog",
            "tintype-cdn",
            "tintype-app",
            "tintype-http",
        ],
    ),
    ("tintype-testkit", &["tintype-types"]),
    ("xtask", &[]),
];

/// Crates of others that only one of ours may name, by the beginning of their names, and who may.
const THEIRS: [(&str, &[&str], &[&str]); 5] = [
    ("the SQL library", &["tintype-catalog"], &["sqlx", "rusqlite", "libsqlite3-sys", "diesel", "sea-"]),
    (
        "the storage client",
        &["tintype-blob", "tintype-testkit"],
        &["object_store", "rusty-s3", "opendal", "aws-sdk-"],
    ),
    (
        "codecs",
        &["tintype-image", "tintype-testkit"],
        &[
            "turbojpeg",
            "mozjpeg",
            "jpeg-",
            "zune-",
            "png",
            "gif",
            "libwebp",
            "webp",
            "image",
            "rav1d",
            "re_rav1d",
            "dav1d",
            "ravif",
            "rav1e",
            "libavif",
            "libaom",
            "fast_image_resize",
            "moxcms",
            "lcms2",
        ],
    ),
    ("the web framework", &["tintype-http"], &["axum", "hyper", "tower-http", "utoipa", "actix-", "warp"]),
    ("the confinement of workers", &["tintype-sandbox"], &["seccompiler", "landlock", "libseccomp"]),
];

/// The names of [`THEIRS`] are beginnings only up to a hyphen: `image` stands for `image` and `image-webp`, not for
/// `imagesize`; one that ends in a hyphen stands for everything behind it.
fn is_of_family(name: &str, family: &str) -> bool {
    name.strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || family.ends_with('-') || rest.starts_with('-'))
}

pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(|package| [own_arrows(package), foreign_arrows(package)].concat()).collect()
}

fn shipped(package: &Package) -> impl Iterator<Item = &str> {
    package.dependencies.iter().filter(|(_, kind)| *kind != Kind::Dev).map(|(name, _)| name.as_str())
}

fn own_arrows(package: &Package) -> Vec<Finding> {
    let Some((_, may_see)) = OURS.iter().find(|(name, _)| *name == package.name) else {
        return vec![Finding::new(
            &package.name,
            "a crate without a place: add it to the arrows in xtask/src/tidy/arrows.rs",
        )];
    };
    shipped(package)
        .filter(|name| OURS.iter().any(|(ours, _)| ours == name) && !may_see.contains(name))
        .map(|name| {
            let may = if may_see.is_empty() { "none of ours".to_owned() } else { may_see.join(", ") };
            Finding::new(&package.name, format!("must not see {name}; it may see {may}"))
        })
        .collect()
}

fn foreign_arrows(package: &Package) -> Vec<Finding> {
    shipped(package)
        .flat_map(|name| {
            THEIRS
                .iter()
                .filter(move |(_, owners, families)| {
                    !owners.contains(&package.name.as_str())
                        && families.iter().any(|family| is_of_family(name, family))
                })
                .map(move |(what, owners, _)| {
                    Finding::new(
                        &package.name,
                        format!("must not see {name}: {what} belongs to {} alone", owners[0]),
                    )
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, Kind)]) -> Package {
        Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            licence: None,
            source: None,
            dependencies: dependencies.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect(),
        }
    }

    fn messages(name: &str, dependencies: &[(&str, Kind)]) -> Vec<String> {
        check(&[package(name, dependencies)]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn allowed_arrows_pass() {
        let normal = |name| (name, Kind::Normal);
        assert_eq!(messages("tintype-app", &[normal("tintype-blob"), normal("tokio")]), [""; 0]);
        assert_eq!(messages("tintype-image", &[normal("png"), normal("tintype-types")]), [""; 0]);
        assert_eq!(messages("tintype", &[normal("tintype-http"), normal("http"), normal("tokio")]), [""; 0]);
    }

    #[test]
    fn neighbours_under_app_do_not_see_each_other() {
        let found = messages("tintype-blob", &[("tintype-catalog", Kind::Normal)]);
        assert_eq!(found, ["tintype-blob: must not see tintype-catalog; it may see tintype-types"]);
    }

    #[test]
    fn nobody_looks_up_and_nobody_ships_the_testkit() {
        assert_eq!(messages("tintype-app", &[("tintype-http", Kind::Normal)]).len(), 1);
        assert_eq!(messages("tintype", &[("tintype-testkit", Kind::Normal)]).len(), 1);
        assert_eq!(messages("tintype-types", &[("tintype-image", Kind::Build)]).len(), 1);
    }

    #[test]
    fn development_dependencies_are_free() {
        assert_eq!(messages("tintype-http", &[("tintype-testkit", Kind::Dev), ("sqlx", Kind::Dev)]), [""; 0]);
    }

    #[test]
    fn libraries_of_others_stay_with_their_owners() {
        for (name, dependency) in [
            ("tintype-http", "sqlx"),
            ("tintype-app", "png"),
            ("tintype-app", "turbojpeg-sys"),
            ("tintype-sandbox", "image-webp"),
            ("tintype", "axum"),
            ("tintype", "hyper-util"),
            ("tintype-app", "landlock"),
            ("tintype-catalog", "object_store"),
        ] {
            assert_eq!(messages(name, &[(dependency, Kind::Normal)]).len(), 1, "{name} → {dependency}");
        }
        assert_eq!(messages("tintype-http", &[("imagesize", Kind::Normal)]), [""; 0]);
    }

    #[test]
    fn an_unknown_crate_needs_a_place() {
        assert_eq!(messages("tintype-misc", &[]).len(), 1);
    }
}
