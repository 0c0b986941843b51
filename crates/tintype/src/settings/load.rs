//! Gathering settings from flags, the environment, `.env` and `tintype.toml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, bail};

use tintype_app::config::Delivery;

use super::{Settings, StoreKind, TABLE, tls};

/// Where settings come from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Flags that were given: `section.key` and value.
    pub(crate) flags: Vec<(&'static str, String)>,
    /// The environment.
    pub(crate) environment: Vec<(String, String)>,
    /// The file that `--config` names; else `tintype.toml` in the working folder, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// The working folder, where `.env` and `tintype.toml` are looked for.
    pub(crate) folder: PathBuf,
}

/// Where a value stands that is in force.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The value's text.
    pub(crate) value: String,
    /// The place, for people: `--data on the command line`.
    pub(crate) place: String,
}

/// Names under `TINTYPE_` that belong to `tintype upload` and to the project's own tools, and are no settings.
const NOT_SETTINGS: [&str; 6] =
    ["TINTYPE_FIXTURES", "TINTYPE_BIN", "TINTYPE_SEEDS", "TINTYPE_WEED", "TINTYPE_TO", "TINTYPE_TOKEN"];

/// What other image hosts were told in `.env`, and what says the same here.
const REPLACED: [(&str, &str); 4] = [
    ("IMAGES_DIR", "store.data names the folder; use a new one"),
    ("LOG_DIR", "log.dir names the folder of app.log and access.log"),
    ("WEB_SERVER_WORKERS", "one process uses every core; remove it"),
    ("WEB_SERVER_START_PORT", "server.listen names the one address and port"),
];

/// What other image hosts call the bucket and the address of its service.
const BUCKET_NAMES: [(&str, &[&str]); 2] = [
    ("store.bucket", &["S3_BUCKET", "S3_BUCKET_NAME", "UPLOAD_BUCKET"]),
    ("store.endpoint", &["ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
];

/// Reads every source, the weakest first, and refuses what is wrong or unknown by its name.
pub(crate) fn load(sources: &Sources) -> Result<Settings> {
    let mut settings = Settings::default();
    let default_file = sources.folder.join("tintype.toml");
    let file = match &sources.file {
        Some(file) => Some(file),
        None => Some(&default_file).filter(|file| file.exists()),
    };
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the settings in {}", file.display()))?;
        let name = file.file_name().map_or_else(|| file.display().to_string(), |_| shown(file, sources));
        for (setting, value) in flatten(&text).with_context(|| format!("{name} is not valid TOML"))? {
            apply(&mut settings, &setting, &value, &format!("in {name}"))?;
        }
    }
    let dot_env = dot_env(&sources.folder)?;
    let credentials = dot_env.iter().chain(&sources.environment).filter(|(name, _)| name.starts_with("AWS_"));
    settings.store.credentials = credentials.cloned().collect();
    // Without a key these names say nothing: a machine may have them for other programs.
    let has_key = settings.store.credential("AWS_ACCESS_KEY_ID").is_some();
    for (variables, place) in [(&dot_env, "in .env"), (&sources.environment, "in the environment")] {
        if has_key {
            apply_bucket(&mut settings, variables, place)?;
        }
        apply_variables(&mut settings, variables, place)?;
    }
    for (name, value) in &sources.flags {
        apply(&mut settings, name, value, "on the command line")?;
    }
    settle_store(&mut settings)?;
    // A domain of its own makes the base of links.
    tls::settle(&mut settings)?;
    settle_media(&settings)?;
    // What addresses begin with that readers use; the first is where it is seen whether a cache has forgotten.
    let bases: Vec<String> = settings.http.media_url.iter().chain(&settings.http.base_url).cloned().collect();
    settings.app.cdn = settings.cdn.config(&bases)?;
    if settings.app.delivery == Delivery::Accel
        && let Some(driver) = settings.app.cdn.drivers.iter().find(|driver| driver.tag_header().is_some())
    {
        bail!(
            "cdn.driver names {}, which forgets by a header that nginx does not hand on where it sends files itself \
             (delivery.mode accel): take delivery.mode proxy, or a driver that forgets by address",
            driver.name()
        );
    }
    Ok(settings)
}

/// A file as people named it: without the working folder.
fn shown(file: &Path, sources: &Sources) -> String {
    file.strip_prefix(&sources.folder).unwrap_or(file).display().to_string()
}

/// The lines of `.env`, if there is one.
fn dot_env(folder: &Path) -> Result<Vec<(String, String)>> {
    let path = folder.join(".env");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let unreadable = "cannot read .env in the working folder";
    let lines = dotenvy::from_path_iter(&path).context(unreadable)?;
    let text = std::fs::read_to_string(&path).context(unreadable)?;
    let named = |error| match error {
        // Which one it is, without what it says: it may be a secret.
        dotenvy::Error::LineParse(part, _) => {
            let line =
                text.lines().position(|line| line.contains(part.trim())).map_or(0, |before| before + 1);
            anyhow!(
                "line {line} of .env is not NAME=value; a value with spaces or # is put in quotation marks"
            )
        }
        error => anyhow::Error::new(error).context(unreadable),
    };
    lines.map(|line| line.map_err(named)).collect()
}

/// Takes the variables that are settings. Names of others are passed over, but those under `TINTYPE_`.
fn apply_variables(settings: &mut Settings, variables: &[(String, String)], place: &str) -> Result<()> {
    for (variable, value) in variables {
        if variable == "PORT" {
            let port = value.parse().ok().filter(|port| *port > 0);
            settings.port =
                Some(port.with_context(|| format!("PORT={value} {place} is no port: it takes 1 to 65535"))?);
            settings.port_place = format!("PORT {place}");
        } else if variable.starts_with("TINTYPE_") && !NOT_SETTINGS.contains(&variable.as_str()) {
            let Some(setting) = TABLE.iter().find(|setting| setting.variable() == *variable) else {
                bail!(
                    "no setting is called {variable} ({place}); `tintype serve --help` lists those that exist"
                );
            };
            apply(settings, setting.name, value, &format!("{variable} {place}"))?;
        } else if let Some((name, instead)) = REPLACED.iter().find(|(name, _)| name == variable)
            && place == "in .env"
        {
            settings.replaced.push(format!("{name}: {instead}"));
        }
    }
    Ok(())
}

/// Takes what other image hosts call a bucket and its service; the first name that is set counts.
fn apply_bucket(settings: &mut Settings, variables: &[(String, String)], place: &str) -> Result<()> {
    for (setting, names) in BUCKET_NAMES {
        let given = names
            .iter()
            .find_map(|wanted| variables.iter().find(|(name, value)| name == wanted && !value.is_empty()));
        if let Some((variable, value)) = given {
            apply(settings, setting, value, &format!("{variable} {place}"))?;
        }
    }
    Ok(())
}

/// Sees to it that the media host is another one than the site's. Another port makes none: cookies know no ports (RFC 6265,
/// 8.5).
fn settle_media(settings: &Settings) -> Result<()> {
    let name = |url: &Option<String>| {
        let (_, rest) = url.as_deref()?.split_once("://")?;
        let host = rest.split('/').next()?;
        // An IPv6 address has colons of its own, between brackets.
        let name =
            host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(host, |(name, _)| name);
        Some(name.trim_end_matches('.').to_ascii_lowercase())
    };
    match (name(&settings.http.media_url), name(&settings.http.base_url)) {
        (Some(media), Some(site)) if media == site => bail!(
            "server.media_url has the host of server.base_url, where people have cookies, whatever the port: give pictures a \
             host of their own, or none"
        ),
        _ => Ok(()),
    }
}

/// Sees to it that whoever names a bucket has their pictures there: going on with a folder would lose them on the first
/// machine whose disk is not kept.
fn settle_store(settings: &mut Settings) -> Result<()> {
    let store = &settings.store;
    if settings.app.delivery == Delivery::Public {
        if store.s3().is_none() {
            bail!(
                "delivery.mode is public, by which links point at a bucket, but no bucket is in use: set store.bucket"
            );
        }
        if settings.http.copies_url.is_none() {
            bail!(
                "delivery.mode is public, but nobody said where readers find the bucket: set delivery.public_url, such as \
                 https://cdn.example.org/public"
            );
        }
    }
    if settings.restore_from.is_some() && store.s3().is_none() {
        bail!(
            "catalog.restore_from is set, but the originals are in the data folder, and would not come back with the \
             catalogue: set store.bucket, or back both up with `tintype backup`"
        );
    }
    let Some(bucket) = &store.bucket else {
        if store.kind == StoreKind::S3 {
            bail!("store.kind is s3, but no bucket is named: set store.bucket (or S3_BUCKET)");
        }
        return Ok(());
    };
    if settings.app.delivery == Delivery::Accel && store.kind != StoreKind::Folder {
        bail!(
            "delivery.mode is accel, by which nginx sends files of the data folder, but the originals are in the bucket \
             {bucket}: take proxy, redirect or public"
        );
    }
    if store.kind == StoreKind::Auto && store.credential("AWS_ACCESS_KEY_ID").is_none() {
        bail!(
            "store.bucket is {bucket}, but no credentials came with it: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, \
             or store.kind = \"s3\" where this machine has a role, or store.kind = \"folder\" to go on without the bucket"
        );
    }
    match (store.credential("AWS_ACCESS_KEY_ID"), store.credential("AWS_SECRET_ACCESS_KEY")) {
        (Some(_), None) => bail!("AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not: set both"),
        (None, Some(_)) => bail!("AWS_SECRET_ACCESS_KEY is set, AWS_ACCESS_KEY_ID is not: set both"),
        _ => Ok(()),
    }
}

fn apply(settings: &mut Settings, name: &str, value: &str, place: &str) -> Result<()> {
    let Some(setting) = TABLE.iter().find(|setting| setting.name == name) else {
        bail!("no setting is called {name} ({place}); `tintype serve --help` lists those that exist");
    };
    let shown = setting.shown(value);
    if let Err(accepted) = (setting.set)(settings, value) {
        bail!("{name} = {shown:?} is not valid ({place}): it {accepted}");
    }
    settings.given.insert(setting.name, Given { value: shown.into_owned(), place: place.to_owned() });
    Ok(())
}

/// `[section] key = value` as `section.key` and the value's text; a list becomes its parts between commas.
fn flatten(text: &str) -> Result<BTreeMap<String, String>> {
    let document: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = &text[..error.span().map_or(0, |span| span.start.min(text.len()))];
        // Where it is and what, without the line itself: it may hold a secret.
        anyhow!("line {}: {}", before.matches('\n').count() + 1, error.message())
    })?;
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
        // A folder without settings of its own.
        Sources { environment, folder: "/nowhere".into(), ..Sources::default() }
    }

    #[test]
    fn a_bucket_with_a_key_selects_object_storage() {
        let keys = [("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s")];
        for bucket in ["S3_BUCKET", "S3_BUCKET_NAME", "UPLOAD_BUCKET"] {
            let settings =
                load(&environment(&[keys[0], keys[1], (bucket, "pictures"), ("ENDPOINT", "http://s3:1")]));
            let s3 = settings.unwrap().store.s3().unwrap();
            assert_eq!((s3.bucket.as_str(), s3.endpoint.as_deref()), ("pictures", Some("http://s3:1")));
            assert!(s3.path_style);
        }
        for alone in [&keys[..], &[("S3_BUCKET", "pictures")]] {
            assert!(load(&environment(alone)).unwrap().store.s3().is_none());
        }
        let folder = [keys[0], keys[1], ("S3_BUCKET", "pictures"), ("TINTYPE_STORE_KIND", "folder")];
        assert!(load(&environment(&folder)).unwrap().store.s3().is_none());
        let role = [("TINTYPE_STORE_KIND", "s3"), ("TINTYPE_STORE_BUCKET", "pictures")];
        let s3 = load(&environment(&role)).unwrap().store.s3().unwrap();
        assert!(!s3.path_style && s3.endpoint.is_none());
    }

    #[test]
    fn half_a_bucket_is_refused_with_what_is_missing() {
        for (pairs, words) in [
            (&[("TINTYPE_STORE_BUCKET", "pictures")][..], "AWS_ACCESS_KEY_ID"),
            (&[("TINTYPE_STORE_KIND", "s3")], "store.bucket"),
            (&[("S3_BUCKET", "pictures"), ("AWS_ACCESS_KEY_ID", "k")], "AWS_SECRET_ACCESS_KEY"),
            (
                &[("TINTYPE_STORE_BUCKET", "pictures"), ("TINTYPE_DELIVERY_MODE", "accel")],
                "proxy, redirect or public",
            ),
            (&[("TINTYPE_CATALOG_RESTORE_FROM", "s3://images/x")], "`tintype backup`"),
            (&[("TINTYPE_CATALOG_RESTORE_FROM", "images/x")], "s3://bucket/prefix"),
            (&[("TINTYPE_DELIVERY_MODE", "public")], "no bucket is in use"),
            (
                &[
                    ("S3_BUCKET", "pictures"),
                    ("AWS_ACCESS_KEY_ID", "k"),
                    ("AWS_SECRET_ACCESS_KEY", "s"),
                    ("TINTYPE_DELIVERY_MODE", "public"),
                ],
                "delivery.public_url",
            ),
            (&[("TINTYPE_DELIVERY_PUBLIC_URL", "cdn.example.org")], "https://"),
            (&[("TINTYPE_STORE_BUCKET", "x")], "3 characters"),
            (&[("TINTYPE_STORE_ENDPOINT", "s3.example.org")], "https://"),
        ] {
            let error = format!("{:#}", load(&environment(pairs)).unwrap_err());
            assert!(error.contains(words), "{pairs:?}: {error}");
        }
    }

    #[test]
    fn every_source_says_where_it_stands_and_the_stronger_wins() {
        let folder = tempfile::tempdir().unwrap();
        let toml = "[upload]\nbytes_max = \"1MB\"\n[trash]\nkeep = \"2d\"\n[sweep]\ngrace = \"3h\"\n[log]\nlevel = \"debug\"\n";
        std::fs::write(folder.path().join("tintype.toml"), toml).unwrap();
        let dot_env = "# ours\nTINTYPE_UPLOAD_BYTES_MAX=2MB\nTINTYPE_TRASH_KEEP=\"3d\"\nPORT=3000\nIMAGES_DIR=/x\nOTHER=1\nTINTYPE_SWEEP_GRACE=4h\n";
        std::fs::write(folder.path().join(".env"), dot_env).unwrap();
        let mut sources = environment(&[("TINTYPE_TRASH_KEEP", "4d"), ("TINTYPE_SWEEP_GRACE", "5h")]);
        sources.folder = folder.path().to_owned();
        sources.flags.push(("sweep.grace", "6h".to_owned()));
        let settings = load(&sources).unwrap();
        let place = |name: &str| settings.given[name].place.clone();
        assert_eq!(place("log.level"), "in tintype.toml");
        assert_eq!(place("upload.bytes_max"), "TINTYPE_UPLOAD_BYTES_MAX in .env");
        assert_eq!(place("trash.keep"), "TINTYPE_TRASH_KEEP in the environment");
        assert_eq!(place("sweep.grace"), "on the command line");
        assert_eq!((settings.app.upload_bytes_max, settings.app.trash_keep), (2 << 20, 4 * 86_400));
        assert_eq!((settings.app.sweep_grace, settings.port), (6 * 3600, Some(3000)));
        assert_eq!(settings.replaced.len(), 1);
        std::fs::write(folder.path().join(".env"), "TINTYPE_NOTHING=1\n").unwrap();
        assert!(load(&sources).unwrap_err().to_string().contains("TINTYPE_NOTHING (in .env)"));
    }

    #[test]
    fn lines_that_cannot_be_read_are_named_without_what_they_say() {
        let folder = tempfile::tempdir().unwrap();
        let sources = || Sources { folder: folder.path().to_owned(), ..Sources::default() };
        let why = || format!("{:#}", load(&sources()).unwrap_err());
        let toml = folder.path().join("tintype.toml");
        std::fs::write(&toml, "[cdn]\norigin_secret = \"0123-Secret\n").unwrap();
        let said = why();
        assert!(
            said.contains("tintype.toml is not valid TOML: line 2: ") && !said.contains("Secret"),
            "{said}"
        );
        std::fs::remove_file(toml).unwrap();
        std::fs::write(folder.path().join(".env"), "A=b\nAWS_SECRET_ACCESS_KEY=012 Secret\n").unwrap();
        let said = why();
        assert!(said.contains("line 2 of .env is not NAME=value") && !said.contains("012"), "{said}");
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
            ("TINTYPE_TLS_DOMAINS", "https://img.example.org", "without https://"),
            ("TINTYPE_TLS_DOMAINS", "img.example.org:443", "without a port"),
            ("TINTYPE_TLS_DOMAINS", "img.example.org, 192.0.2.7", "an address"),
            ("TINTYPE_TLS_DOMAINS", "[2001:db8::1]", "an address"),
            ("TINTYPE_TLS_DOMAINS", "*.example.org", "DNS-01"),
            ("TINTYPE_TLS_DOMAINS", "b\u{fc}cher.example", "xn--"),
            ("TINTYPE_TLS_DOMAINS", "a..b", "names of domains"),
            ("TINTYPE_TLS_CERTIFICATE", "a.pem", "tls.key is not"),
            ("TINTYPE_TLS_KEY", "a.pem", "tls.certificate is not"),
            ("TINTYPE_TLS_ACME_DIRECTORY", "http://ca.example.org/directory", "https://"),
            ("TINTYPE_TLS_ACME_EAB_KID", "kid", "tls.acme_eab_key is not"),
            ("TINTYPE_SERVER_BASE_URL", "img.example.org", "https://img.example.org"),
            ("PORT", "0", "1 to 65535"),
        ] {
            let error = format!("{:#}", load(&environment(&[(name, value)])).unwrap_err());
            assert!(error.contains(words), "{name}={value}: {error}");
        }
    }

    #[test]
    fn pictures_have_a_host_of_their_own_whatever_the_ports() {
        let load = |media: &str, site: &str| {
            load(&environment(&[("TINTYPE_SERVER_MEDIA_URL", media), ("TINTYPE_SERVER_BASE_URL", site)]))
        };
        for (media, site) in [
            ("https://img.example.org", "https://img.example.org/pictures"),
            ("https://IMG.example.org.", "https://img.example.org"),
            ("https://img.example.org:8443", "https://img.example.org"),
            ("http://img.example.org:8081", "http://img.example.org:8080"),
            ("http://[2001:db8::1]:8081", "http://[2001:DB8::1]"),
        ] {
            let error = load(media, site).unwrap_err().to_string();
            assert!(error.contains("whatever the port"), "{media} {site}: {error}");
        }
        load("https://media.example.org", "https://img.example.org").unwrap();
        load("http://[2001:db8::1]", "http://[2001:db8::2]").unwrap();
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
