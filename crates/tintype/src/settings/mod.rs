//! Settings: one name in three forms (`section.key`, `TINTYPE_SECTION_KEY`, `--section-key`), one table, one order: flag,
//! environment, `tintype.toml`, default.

mod load;
mod table;
mod value;

use std::{net::SocketAddr, path::PathBuf};

use tintype_app::config::AppConfig;
use tintype_http::HttpConfig;
use tintype_sandbox::Mode;

pub(crate) use load::{Sources, load};
pub(crate) use table::TABLE;

/// Every setting, with its value in force.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The folder that holds everything.
    pub(crate) data: PathBuf,
    /// The socket to listen on; `None` where nobody chose one.
    pub(crate) listen: Option<SocketAddr>,
    /// The port of the environment's `PORT`, which binds every address.
    pub(crate) port: Option<u16>,
    pub(crate) app: AppConfig,
    pub(crate) http: HttpConfig,
    pub(crate) sandbox: Mode,
    /// Workers at once; `None` for one a core.
    pub(crate) workers: Option<usize>,
    pub(crate) worker_memory: u64,
    pub(crate) worker_seconds: u64,
    pub(crate) log_level: tracing::Level,
    pub(crate) log_access: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("tintype-data"),
            listen: None,
            port: None,
            app: AppConfig::default(),
            http: HttpConfig {
                version: env!("CARGO_PKG_VERSION"),
                commit: env!("TINTYPE_COMMIT"),
                ..HttpConfig::default()
            },
            sandbox: Mode::Auto,
            workers: None,
            worker_memory: 1 << 30,
            worker_seconds: 30,
            log_level: tracing::Level::INFO,
            log_access: true,
        }
    }
}
