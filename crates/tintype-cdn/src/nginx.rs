//! nginx with `ngx_cache_purge` (Debian's libnginx-mod-http-cache-purge), by `deploy/nginx-cache.conf`: `GET /purge<path>`
//! forgets the one entry of that key. nginx answers 200 where there was one and 404 where there was none.

use futures_util::future::join_all;
use reqwest::Client;

use crate::{Forget, PurgeError, send::ask};

/// One nginx, or several that each keep their own.
#[derive(Clone, Debug)]
pub struct Nginx {
    /// Where each has its location `/purge`, such as `http://127.0.0.1:8081`, without a slash at its end.
    pub nodes: Vec<String>,
}

impl Nginx {
    pub(crate) async fn forget(&self, client: &Client, what: &[Forget]) -> Result<(), PurgeError> {
        // All of them, so that one that does not answer keeps no other from forgetting.
        join_all(self.nodes.iter().map(|node| tell(client, node, what))).await.into_iter().collect()
    }
}

async fn tell(client: &Client, node: &str, what: &[Forget]) -> Result<(), PurgeError> {
    for path in what.iter().flat_map(|one| &one.paths) {
        let answer = ask(client.get(format!("{node}/purge{path}"))).await?;
        match answer.status {
            // Tintype's own answer to an address that leads nowhere: nginx has handed the request on.
            404 if answer.content_type.contains("json") => {
                return Err(PurgeError::Refused(format!(
                    "{node} has no location /purge, and hands the request on: {}",
                    answer.words()
                )));
            }
            404 => {}
            _ => drop(answer.or_error()?),
        }
    }
    Ok(())
}
