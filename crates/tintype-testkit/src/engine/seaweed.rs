//! SeaweedFS, all of it in one process.

use std::{fs, path::Path};

use super::{
    ACCESS_KEY, BUCKET, Engine, Kind, READER_KEY, SECRET_KEY, START,
    process::{Process, answers, folder},
};
use crate::{ports, wait};

/// The engine's parts that listen, each on a port of its own.
const PORTS: [&str; 10] = [
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
    "admin.port",
    "admin.port.grpc",
];
/// The one that knows the buckets.
const FILER: usize = 4;
/// The one that speaks S3.
const S3: usize = 6;

/// The engine's users, as it reads them.
pub(super) fn identities() -> String {
    format!(
        r#"{{"identities":[{{"name":"app","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET_KEY}"}}],"actions":["Admin","Read","Write","List","Tagging"]}},{{"name":"ro","credentials":[{{"accessKey":"{READER_KEY}","secretKey":"{SECRET_KEY}"}}],"actions":["Read","List"]}}]}}"#
    )
}

pub(super) fn start(program: &Path) -> Engine {
    let dir = folder("seaweed");
    fs::create_dir_all(dir.join("data")).expect("a folder for the engine");
    fs::write(dir.join("s3.json"), identities()).expect("the engine's users");
    let ports = ports::free_all::<{ PORTS.len() }>();
    let mut arguments = vec![
        "mini".to_owned(),
        format!("-dir={}/data", dir.display()),
        format!("-s3.config={}/s3.json", dir.display()),
        format!("-bucket={BUCKET}"),
        "-ip=127.0.0.1".to_owned(),
        "-ip.bind=127.0.0.1".to_owned(),
    ];
    for (name, port) in PORTS.iter().zip(ports) {
        arguments.push(format!("-{name}={port}"));
    }
    for plain in [
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-webdav=false",
        "-admin.ui=false",
        "-master.telemetry=false",
        "-s3.autoCreateBucket=false",
    ] {
        arguments.push(plain.to_owned());
    }
    let process = Process::start(program, &arguments, &dir);
    let (address, filer) = (format!("127.0.0.1:{}", ports[S3]), format!("127.0.0.1:{}", ports[FILER]));
    // The door for S3 opens before the bucket is made, and remembers what was not there.
    wait::until("the engine's bucket", START, || answers(&filer, &format!("/buckets/{BUCKET}/"), "200"));
    wait::until("the engine's door for S3", START, || answers(&address, "/", "403"));
    Engine { address, kind: Kind::SeaweedFs, _process: process }
}
