//! Varnish with vmod xkey (varnish-modules), by the VCL in `deploy/varnish.vcl`: `PURGE /` with the tags in the header `xkey`,
//! answered `200 purged <number of objects>`.

use futures_util::future::join_all;
use reqwest::{Client, Method};

use crate::{Forget, PurgeError, send::send};

/// Tags in one call. Varnish takes headers of 8 kB.
pub(crate) const BATCH: u32 = 100;

/// One Varnish, or several that each keep their own.
#[derive(Clone, Debug)]
pub struct Varnish {
    /// Where each takes PURGE, such as `http://127.0.0.1:6081`, without a slash at its end.
    pub nodes: Vec<String>,
}

impl Varnish {
    pub(crate) async fn forget(&self, client: &Client, what: &[Forget]) -> Result<(), PurgeError> {
        let tags: Vec<&str> = what.iter().map(|one| one.tag.as_str()).collect();
        let method = Method::from_bytes(b"PURGE").expect("PURGE is a method's name");
        // All of them, so that one that does not answer keeps no other from forgetting.
        let told = self.nodes.iter().map(|node| {
            let request = client.request(method.clone(), format!("{node}/")).header("xkey", tags.join(" "));
            async move {
                let answer = send(request).await?;
                // A cache that is not set up for it hands the request on, and whoever is behind it says something else.
                if !answer.body.to_ascii_lowercase().contains("purged") {
                    return Err(PurgeError::Malformed(answer.words()));
                }
                Ok(())
            }
        });
        join_all(told).await.into_iter().collect()
    }
}
