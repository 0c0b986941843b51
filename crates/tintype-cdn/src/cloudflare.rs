//! Cloudflare: `POST /client/v4/zones/{zone}/purge_cache` with up to 100 tags (developers.cloudflare.com, "Purge cache by
//! cache-tags"). Every plan has it; the free one lets 5 calls a minute through.

use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    Forget, PurgeError, Secret,
    send::{json, send},
};

/// Tags in one call.
pub(crate) const BATCH: u32 = 100;

/// A zone.
#[derive(Clone, Debug)]
pub struct Cloudflare {
    /// Its API, without a slash at its end.
    pub endpoint: String,
    /// The zone's id.
    pub zone: String,
    /// An API token with the permission Cache Purge of that zone.
    pub token: Secret,
}

impl Cloudflare {
    pub(crate) async fn forget(&self, client: &Client, what: &[Forget]) -> Result<(), PurgeError> {
        let tags: Vec<&str> = what.iter().map(|one| one.tag.as_str()).collect();
        let url = format!("{}/client/v4/zones/{}/purge_cache", self.endpoint, self.zone);
        let request = client.post(url).bearer_auth(self.token.expose());
        let answer = send(json(request, &json!({"tags": tags}))).await?;
        let said: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        match said["success"].as_bool() {
            Some(true) => Ok(()),
            Some(false) => Err(PurgeError::Refused(answer.words())),
            None => Err(PurgeError::Malformed(answer.words())),
        }
    }
}
