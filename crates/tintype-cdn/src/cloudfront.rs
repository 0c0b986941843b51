//! Amazon CloudFront: `CreateInvalidation` of its API 2020-05-31, signed by Signature Version 4.
//!
//! A path that ends in `*` stands for all that begin so; 15 such may be under way at once, and 3,000 others. A distribution
//! with a `CacheTagConfig` takes tags instead, with `#` before them (CloudFront Developer Guide, "Invalidating content by
//! cache tags").

use std::{
    fmt::Write as _,
    time::{Duration, UNIX_EPOCH},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use reqwest::Client;
use tintype_types::UnixMillis;

use crate::{
    Forget, PurgeError, Secret,
    send::{ask, chain},
};

/// How long an invalidation takes, at most as a rule.
pub(crate) const SETTLES: Duration = Duration::from_secs(60);
/// The pause while as many invalidations are under way as may be.
const PAUSE: Duration = Duration::from_secs(60);

/// A distribution.
#[derive(Clone, Debug)]
pub struct CloudFront {
    /// The API, without a slash at its end.
    pub endpoint: String,
    /// The distribution's id.
    pub distribution: String,
    /// Whether it knows tags, by the header `Cache-Tag`.
    pub by_tag: bool,
    /// What stands before every path where the site is below a path of its host, such as `/pictures`, without a slash at its
    /// end; an empty one where it is not. Two where pictures have a host of their own besides.
    pub base_paths: Vec<String>,
    /// Id of the access key.
    pub access_key: String,
    /// The access key.
    pub secret_key: Secret,
}

impl CloudFront {
    /// Half of the wildcards that may be under way at once, so that a second batch has room beside the first.
    pub(crate) const fn batch(&self) -> u32 {
        if self.by_tag {
            100
        } else if self.base_paths.len() > 1 {
            3
        } else {
            7
        }
    }

    pub(crate) async fn forget(
        &self,
        client: &Client,
        what: &[Forget],
        now: UnixMillis,
    ) -> Result<(), PurgeError> {
        let url = format!("{}/2020-05-31/distribution/{}/invalidation", self.endpoint, self.distribution);
        // Each call is one of its own: with the same reference it would be taken for an earlier one.
        let reference = format!("tintype-{}-{}", now.0, what.first().map_or("", |one| one.tag.as_str()));
        let body = batch(&self.items(what), &reference);
        let mut request = client.post(&url).body(body.clone());
        for (name, value) in self.signature(&url, &body, now)? {
            request = request.header(name, value);
        }
        let answer = ask(request).await?;
        if answer.body.contains("TooManyInvalidationsInProgress") {
            return Err(PurgeError::Limited(PAUSE));
        }
        let answer = answer.or_error()?;
        if answer.body.contains("<Invalidation ") && answer.body.contains("<Id>") {
            Ok(())
        } else {
            Err(PurgeError::Malformed(answer.words()))
        }
    }

    fn items(&self, what: &[Forget]) -> Vec<String> {
        if self.by_tag {
            return what.iter().map(|one| format!("#{}", one.tag)).collect();
        }
        let mut items = Vec::new();
        for (one, base) in what.iter().flat_map(|one| self.base_paths.iter().map(move |base| (one, base))) {
            let covered =
                |path: &&String| one.prefix.as_ref().is_some_and(|prefix| path.starts_with(prefix.as_str()));
            items.extend(one.prefix.iter().map(|prefix| format!("{base}{prefix}*")));
            items.extend(one.paths.iter().filter(|path| !covered(path)).map(|path| format!("{base}{path}")));
        }
        items
    }

    fn signature(&self, url: &str, body: &str, now: UnixMillis) -> Result<Vec<(String, String)>, PurgeError> {
        let unsigned =
            |error: &dyn std::error::Error| PurgeError::Refused(format!("not signed: {}", chain(error)));
        let identity =
            Credentials::new(&self.access_key, self.secret_key.expose(), None, None, "settings").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            // CloudFront is one service for the whole world, and signs for this region.
            .region("us-east-1")
            .name("cloudfront")
            .time(UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0)))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsigned(&error))?
            .into();
        let request = SignableRequest::new(
            "POST",
            url,
            [("content-type", "text/xml")].into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        );
        let (instructions, _) = sign(request.map_err(|error| unsigned(&error))?, &params)
            .map_err(|error| unsigned(&error))?
            .into_parts();
        let signed = instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok([("content-type".to_owned(), "text/xml".to_owned())].into_iter().chain(signed).collect())
    }
}

/// The body of the call.
fn batch(items: &[String], reference: &str) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Paths>",
    );
    let _ = write!(xml, "<Quantity>{}</Quantity><Items>", items.len());
    for item in items {
        let _ = write!(xml, "<Path>{}</Path>", escape(item));
    }
    let _ = write!(
        xml,
        "</Items></Paths><CallerReference>{}</CallerReference></InvalidationBatch>",
        escape(reference)
    );
    xml
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
