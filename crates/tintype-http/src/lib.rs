//! HTTP: routes, extractors, responders, the API's description, the pages and the embedded web app.
//!
//! Handlers translate: a request becomes a call of `tintype-app`, its outcome becomes a response. What may be done, and
//! in which order, is decided there. This crate never sees SQL, files or codecs.

mod access_log;
mod assets;
mod caller;
mod client;
mod conditions;
pub mod config;
mod deliver;
mod form;
mod hot;
mod linger;
mod links;
mod openapi;
mod origin;
mod pages;
mod problem;
mod reply;
mod router;
mod routes;
mod server;

use std::sync::Arc;

use tintype_app::App;

pub use access_log::{AccessFormat, AccessLog};
pub use config::HttpConfig;
pub use openapi::description;
pub use problem::Code;
pub use server::{Listener, serve};

/// What every route can reach.
#[derive(Clone)]
pub(crate) struct Http {
    pub(crate) app: App,
    pub(crate) config: Arc<HttpConfig>,
    /// JSON uploads hold their whole body in memory, so few are let in at once.
    pub(crate) json_uploads: Arc<tokio::sync::Semaphore>,
}

impl Http {
    pub(crate) fn new(app: App, config: HttpConfig) -> Self {
        Self { app, config: Arc::new(config), json_uploads: Arc::new(tokio::sync::Semaphore::new(2)) }
    }
}
