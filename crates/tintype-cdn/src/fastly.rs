//! Fastly: `POST /service/{id}/purge` with up to 256 surrogate keys (developer.fastly.com, "Purge multiple surrogate key
//! tags"). It answers an object with the number of a purge for each key.

use reqwest::{Client, header};
use serde_json::{Value, json};

use crate::{
    Forget, PurgeError, Secret,
    send::{json, send},
};

/// Keys in one call.
pub(crate) const BATCH: u32 = 256;

/// A service.
#[derive(Clone, Debug)]
pub struct Fastly {
    /// Its API, without a slash at its end.
    pub endpoint: String,
    /// The service's id.
    pub service: String,
    /// An API token with the scope `purge_select`.
    pub token: Secret,
}

impl Fastly {
    pub(crate) async fn forget(&self, client: &Client, what: &[Forget]) -> Result<(), PurgeError> {
        let keys: Vec<&str> = what.iter().map(|one| one.tag.as_str()).collect();
        // Without `Fastly-Soft-Purge`: what is deleted is not to be served stale.
        let request = client
            .post(format!("{}/service/{}/purge", self.endpoint, self.service))
            .header("fastly-key", self.token.expose())
            .header(header::ACCEPT, "application/json");
        let answer = send(json(request, &json!({"surrogate_keys": keys}))).await?;
        let purged: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if keys.iter().all(|key| purged.get(*key).is_some()) {
            Ok(())
        } else {
            Err(PurgeError::Malformed(answer.words()))
        }
    }
}
