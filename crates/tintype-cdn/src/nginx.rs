//! nginx with `ngx_cache_purge` (Debian's libnginx-mod-http-cache-purge), by `deploy/nginx-cache.conf`: `GET /purge<path>`
//! forgets the one entry of that key. nginx answers 200 where there was one; where there was none 404, or 412 by newer
//! releases of the module (its directive `cache_purge_legacy_status`).

use reqwest::Client;

use crate::{Forget, PurgeError, send::ask};

/// One nginx. Each of several is a cache of its own.
#[derive(Clone, Debug)]
pub struct Nginx {
    /// Where it has its location `/purge`, such as `http://127.0.0.1:8081`, without a slash at its end.
    pub node: String,
    /// What stands before every path, as [`crate::CloudFront::base_paths`] says.
    pub base_paths: Vec<String>,
}

impl Nginx {
    pub(crate) async fn forget(&self, client: &Client, what: &[Forget]) -> Result<(), PurgeError> {
        let node = &self.node;
        let below = |base| what.iter().flat_map(|one| &one.paths).map(move |path| format!("{base}{path}"));
        let paths: Vec<String> = self.base_paths.iter().flat_map(below).collect();
        let mut refused = Ok(());
        for path in paths {
            // Where nobody answers, nobody answers to the next one either.
            let answer = ask(client.get(format!("{node}/purge{path}"))).await?;
            match answer.status {
                // Tintype's own answer to an address that leads nowhere: nginx has handed the request on.
                404 if answer.content_type.contains("json") => {
                    return Err(PurgeError::Refused(format!(
                        "{node} has no location /purge, and hands the request on: {}",
                        answer.words()
                    )));
                }
                404 | 412 => {}
                _ => refused = refused.and(answer.or_error().map(drop)),
            }
        }
        refused
    }
}
