//! What a service's answer means, and what to do about it.

use std::error::Error as _;

use crate::BlobError;

/// The error of a call that did not work out, retries included.
pub(crate) fn failed(what: impl Into<String>, error: object_store::Error) -> BlobError {
    let hint = hint(&error);
    BlobError::Remote { what: what.into(), hint, source: Box::new(Answer::from(error)) }
}

/// The service's answer. The client's errors repeat in each of their sources what stands in the whole.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Answer(String);

impl From<object_store::Error> for Answer {
    fn from(error: object_store::Error) -> Self {
        Self(error.to_string())
    }
}

/// What to mend, where the answer tells it.
fn hint(error: &object_store::Error) -> &'static str {
    let mut texts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(inner) = source {
        texts.push(inner.to_string());
        source = inner.source();
    }
    let says = |word: &str| texts.iter().any(|text| text.contains(word));
    if says("NoSuchBucket") {
        "the bucket does not exist: create it, or correct store.bucket"
    } else if says("RequestTimeTooSkewed") || says("RequestExpired") {
        "this machine's clock is off: set it (timedatectl set-ntp true)"
    } else if says("SignatureDoesNotMatch") {
        "the secret key is wrong: correct AWS_SECRET_ACCESS_KEY"
    } else if says("InvalidAccessKeyId") || says("No such key") || says("Invalid signature") {
        "the access key is unknown: correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    } else if says("ExpiredToken") || says("InvalidToken") {
        "the session token is no longer valid: renew AWS_SESSION_TOKEN with its keys"
    } else if says("AuthorizationHeaderMalformed")
        || says("scope")
        || says("BareRedirect")
        || says("redirect")
    {
        "the region is another one: correct store.region"
    } else if says("AccessDenied") || says("403 Forbidden") || says("Forbidden") {
        "the credentials may not do this: `tintype doctor` prints the policy that they need"
    } else if says("169.254.") {
        "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role"
    } else {
        "look whether the service at store.endpoint answers; `tintype doctor` examines it"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: text.to_owned().into() }
    }

    #[test]
    fn answers_lead_to_what_mends_them() {
        for (answer, mend) in [
            ("<Code>NoSuchBucket</Code>", "store.bucket"),
            ("<Code>RequestTimeTooSkewed</Code>", "clock"),
            ("<Code>SignatureDoesNotMatch</Code>", "AWS_SECRET_ACCESS_KEY"),
            ("<Code>InvalidAccessKeyId</Code>", "AWS_ACCESS_KEY_ID"),
            ("<Code>AccessDenied</Code>", "policy"),
            ("connection refused", "store.endpoint"),
        ] {
            let error = failed("reading store.json", generic(answer)).to_string();
            assert!(error.contains(mend), "{answer}: {error}");
        }
    }
}
