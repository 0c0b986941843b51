//! Any other cache, by a program of the operator's own that takes a signed call.

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Client;
use serde_json::json;
use sha2::Sha256;
use tintype_types::UnixMillis;

use crate::{
    Forget, PurgeError, Secret,
    send::{json, send},
};

/// Images and paths in one call.
pub(crate) const BATCH: u32 = 100;

/// Who is called.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The whole address.
    pub url: String,
    /// What calls are signed with.
    pub secret: Secret,
    /// What the addresses begin with that readers use, without a slash at its end.
    pub bases: Vec<String>,
}

impl Webhook {
    /// `POST` of `{"event": "purge", "at": <Unix milliseconds>, "images": […], "tags": […], "urls": […]}` with
    /// `Tintype-Signature: sha256=<HMAC-SHA256 of the body in hex>`. Any 2xx is taken as done.
    pub(crate) async fn forget(
        &self,
        client: &Client,
        what: &[Forget],
        now: UnixMillis,
    ) -> Result<(), PurgeError> {
        let images: Vec<&str> = what.iter().filter_map(|one| Some(one.image.as_ref()?.as_str())).collect();
        let tags: Vec<&str> = what.iter().map(|one| one.tag.as_str()).collect();
        let paths = || what.iter().flat_map(|one| &one.paths);
        let urls: Vec<String> =
            self.bases.iter().flat_map(|base| paths().map(move |path| format!("{base}{path}"))).collect();
        let body = json!({"event": "purge", "at": now.0, "images": images, "tags": tags, "urls": urls});
        let request = json(client.post(&self.url), &body);
        send(request.header("tintype-signature", self.signature(&body.to_string()))).await.map(drop)
    }

    fn signature(&self, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(body.as_bytes());
        let digest = mac.finalize().into_bytes();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256={hex}")
    }
}
