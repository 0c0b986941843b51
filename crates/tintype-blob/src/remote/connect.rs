//! From settings to a client.

use std::{str::FromStr as _, sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientOptions, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum},
};

use super::{Remote, sign::Signer};
use crate::BlobError;

/// Pause before a call is tried again, at first and at most; it grows and is never the same for two callers.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Time in which a connection must stand.
const CONNECT: Duration = Duration::from_secs(5);

/// Where a bucket is and how it is spoken to.
#[derive(Clone, Debug)]
pub struct S3Options {
    /// The bucket's name.
    pub bucket: String,
    /// Where the service is; `None` for AWS.
    pub endpoint: Option<String>,
    /// Where browsers reach it, if elsewhere: what signed addresses begin with.
    pub public_endpoint: Option<String>,
    /// Its region; `None` for what `credentials` says, else `us-east-1`, or `auto` beside an endpoint.
    pub region: Option<String>,
    /// Whether the bucket stands in the path (`https://host/bucket/key`) instead of the host.
    pub path_style: bool,
    /// What every name begins with; empty for the whole bucket.
    pub prefix: String,
    /// Time after which a call is not tried again.
    pub deadline: Duration,
    /// The variables of the environment that AWS's own programs read credentials from, names and values. Empty for the
    /// role of the machine.
    pub credentials: Vec<(String, String)>,
}

impl S3Options {
    fn region(&self) -> String {
        let named = |name: &str| {
            let found = self.credentials.iter().find(|(known, value)| known == name && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        self.region
            .clone()
            .or_else(|| named("AWS_REGION"))
            .or_else(|| named("AWS_DEFAULT_REGION"))
            .unwrap_or_else(|| if self.endpoint.is_some() { "auto" } else { "us-east-1" }.to_owned())
    }

    /// Where people see the store: `s3://bucket/prefix`.
    pub fn shown(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix.trim_matches('/'))
    }
}

impl Remote {
    /// Makes a client. Nothing is asked of the service yet.
    pub(crate) fn connect(options: &S3Options) -> Result<Self, BlobError> {
        let region = options.region();
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: BACKOFF.0,
                max_backoff: BACKOFF.1.min(options.deadline / 4),
                base: 2.0,
            },
            max_retries: 30,
            retry_timeout: options.deadline,
        };
        let client = ClientOptions::new()
            .with_connect_timeout(CONNECT)
            // A whole answer may take long, a pause in it may not.
            .with_timeout_disabled()
            .with_read_timeout(options.deadline)
            .with_allow_http(true);
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&options.bucket)
            .with_region(&region)
            .with_virtual_hosted_style_request(!options.path_style)
            .with_checksum_algorithm(Checksum::SHA256)
            .with_retry(retry)
            .with_client_options(client);
        for (name, value) in &options.credentials {
            if let Ok(key) = AmazonS3ConfigKey::from_str(&name.to_ascii_lowercase())
                && !matches!(key, AmazonS3ConfigKey::Region | AmazonS3ConfigKey::DefaultRegion)
            {
                builder = builder.with_config(key, value);
            }
        }
        if let Some(endpoint) = &options.endpoint {
            builder = builder.with_endpoint(bucket_endpoint(endpoint, options)?);
        }
        let invalid = |error| super::failed(format!("using {}", options.shown()), error);
        let client = Arc::new(builder.build().map_err(invalid)?);
        let signer = Signer::new(options, &region, Arc::clone(client.credentials()))?;
        Ok(Self::new(client, &options.prefix, Some(signer)))
    }
}

/// The endpoint as the client takes it: with the bucket as part of the host where it does not stand in the path.
fn bucket_endpoint(endpoint: &str, options: &S3Options) -> Result<String, BlobError> {
    let endpoint = endpoint.trim_end_matches('/');
    if options.path_style {
        return Ok(endpoint.to_owned());
    }
    let (scheme, host) = endpoint
        .split_once("://")
        .ok_or_else(|| BlobError::invalid("using store.endpoint", "it begins with http:// or https://"))?;
    Ok(format!("{scheme}://{}.{host}", options.bucket))
}
