//! bunny.net: `POST /pullzone/{id}/purgeCache` with one tag (docs.bunny.net, "Purge Cache"), answered 204.

use reqwest::Client;
use serde_json::json;

use crate::{
    Forget, PurgeError, Secret,
    send::{json, send},
};

/// A pull zone.
#[derive(Clone, Debug)]
pub struct Bunny {
    /// Its API, without a slash at its end.
    pub endpoint: String,
    /// The pull zone's number.
    pub zone: String,
    /// The account's API key.
    pub key: Secret,
}

impl Bunny {
    pub(crate) async fn forget(&self, client: &Client, what: &[Forget]) -> Result<(), PurgeError> {
        for one in what {
            let url = format!("{}/pullzone/{}/purgeCache", self.endpoint, self.zone);
            let request = client.post(url).header("accesskey", self.key.expose());
            let answer = send(json(request, &json!({"CacheTag": one.tag}))).await?;
            // Anything longer is somebody else's page: a purge has nothing to say.
            if answer.status != 204 && answer.content_type.contains("html") {
                return Err(PurgeError::Malformed(answer.words()));
            }
        }
        Ok(())
    }
}
