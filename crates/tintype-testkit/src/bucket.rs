//! What an operator does to a bucket.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use rusty_s3::{Method, signing};

use crate::engine::{ACCESS_KEY, BUCKET, Engine, REGION, SECRET_KEY};

/// Lets anybody read what lies below `public/` of any prefix, and nothing else.
///
/// # Panics
/// When the engine does not take the policy.
pub fn open_public(engine: &Engine) {
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::{BUCKET}/*/public/*"]}}]}}"#
    );
    let bucket = format!("{}/{BUCKET}", engine.endpoint()).parse().expect("an address");
    let url = signing::sign(
        &jiff::Timestamp::now(),
        Method::Put,
        bucket,
        ACCESS_KEY,
        SECRET_KEY,
        None,
        REGION,
        60,
        [("policy", "")].into_iter(),
        std::iter::empty(),
    );
    let target = url.as_str().trim_start_matches("http://").trim_start_matches(&engine.address);
    let request = format!(
        "PUT {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{policy}",
        engine.address,
        policy.len()
    );
    let mut stream = TcpStream::connect(&engine.address).expect("the engine listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time");
    stream.write_all(request.as_bytes()).expect("the engine reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the engine answers");
    assert!(answer.starts_with("HTTP/1.1 20"), "the policy was answered {answer}");
}
