//! A part of a bucket for a server to keep its originals in, and files that go straight there.

use tintype_testkit::engine;

use super::{Client, Reply, server::Environment};

/// What makes the server keep its originals in the engine at `endpoint`.
pub(crate) fn environment(endpoint: &str, prefix: &str) -> Environment {
    vec![
        ("AWS_ACCESS_KEY_ID", engine::ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", engine::SECRET_KEY.to_owned()),
        ("AWS_REGION", engine::REGION.to_owned()),
        ("S3_BUCKET", engine::BUCKET.to_owned()),
        ("ENDPOINT", endpoint.to_owned()),
        ("TINTYPE_STORE_PREFIX", prefix.to_owned()),
        ("TINTYPE_STORE_DEADLINE", "5s".to_owned()),
    ]
}

/// Path and query of an address.
pub(crate) fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    &rest[rest.find('/').unwrap_or(rest.len())..]
}

/// Sends a file to where it was told to go, with what it was told to say and changes to that.
pub(crate) fn send_direct(begun: &Reply, changes: &[(&str, &str)], body: &[u8]) -> u16 {
    let json = begun.json();
    let url = begun.at("/uploadURL");
    let mut headers: Vec<(String, String)> = json["headers"]
        .as_object()
        .expect("the headers to send")
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.as_str().expect("a header's text").to_owned()))
        .collect();
    for (name, value) in changes {
        headers.retain(|(known, _)| known != name);
        headers.push(((*name).to_owned(), (*value).to_owned()));
    }
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let origin = &url[..url.len() - path_of(&url).len()];
    Client::new(origin).send("PUT", path_of(&url), &headers, Some(body)).status
}
