//! Speaking to the server that runs on a folder, as its operator.

use std::path::Path;

use anyhow::{Context as _, Result};
use tintype_app::{clock::Clock, token};
use tintype_catalog::Catalog;
use tintype_types::{Scope, Scopes};

use crate::client::Client;

/// Seconds that the operator's own token is good for.
const LIFE: i64 = 120;

/// The running server, and a token that lasts as long as one command.
pub(crate) struct Server {
    pub(crate) client: Client,
    token: String,
}

impl Server {
    /// Finds the server that holds the lock of `dir`. Whoever may write the catalogue may make a token for it.
    pub(crate) async fn running(catalog: &Catalog, dir: &Path) -> Result<Self> {
        let holder = std::fs::read_to_string(dir.join("tintype.lock")).unwrap_or_default();
        let address = holder.trim().rsplit_once("listening on ").map(|(_, address)| address.to_owned());
        let address = address.with_context(|| {
            format!(
                "{} is in use by {}, which is no server; try again when it has ended",
                dir.display(),
                holder.trim()
            )
        })?;
        // What listens on every address is reached on this machine's own.
        let address = address.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:");
        let name = format!("command {}", std::process::id());
        let scopes: Scopes = Scope::Admin.as_str().parse().expect("a scope is a list of scopes");
        let (_, secret) = token::create(catalog, &Clock::System, name.clone(), scopes, Some(LIFE)).await?;
        let client = Client::new(&format!("http://{address}"), Some(secret.expose().to_owned()));
        Ok(Self { client, token: name })
    }

    /// Ends the token.
    pub(crate) async fn leave(self, catalog: &Catalog) -> Result<()> {
        token::revoke(catalog, &self.token, Clock::System.now()).await?;
        Ok(())
    }
}
