//! SeaweedFS in its parts: three servers of volumes, and every object on two of them.

use std::{fs, path::Path};

use super::{
    BUCKET, START,
    process::{Process, answers, ask, folder},
    seaweed::identities,
    skip, weed,
};
use crate::{ports, wait};

/// Servers of volumes.
const VOLUMES: usize = 3;
/// One copy more, on another server of the same rack.
const REPLICATION: &str = "001";

/// A running cluster, killed when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    /// Where it speaks S3: `127.0.0.1:port`.
    pub address: String,
    volumes: Vec<Process>,
    _others: Vec<Process>,
}

/// A part of the cluster: where it speaks HTTP and where it speaks to the others.
#[derive(Clone, Copy, Debug)]
struct Part {
    port: u16,
    grpc: u16,
}

impl Part {
    fn address(self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// As the other parts are told it.
    fn name(self) -> String {
        format!("127.0.0.1:{}.{}", self.port, self.grpc)
    }

    /// What every part is told of itself.
    fn flags(self) -> Vec<String> {
        let (port, grpc) = (self.port, self.grpc);
        vec![
            "-ip=127.0.0.1".to_owned(),
            "-ip.bind=127.0.0.1".to_owned(),
            format!("-port={port}"),
            format!("-port.grpc={grpc}"),
        ]
    }
}

impl Cluster {
    /// Starts one with an empty bucket. Skips `test` where there is no SeaweedFS, as [`super::running`] does.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(test: &str) -> Option<Self> {
        let Some(program) = weed() else {
            skip(test);
            return None;
        };
        let dir = folder("seaweed-cluster");
        let ports = ports::free_all::<{ 2 * (VOLUMES + 3) }>();
        let part = |index: usize| Part { port: ports[2 * index], grpc: ports[2 * index + 1] };
        let (master, filer, s3) = (part(0), part(1), part(2));
        let mut others = vec![start_master(&program, &dir, master)];
        let servers: Vec<Part> = (0..VOLUMES).map(|index| part(3 + index)).collect();
        let volumes = servers.iter().map(|server| start_volumes(&program, &dir, *server, master)).collect();
        wait::until("the servers of volumes", START, || {
            let known = ask("GET", &master.address(), "/dir/status").unwrap_or_default();
            servers.iter().all(|server| known.contains(&server.address()))
        });
        others.push(start_filer(&program, &dir, filer, master));
        let made = || {
            ask("POST", &filer.address(), &format!("/buckets/{BUCKET}/"))
                .is_some_and(|answer| answer.starts_with("HTTP/1.1 201"))
        };
        // The door for S3 remembers what was not there.
        wait::until("the bucket to be made", START, made);
        others.push(start_s3(&program, &dir, s3, filer));
        wait::until("the door for S3", START, || answers(&s3.address(), "/", "403"));
        Some(Self { address: s3.address(), volumes, _others: others })
    }

    /// Its endpoint.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Kills one of the three servers of volumes without a word.
    pub fn kill_volumes(&self, index: usize) {
        self.volumes[index].kill();
    }
}

fn start(program: &Path, home: &Path, verb: &str, part: Part, flags: &[String]) -> Process {
    Process::start(program, &[&[verb.to_owned()], part.flags().as_slice(), flags].concat(), home)
}

fn start_master(program: &Path, dir: &Path, part: Part) -> Process {
    let home = dir.join("master");
    let flags = [
        format!("-mdir={}", home.display()),
        format!("-defaultReplication={REPLICATION}"),
        "-volumeSizeLimitMB=64".to_owned(),
        "-telemetry=false".to_owned(),
        "-electionTimeout=200ms".to_owned(),
        "-heartbeatInterval=50ms".to_owned(),
        "-raftBootstrap".to_owned(),
    ];
    let process = start(program, &home, "master", part, &flags);
    // Who asks before it leads asks again after ten seconds.
    wait::until("the master to lead", START, || {
        let status = ask("GET", &part.address(), "/cluster/status").unwrap_or_default();
        status.replace(' ', "").contains("\"IsLeader\":true")
    });
    process
}

fn start_volumes(program: &Path, dir: &Path, part: Part, master: Part) -> Process {
    let home = dir.join(format!("volumes-{}", part.port));
    let flags = [
        format!("-dir={}", home.display()),
        "-max=30".to_owned(),
        format!("-master={}", master.name()),
        "-dataCenter=one".to_owned(),
        "-rack=one".to_owned(),
        "-preStopSeconds=1".to_owned(),
        "-minFreeSpace=1".to_owned(),
    ];
    start(program, &home, "volume", part, &flags)
}

fn start_filer(program: &Path, dir: &Path, part: Part, master: Part) -> Process {
    let home = dir.join("filer");
    fs::create_dir_all(&home).expect("a folder for the filer");
    let store = format!("[leveldb2]\nenabled = true\ndir = \"{}/leveldb\"\n", home.display());
    fs::write(home.join("filer.toml"), store).expect("the filer's settings");
    let flags = [
        format!("-master={}", master.name()),
        format!("-defaultReplicaPlacement={REPLICATION}"),
        format!("-localSocket={}/socket", home.display()),
    ];
    start(program, &home, "filer", part, &flags)
}

fn start_s3(program: &Path, dir: &Path, part: Part, filer: Part) -> Process {
    let home = dir.join("s3");
    fs::create_dir_all(&home).expect("a folder for the door");
    fs::write(home.join("s3.json"), identities()).expect("the engine's users");
    let flags = [
        format!("-filer={}", filer.name()),
        format!("-config={}/s3.json", home.display()),
        format!("-localSocket={}/socket", home.display()),
        "-autoCreateBucket=false".to_owned(),
        "-port.iceberg=0".to_owned(),
        "-port.lance=0".to_owned(),
    ];
    start(program, &home, "s3", part, &flags)
}
