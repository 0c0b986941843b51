//! Seeing what a reader sees.

use reqwest::{Client, header};

use crate::{PurgeError, send::chain};

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its status.
    pub status: u16,
    /// Its entity tag, with the quotes and without the mark of a weak one: a cache that compresses makes it weak.
    pub etag: Option<String>,
}

pub(crate) async fn look(client: &Client, url: &str) -> Result<Seen, PurgeError> {
    let unseen =
        |error: reqwest::Error| PurgeError::Unavailable(format!("{url}: {}", chain(&error.without_url())));
    // Not HEAD: some caches answer that by themselves. What is not read of the body is dropped with the connection.
    let response = client.get(url).send().await.map_err(unseen)?;
    let etag = response.headers().get(header::ETAG).and_then(|value| value.to_str().ok());
    Ok(Seen {
        status: response.status().as_u16(),
        etag: etag.map(|tag| tag.strip_prefix("W/").unwrap_or(tag).to_owned()),
    })
}
