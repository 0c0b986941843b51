//! HTTP: routes, extractors, responders, the API's description, the pages and the embedded web app.
//!
//! Handlers translate: a request becomes a call of `tintype-app`, its outcome becomes a response. What may be done, and
//! in which order, is decided there. This crate never sees SQL, files or codecs.

mod access_log;
mod assets;
mod base_path;
mod caller;
mod cards;
mod conditions;
pub mod config;
mod deliver;
mod form;
mod forwarded;
mod gate;
mod hot;
mod limit;
mod linger;
mod links;
mod media;
mod metrics;
mod negotiate;
mod openapi;
mod origin;
mod pages;
mod place;
mod problem;
mod reply;
mod router;
mod routes;
mod sealed;
mod server;
mod tls;

use std::sync::Arc;

use tintype_app::App;

pub use access_log::{AccessFormat, AccessLog};
pub use base_path::of as base_path_of;
pub use config::{
    AcmeConfig, CertificateSource, ExternalAccount, ForwardedBy, HttpConfig, Robots, TlsConfig, https_host,
};
pub use limit::{Rate, Rates};
pub use openapi::description;
pub use problem::Code;
pub use server::{Doors, Https, Listener, serve};
pub use tls::{FilesError, Life, OwnCertificate, RootError, Standing, Tls, TlsError};

/// What every route can reach.
#[derive(Clone)]
pub(crate) struct Http {
    pub(crate) app: App,
    pub(crate) config: Arc<HttpConfig>,
    pub(crate) limiter: Arc<limit::Limiter>,
    pub(crate) metrics: metrics::Metrics,
    /// The certificates in use, where HTTPS is spoken.
    pub(crate) keys: Option<Arc<tls::Keys>>,
    /// JSON uploads hold their whole body in memory, so few are let in at once.
    pub(crate) json_uploads: Arc<tokio::sync::Semaphore>,
    /// Seals where a page of a folder ended, where that is nobody's business.
    pub(crate) sealer: Arc<sealed::Sealer>,
}

impl Http {
    /// Takes from what a client may ask for. This machine and trusted proxies that ask for nobody else may ask for anything.
    ///
    /// # Errors
    /// What the client is told: 429 with the time after which it may ask again.
    pub(crate) fn limit(
        &self,
        kind: limit::Kind,
        client: caller::Client,
        amount: u64,
    ) -> Result<(), problem::Problem> {
        if client.exempt {
            return Ok(());
        }
        self.limiter.take(kind, client.address, amount).map_err(|wait| {
            self.metrics.limited(kind);
            problem::Problem::limited(&self.app, kind, wait)
        })
    }

    pub(crate) fn new(app: App, config: HttpConfig) -> Self {
        Self {
            sealer: Arc::new(sealed::Sealer::new(&app)),
            app,
            limiter: Arc::new(limit::Limiter::new(&config.rates)),
            metrics: metrics::Metrics::default(),
            keys: None,
            config: Arc::new(config),
            json_uploads: Arc::new(tokio::sync::Semaphore::new(2)),
        }
    }
}
