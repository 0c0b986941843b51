//! Varnish with vmod xkey (varnish-modules), by the VCL in `deploy/varnish.vcl`: `PURGE /` with the tags in the header `xkey`,
//! answered `200 purged <number of objects>`.

use reqwest::{Client, Method};

use crate::{Forget, PurgeError, send::send};

/// Tags in one call. Varnish takes headers of 8 kB.
pub(crate) const BATCH: u32 = 100;

/// One Varnish. Each of several is a cache of its own.
#[derive(Clone, Debug)]
pub struct Varnish {
    /// Where it takes PURGE, such as `http://127.0.0.1:6081`, without a slash at its end.
    pub node: String,
}

impl Varnish {
    pub(crate) async fn forget(&self, client: &Client, what: &[Forget]) -> Result<(), PurgeError> {
        let tags: Vec<&str> = what.iter().map(|one| one.tag.as_str()).collect();
        let method = Method::from_bytes(b"PURGE").expect("PURGE is a method's name");
        let request = client.request(method, format!("{}/", self.node)).header("xkey", tags.join(" "));
        let answer = send(request).await?;
        // A cache that is not set up for it hands the request on, and whoever is behind it says something else.
        if !answer.body.to_ascii_lowercase().contains("purged") {
            return Err(PurgeError::Malformed(answer.words()));
        }
        Ok(())
    }
}
