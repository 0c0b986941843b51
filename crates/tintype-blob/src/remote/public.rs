//! Copies of originals for readers, where links point at the bucket or at what stands before it.
//!
//! An original's own name tells its hash and is shared by all images with these bytes; a copy has the name of one image, and
//! the headers that readers of it are to see. The service copies by itself: no byte comes here.

use std::time::Duration;

use futures_util::StreamExt as _;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use reqwest::{StatusCode, header};
use rusty_s3::S3Action as _;
use tintype_types::{BlobKey, ImageId, MediaType};

use super::{Remote, failed};
use crate::{BlobError, folder::names};

/// How long the service may take to copy.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Life of the signature.
const SIGNED: Duration = Duration::from_secs(300);
/// Pauses between attempts.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// What readers of a copy are told besides the bytes.
#[derive(Clone, Debug)]
pub struct PublicHeaders {
    /// `Content-Type`, which also ends the copy's name.
    pub media_type: MediaType,
    /// `Content-Disposition`.
    pub disposition: String,
    /// `Cache-Control`.
    pub cache_control: String,
    /// `Expires`, where the copy has an end.
    pub expires: Option<String>,
}

impl Remote {
    /// Copies an original to the name of an image, or replaces that copy.
    pub(crate) async fn publish(
        &self,
        key: BlobKey,
        image: ImageId,
        headers: &PublicHeaders,
    ) -> Result<(), BlobError> {
        let mut pauses = PAUSES.into_iter();
        let trying = async {
            loop {
                let error = match self.copy(key, image, headers).await {
                    Err(error @ BlobError::Remote { .. }) => error,
                    ended => return ended,
                };
                match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(error),
                }
            }
        };
        let deadline = self.signer.as_ref().map_or(TIMEOUT, |signer| signer.deadline);
        match tokio::time::timeout(deadline, trying).await {
            Ok(ended) => ended,
            Err(over) => Err(BlobError::Remote {
                what: format!("copying {}", names::blob(key)),
                hint: "the service did not do it within store.deadline; it is tried again by itself",
                source: Box::new(over),
            }),
        }
    }

    /// The copies that are there.
    pub(crate) async fn published(&self) -> Result<Vec<(ImageId, MediaType)>, BlobError> {
        let mut found = self.store.list(Some(&self.path(names::PUBLIC)));
        let mut all = Vec::new();
        while let Some(each) = found.next().await {
            let each = each.map_err(|error| failed("listing copies", error))?;
            let name = each.location.filename().and_then(|name| name.split_once('.'));
            let Some((id, extension)) = name else { continue };
            if let (Ok(id), Some(media_type)) = (id.parse(), MediaType::from_extension(extension)) {
                all.push((id, media_type));
            }
        }
        Ok(all)
    }

    /// Removes an image's copy.
    pub(crate) async fn unpublish(&self, image: ImageId, media_type: MediaType) -> Result<bool, BlobError> {
        self.remove(&names::public(image, media_type)).await
    }

    async fn copy(&self, key: BlobKey, image: ImageId, headers: &PublicHeaders) -> Result<(), BlobError> {
        let (from, to) = (names::blob(key), names::public(image, headers.media_type));
        let Some(signer) = &self.signer else {
            // In memory, where nobody reads headers.
            let copied = self.store.copy(&self.path(&from), &self.path(&to)).await;
            return copied.map_err(|error| failed(format!("copying {from} to {to}"), error));
        };
        let credentials = signer.credentials().await?;
        let source = format!("/{}/{}", signer.inside.name(), self.name(&from));
        let name = self.name(&to);
        let mut action = signer.inside.put_object(Some(&credentials), &name);
        let signed = [("x-amz-copy-source", source.as_str()), ("x-amz-metadata-directive", "REPLACE")];
        for (name, value) in signed {
            action.headers_mut().insert(name, value);
        }
        let mut request = signer.http()?.put(action.sign(SIGNED).as_str()).timeout(TIMEOUT);
        for (name, value) in signed {
            request = request.header(name, value);
        }
        let request = request
            .header(header::CONTENT_TYPE, headers.media_type.mime())
            .header(header::CACHE_CONTROL, &headers.cache_control)
            .header(header::CONTENT_DISPOSITION, &headers.disposition)
            .header(header::CONTENT_LENGTH, 0);
        let request = match &headers.expires {
            Some(end) => request.header(header::EXPIRES, end),
            None => request,
        };
        let trouble = |source: Box<dyn std::error::Error + Send + Sync>| BlobError::Remote {
            what: format!("copying {from} to {to}"),
            hint: "it is tried again by itself; `tintype doctor` says what the bucket refuses",
            source,
        };
        // Without the address, which is signed.
        let answer = request.send().await.map_err(|error| trouble(Box::new(error.without_url())))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| trouble(Box::new(error.without_url())))?;
        if status == StatusCode::NOT_FOUND && text.contains("NoSuchKey") {
            return Err(BlobError::NotFound);
        }
        // A copy that fails after it has begun is answered 200 with an error for its body.
        if !status.is_success() || text.contains("<Error>") {
            let text: String = text.chars().take(500).collect();
            return Err(trouble(format!("the service answered {status}: {text}").into()));
        }
        Ok(())
    }
}
