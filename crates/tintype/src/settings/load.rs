//! Gathering settings from flags, the environment and `tintype.toml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use super::{Settings, TABLE};

/// Where settings come from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Flags that were given: `section.key` and value.
    pub(crate) flags: Vec<(&'static str, String)>,
    /// The environment.
    pub(crate) environment: Vec<(String, String)>,
    /// The file that `--config` names; else `tintype.toml` in the working folder, if there is one.
    pub(crate) file: Option<PathBuf>,
}

/// Names under `TINTYPE_` that belong to the project's own tools and are no settings.
const NOT_SETTINGS: [&str; 2] = ["TINTYPE_FIXTURES", "TINTYPE_BIN"];

/// Reads every source, the weakest first, and refuses what is wrong or unknown by its name.
pub(crate) fn load(sources: &Sources) -> Result<Settings> {
    let mut settings = Settings::default();
    let default_file = Path::new("tintype.toml");
    let file = match &sources.file {
        Some(file) => Some(file.as_path()),
        None => default_file.exists().then_some(default_file),
    };
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the settings in {}", file.display()))?;
        for (name, value) in
            flatten(&text).with_context(|| format!("{} is not valid TOML", file.display()))?
        {
            apply(&mut settings, &name, &value).with_context(|| format!("in {}", file.display()))?;
        }
    }
    for (variable, value) in &sources.environment {
        if variable == "PORT" {
            settings.port = Some(value.parse().ok().filter(|port| *port > 0).with_context(|| {
                format!("PORT={value} in the environment is no port: it takes 1 to 65535")
            })?);
        } else if variable.starts_with("TINTYPE_") && !NOT_SETTINGS.contains(&variable.as_str()) {
            let Some(setting) = TABLE.iter().find(|setting| setting.variable() == *variable) else {
                bail!(
                    "no setting is called {variable} (in the environment); `tintype serve --help` lists those that exist"
                );
            };
            apply(&mut settings, setting.name, value)
                .with_context(|| format!("in the environment's {variable}"))?;
        }
    }
    for (name, value) in &sources.flags {
        apply(&mut settings, name, value).context("on the command line")?;
    }
    Ok(settings)
}

fn apply(settings: &mut Settings, name: &str, value: &str) -> Result<()> {
    let Some(setting) = TABLE.iter().find(|setting| setting.name == name) else {
        bail!("no setting is called {name}; `tintype serve --help` lists those that exist");
    };
    if let Err(accepted) = (setting.set)(settings, value) {
        bail!("{name} = {value:?} is not valid: it {accepted}");
    }
    Ok(())
}

/// `[section] key = value` as `section.key` and the value's text; a list becomes its parts between commas.
fn flatten(text: &str) -> Result<BTreeMap<String, String>> {
    let document: toml::Table = text.parse()?;
    let mut flat = BTreeMap::new();
    for (section, value) in document {
        let toml::Value::Table(keys) = value else {
            bail!("{section} stands outside a section; settings are written as [section] and key = value");
        };
        for (key, value) in keys {
            flat.insert(format!("{section}.{key}"), plain(&value));
        }
    }
    Ok(flat)
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(parts) => parts.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Sources {
        let environment =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Sources { environment, ..Sources::default() }
    }

    #[test]
    fn flags_win_over_the_environment() {
        let mut sources =
            environment(&[("TINTYPE_UPLOAD_BYTES_MAX", "5MB"), ("TINTYPE_TRASH_KEEP", "1d"), ("HOME", "/x")]);
        sources.flags.push(("upload.bytes_max", "7MB".to_owned()));
        let settings = load(&sources).unwrap();
        assert_eq!((settings.app.upload_bytes_max, settings.app.trash_keep), (7 << 20, 86_400));
    }

    #[test]
    fn unknown_and_wrong_ones_are_refused_by_name() {
        for (name, value, words) in [
            ("TINTYPE_UPLOAD_BYTES", "1", "no setting is called TINTYPE_UPLOAD_BYTES"),
            ("TINTYPE_UPLOAD_WHO", "nobody", "takes anyone or token"),
            ("TINTYPE_SERVER_LISTEN", "8080", "address with a port"),
            ("TINTYPE_SERVER_BASE_URL", "img.example.org", "https://img.example.org"),
            ("PORT", "0", "1 to 65535"),
        ] {
            let error = format!("{:#}", load(&environment(&[(name, value)])).unwrap_err());
            assert!(error.contains(words), "{name}={value}: {error}");
        }
    }

    #[test]
    fn a_file_is_flattened() {
        let flat =
            flatten("[upload]\naccept = [\"png\", \"gif\"]\nbytes_max = 5\n[log]\naccess = false\n").unwrap();
        let expected = [("log.access", "false"), ("upload.accept", "png,gif"), ("upload.bytes_max", "5")];
        assert!(flat.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected));
        assert!(flatten("listen = 1").is_err());
    }

    #[test]
    fn every_setting_has_one_name_in_three_forms() {
        let names: std::collections::BTreeSet<_> = TABLE.iter().map(|setting| setting.name).collect();
        assert_eq!(names.len(), TABLE.len());
        for setting in TABLE {
            assert_eq!(setting.name.matches('.').count(), 1, "{}", setting.name);
            assert!(!setting.help.is_empty() && !setting.default.is_empty());
        }
    }
}
