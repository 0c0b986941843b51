//! Addresses for others, signed by us: a PUT of one file, a GET of one object.

use std::{fmt, sync::OnceLock, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use object_store::aws::AwsCredentialProvider;
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};
use tintype_types::{BlobKey, ContentHash};

use super::{Remote, S3Options, failed};
use crate::{BlobError, folder::names};

/// Where a browser sends a file, and with what headers. Any other header that is named here, another length or another
/// file is refused by the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPut {
    /// The address.
    pub url: String,
    /// Headers to send. A browser adds `Content-Length` by itself.
    pub headers: Vec<(&'static str, String)>,
}

/// What a signed address of a stored original answers besides the bytes.
#[derive(Clone, Debug, Default)]
pub struct Signing<'a> {
    /// `Content-Type` of the answer.
    pub content_type: &'a str,
    /// `Content-Disposition` of the answer.
    pub disposition: &'a str,
    /// `Cache-Control` of the answer.
    pub cache_control: &'a str,
    /// How long the address is good for.
    pub seconds: u64,
}

/// What signs.
pub(super) struct Signer {
    /// As browsers reach it.
    pub(super) bucket: Bucket,
    /// As the server reaches it.
    pub(super) inside: Bucket,
    http: OnceLock<reqwest::Client>,
    /// Time after which a call is not tried again.
    pub(super) deadline: Duration,
    credentials: AwsCredentialProvider,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

impl Signer {
    pub(super) fn new(
        options: &S3Options,
        region: &str,
        credentials: AwsCredentialProvider,
    ) -> Result<Self, BlobError> {
        let invalid =
            || BlobError::invalid("using store.endpoint", "it is an address such as https://s3.example.org");
        let at = |endpoint: &str| {
            let style = if options.path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
            let endpoint = endpoint.parse().map_err(|_| invalid())?;
            Bucket::new(endpoint, style, options.bucket.clone(), region.to_owned()).map_err(|_| invalid())
        };
        let aws = format!("https://s3.{region}.amazonaws.com");
        let inside = options.endpoint.as_deref().unwrap_or(&aws);
        let outside = options.public_endpoint.as_deref().unwrap_or(inside);
        Ok(Self {
            bucket: at(outside)?,
            inside: at(inside)?,
            http: OnceLock::new(),
            deadline: options.deadline,
            credentials,
        })
    }

    /// What speaks HTTP for what object_store does not offer; made when it is first needed.
    pub(super) fn http(&self) -> Result<&reqwest::Client, BlobError> {
        if let Some(client) = self.http.get() {
            return Ok(client);
        }
        let made = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let made = made.map_err(|error| BlobError::Remote {
            what: "making a client".to_owned(),
            hint: "tell the makers",
            source: Box::new(error),
        })?;
        Ok(self.http.get_or_init(|| made))
    }

    pub(super) async fn credentials(&self) -> Result<Credentials, BlobError> {
        let found = self.credentials.get_credential().await;
        let found = found.map_err(|error| failed("asking for credentials", error))?;
        Ok(match &found.token {
            Some(token) => Credentials::new_with_token(&found.key_id, &found.secret_key, token),
            None => Credentials::new(&found.key_id, &found.secret_key),
        })
    }
}

impl Remote {
    /// An address that a direct upload's file can be sent to, once it is known what may be sent; `None` where nothing can
    /// be signed.
    ///
    /// Everything that is said of the file is bound by the signature: its type, its length, its SHA-256 as the service
    /// checks it.
    pub(crate) async fn sign_put(
        &self,
        id: ContentHash,
        content_type: Option<&str>,
        len: Option<u64>,
        sha256: Option<ContentHash>,
        seconds: u64,
    ) -> Result<Option<SignedPut>, BlobError> {
        let Some(signer) = &self.signer else { return Ok(None) };
        let (credentials, name) = (signer.credentials().await?, self.name(&names::incoming(id)));
        let mut action = signer.bucket.put_object(Some(&credentials), &name);
        let mut headers = Vec::new();
        if let Some(content_type) = content_type {
            headers.push(("Content-Type", content_type.to_owned()));
        }
        if let Some(hash) = sha256 {
            headers.push(("x-amz-checksum-sha256", BASE64_STANDARD.encode(hash.0)));
        }
        for (name, value) in &headers {
            action.headers_mut().insert(name.to_ascii_lowercase(), value.as_str());
        }
        if let Some(len) = len {
            action.headers_mut().insert("content-length", len.to_string());
        }
        let url = action.sign(Duration::from_secs(seconds)).into();
        Ok(Some(SignedPut { url, headers }))
    }

    /// An address of a stored original, for whoever has it and for so long; `None` where nothing can be signed.
    pub(crate) async fn sign_get(
        &self,
        key: BlobKey,
        answer: &Signing<'_>,
    ) -> Result<Option<String>, BlobError> {
        let Some(signer) = &self.signer else { return Ok(None) };
        let (credentials, name) = (signer.credentials().await?, self.name(&names::blob(key)));
        let mut action = signer.bucket.get_object(Some(&credentials), &name);
        let query = action.query_mut();
        query.insert("response-cache-control", answer.cache_control);
        query.insert("response-content-disposition", answer.disposition);
        query.insert("response-content-type", answer.content_type);
        Ok(Some(action.sign(Duration::from_secs(answer.seconds)).into()))
    }

    /// Scheme and host that signed addresses begin with.
    pub(crate) fn signed_origin(&self) -> Option<String> {
        let url = self.signer.as_ref()?.bucket.base_url();
        Some(url.origin().ascii_serialization())
    }
}
