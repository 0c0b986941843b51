//! What `tintype doctor` looks at where the originals are in object storage, and the documents that mend it.

use anyhow::{Context as _, Result};
use clap::{Arg, ArgAction, ArgMatches};
use serde_json::{Value, json};
use tintype_app::config::Delivery;
use tintype_blob::{Outcome, S3Options, examine};

use super::doctor::{Finding, Verdict};
use crate::settings::Settings;

/// Days after which the bucket itself removes what was left. The server's own sweep comes first.
const LEFT_DAYS: u32 = 2;

pub(super) fn arguments() -> [Arg; 2] {
    [
        Arg::new("print")
            .long("print")
            .value_name("DOCUMENT")
            .value_parser(["policy", "public-policy", "cors", "lifecycle"])
            .help("Print a document for the bucket, as `aws s3api put-bucket-cors` and its like take it, and nothing else"),
        Arg::new("origin")
            .long("origin")
            .value_name("URL")
            .action(ArgAction::Append)
            .help("Origin of a page of your own that sends files to the bucket; may be repeated"),
    ]
}

/// The document that was asked for, if one was.
pub(super) fn document(matches: &ArgMatches, settings: &Settings) -> Result<Option<Value>> {
    let Some(name) = matches.get_one::<String>("print") else { return Ok(None) };
    let s3 =
        settings.store.s3().context("no bucket is named: set store.bucket (or S3_BUCKET) and its keys")?;
    Ok(Some(match name.as_str() {
        "policy" => policy(&s3),
        "public-policy" => public_policy(&s3),
        "cors" => cors(&origins(matches, settings)),
        _ => lifecycle(&s3),
    }))
}

/// Examines the bucket.
pub(super) async fn look(matches: &ArgMatches, settings: &Settings) -> Result<Vec<Finding>> {
    let Some(s3) = settings.store.s3() else { return Ok(Vec::new()) };
    let origins = if settings.app.direct { origins(matches, settings) } else { Vec::new() };
    let public = settings.http.copies_url.as_deref().filter(|_| settings.app.delivery == Delivery::Public);
    let checked = examine(&s3, &origins, public).await.context("the bucket cannot be examined")?;
    Ok(checked.into_iter().map(|(what, outcome)| found(what, outcome)).collect())
}

fn found(what: &'static str, outcome: Outcome) -> Finding {
    let (verdict, found, mend) = match outcome {
        Outcome::Fine(found) => (Verdict::Ok, found, String::new()),
        Outcome::Weak(found, mend) => (Verdict::Warn, found, mend),
        Outcome::Broken(found, mend) => (Verdict::Fail, found, mend),
    };
    Finding { verdict, what, found, mend }
}

/// Pages that send files: the web app's, and those that were named.
fn origins(matches: &ArgMatches, settings: &Settings) -> Vec<String> {
    let own = match (&settings.http.base_url, settings.listen, settings.port) {
        (Some(base), ..) => origin_of(base).to_owned(),
        (None, Some(address), _) if !address.ip().is_unspecified() => format!("http://{address}"),
        (None, Some(address), _) => format!("http://localhost:{}", address.port()),
        (None, None, Some(port)) => format!("http://localhost:{port}"),
        (None, None, None) => "http://127.0.0.1:8080".to_owned(),
    };
    let named = matches.get_many::<String>("origin").into_iter().flatten().cloned();
    std::iter::once(own).chain(named).collect()
}

/// Scheme and host of an address.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or(url, |slash| &url[..host + slash])
}

fn below(s3: &S3Options, name: &str) -> String {
    let prefix = s3.prefix.trim_matches('/');
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}

/// What the server's key may do, and no more.
fn policy(s3: &S3Options) -> Value {
    let bucket = format!("arn:aws:s3:::{}", s3.bucket);
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
                "Resource": format!("{bucket}/{}", below(s3, "*")),
            },
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetLifecycleConfiguration"],
                "Resource": bucket,
            },
        ],
    })
}

/// Lets anybody read the copies of images, and nothing else.
fn public_policy(s3: &S3Options) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": ["s3:GetObject"],
            "Resource": format!("arn:aws:s3:::{}/{}", s3.bucket, below(s3, "public/*")),
        }],
    })
}

/// Lets pages send files by signed addresses, and show pictures from them on a canvas.
fn cors(origins: &[String]) -> Value {
    json!({"CORSRules": [{
        "AllowedOrigins": origins,
        "AllowedMethods": ["PUT", "GET", "HEAD"],
        "AllowedHeaders": ["content-type", "x-amz-checksum-sha256"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 3600,
    }]})
}

/// Removes what senders and crashes left.
fn lifecycle(s3: &S3Options) -> Value {
    json!({"Rules": [
        {
            "ID": "tintype-incoming",
            "Status": "Enabled",
            "Filter": {"Prefix": below(s3, "incoming/")},
            "Expiration": {"Days": LEFT_DAYS},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": LEFT_DAYS},
        },
        {
            "ID": "tintype-parts",
            "Status": "Enabled",
            "Filter": {"Prefix": below(s3, "originals/")},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": LEFT_DAYS},
        },
    ]})
}
