//! Settings: one name in three forms (`section.key`, `TINTYPE_SECTION_KEY`, `--section-key`), one table, one order: flag,
//! environment, `.env`, `tintype.toml`, default.

mod cdn;
mod load;
mod setting;
mod table;
mod tls;
mod url;
mod value;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use tintype_app::config::AppConfig;
use tintype_blob::S3Options;
use tintype_http::HttpConfig;
use tintype_sandbox::Mode;

pub(crate) use cdn::CdnSettings;
pub(crate) use load::{Given, Sources, load};
pub(crate) use setting::Setting;
pub(crate) use table::TABLE;
pub(crate) use tls::{Redirect, TlsSettings, contradiction};
pub(crate) use url::site_url;

/// What is likely not meant so.
pub(crate) fn doubts(settings: &Settings) -> Vec<String> {
    let mut doubts = tls::doubts(settings);
    doubts.extend(cdn::doubts(&settings.cdn, &settings.given));
    doubts
}

/// Every setting, with its value in force.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The folder that holds everything.
    pub(crate) data: PathBuf,
    /// Where originals are kept.
    pub(crate) store: StoreSettings,
    /// Whether the catalogue may lie on a disk that does not outlast the container, with the originals elsewhere.
    pub(crate) ephemeral: bool,
    /// Bucket and prefix that the catalogue is restored from where the data folder has none, and backed up to.
    pub(crate) restore_from: Option<Place>,
    /// Seconds between two backups of the catalogue to that place, at least.
    pub(crate) backup_interval: u64,
    /// The socket to listen on; `None` where nobody chose one.
    pub(crate) listen: Option<SocketAddr>,
    /// The port of the environment's `PORT`, which binds every address.
    pub(crate) port: Option<u16>,
    pub(crate) app: AppConfig,
    pub(crate) http: HttpConfig,
    /// Caches in front of the server.
    pub(crate) cdn: CdnSettings,
    /// HTTPS by itself, as it was given; settled, it is part of `http`.
    pub(crate) tls: TlsSettings,
    pub(crate) sandbox: Mode,
    /// Workers at once; `None` for one a core.
    pub(crate) workers: Option<usize>,
    pub(crate) worker_memory: u64,
    /// Bytes of all pictures being decoded; `None`: what the machine allows.
    pub(crate) decode_memory: Option<u64>,
    pub(crate) worker_seconds: u64,
    pub(crate) log_level: tracing::Level,
    pub(crate) log_access: bool,
    pub(crate) log_format: LogFormat,
    /// The folder of `app.log` and `access.log`; `None` for the standard streams.
    pub(crate) log_dir: Option<PathBuf>,
    /// Bytes at which a log file is put aside and begun anew.
    pub(crate) log_file_bytes: u64,
    /// Files of each log that were put aside and are kept.
    pub(crate) log_files: usize,
    /// What was given and where it stands, by `section.key`.
    pub(crate) given: BTreeMap<&'static str, Given>,
    /// Where `PORT` was given.
    pub(crate) port_place: String,
    /// Names of other image hosts in `.env`, with what replaces them.
    pub(crate) replaced: Vec<String>,
}

/// A part of a bucket, as `s3://bucket/prefix` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) bucket: String,
    pub(crate) prefix: String,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || "takes s3://bucket/prefix".to_owned();
        let rest = text.strip_prefix("s3://").ok_or_else(invalid)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        let prefix = prefix.trim_matches('/');
        let named = prefix.split('/').all(|part| part != "." && part != ".." && part.bytes().all(plain));
        if bucket.len() < 3 || !bucket.bytes().all(plain) || !named {
            return Err(invalid());
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

/// Which kind of store keeps the originals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StoreKind {
    /// S3 where a bucket and an access key are given, else the folder.
    #[default]
    Auto,
    Folder,
    S3,
}

/// The settings of the store, and the credentials that came with them.
#[derive(Clone, Debug)]
pub(crate) struct StoreSettings {
    pub(crate) kind: StoreKind,
    pub(crate) bucket: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) public_endpoint: Option<String>,
    pub(crate) region: Option<String>,
    /// `None`: on beside an endpoint.
    pub(crate) path_style: Option<bool>,
    pub(crate) prefix: String,
    pub(crate) deadline: Duration,
    /// The variables that AWS's own programs read, names and values.
    pub(crate) credentials: Vec<(String, String)>,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            kind: StoreKind::default(),
            bucket: None,
            endpoint: None,
            public_endpoint: None,
            region: None,
            path_style: None,
            prefix: String::new(),
            deadline: Duration::from_secs(20),
            credentials: Vec::new(),
        }
    }
}

impl StoreSettings {
    /// The bucket that keeps the originals; `None` where the folder does.
    pub(crate) fn s3(&self) -> Option<S3Options> {
        let bucket = self.bucket.clone().filter(|_| self.kind != StoreKind::Folder)?;
        Some(S3Options {
            bucket,
            endpoint: self.endpoint.clone(),
            public_endpoint: self.public_endpoint.clone(),
            region: self.region.clone(),
            path_style: self.path_style.unwrap_or(self.endpoint.is_some()),
            prefix: self.prefix.clone(),
            deadline: self.deadline,
            credentials: self.credentials.clone(),
        })
    }

    /// Another part of the service, or of another bucket of it, with the same keys.
    pub(crate) fn at(&self, place: &Place) -> S3Options {
        S3Options {
            bucket: place.bucket.clone(),
            endpoint: self.endpoint.clone(),
            public_endpoint: None,
            region: self.region.clone(),
            path_style: self.path_style.unwrap_or(self.endpoint.is_some()),
            prefix: place.prefix.clone(),
            deadline: self.deadline,
            credentials: self.credentials.clone(),
        }
    }

    /// Whether the originals are at this place.
    pub(crate) fn is_at(&self, place: &Place) -> bool {
        self.s3().is_some_and(|s3| s3.bucket == place.bucket && s3.prefix.trim_matches('/') == place.prefix)
    }

    /// The value of a variable among the credentials.
    pub(crate) fn credential(&self, name: &str) -> Option<&str> {
        let found = self.credentials.iter().rfind(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// The place that the catalogue is restored from and backed up to.
    pub(crate) fn restore_from(&self) -> Option<S3Options> {
        self.restore_from.as_ref().map(|place| self.store.at(place))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("tintype-data"),
            store: StoreSettings::default(),
            ephemeral: false,
            restore_from: None,
            backup_interval: 60,
            listen: None,
            port: None,
            app: AppConfig::default(),
            http: HttpConfig {
                version: env!("CARGO_PKG_VERSION"),
                commit: env!("TINTYPE_COMMIT"),
                ..HttpConfig::default()
            },
            cdn: CdnSettings::default(),
            tls: TlsSettings::default(),
            sandbox: Mode::Auto,
            workers: None,
            worker_memory: 1 << 30,
            decode_memory: None,
            worker_seconds: 30,
            log_level: tracing::Level::INFO,
            log_access: true,
            log_format: LogFormat::Auto,
            log_dir: None,
            log_file_bytes: 50 << 20,
            log_files: 5,
            given: BTreeMap::new(),
            port_place: String::new(),
            replaced: Vec::new(),
        }
    }
}
