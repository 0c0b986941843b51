//! docs/deploy/sevalla.md: the start command under the variables that stand there, and no others.

use std::{
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use tempfile::TempDir;
use tintype_testkit::{
    build,
    engine::{self, BUCKET, Engine},
    ports, wait,
};

use crate::support::{Client, path_of};

const START: Duration = Duration::from_secs(60);

/// What stands in the document: the words of the start command, and the names of the variables.
fn document() -> (Vec<String>, Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/deploy/sevalla.md");
    let text = std::fs::read_to_string(path).unwrap();
    let block = |language: &str| {
        let (_, rest) = text.split_once(&format!("```{language}\n")).expect("the block");
        rest.split_once("```").expect("its end").0.trim().to_owned()
    };
    let command = block("sh").split_whitespace().map(ToOwned::to_owned).collect();
    let names = block("ini").lines().map(|line| line.split_once('=').unwrap().0.to_owned()).collect();
    (command, names)
}

/// A container: a disk of its own, a port, and the variables of the document.
struct Container {
    child: Child,
    client: Client,
    _disk: TempDir,
}

impl Container {
    fn start(engine: &Engine, prefix: &str) -> Self {
        let (command, names) = document();
        let port = ports::free();
        let base = format!("http://127.0.0.1:{port}");
        let disk = tempfile::tempdir().unwrap();
        assert_eq!(command[0], "tintype");
        let mut started = Command::new(env!("CARGO_BIN_EXE_tintype"));
        started.args(&command[1..]).env_clear().env("PORT", port.to_string()).current_dir(disk.path());
        // The tests share a bucket; each has a part of it.
        started.env("TINTYPE_STORE_PREFIX", prefix);
        for name in names {
            let value = match name.as_str() {
                "AWS_ACCESS_KEY_ID" => engine::ACCESS_KEY.to_owned(),
                "AWS_SECRET_ACCESS_KEY" => engine::SECRET_KEY.to_owned(),
                "AWS_REGION" => engine::REGION.to_owned(),
                "S3_BUCKET_NAME" => BUCKET.to_owned(),
                "ENDPOINT" => engine.endpoint(),
                "TINTYPE_CATALOG_RESTORE_FROM" => format!("s3://{BUCKET}/{prefix}"),
                "TINTYPE_SERVER_BASE_URL" => base.clone(),
                other => panic!("{other} stands in the document and is not tried"),
            };
            started.env(name, value);
        }
        let log = std::fs::File::create(disk.path().join("log")).unwrap();
        let child = started.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let container = Self { child, client: Client::new(&base), _disk: disk };
        wait::until("the health check", START, || {
            let asked = container.client.try_send("GET", "/ready", &[], None);
            asked.is_ok_and(|reply| reply.status == 200)
        });
        container
    }

    fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_platform_that_sets_a_port_and_variables_runs_it_through_redeploys() {
    let Some(engine) = engine::running("a_platform_that_sets_a_port_and_variables_runs_it_through_redeploys")
    else {
        return;
    };
    let prefix = engine::fresh_prefix();
    let first = Container::start(engine, &prefix);
    let picture = build::jpeg(64, 48, 1);
    let reply = first.client.upload("a.jpg", &picture).expect(201);
    first.stop();
    let mut second = Container::start(engine, &prefix);
    for _ in 0..2 {
        assert!(second.client.get(path_of(&reply.at("/links/image"))).expect(200).body == picture);
        // The next one is healthy before the last one is stopped.
        let next = Container::start(engine, &prefix);
        std::mem::replace(&mut second, next).stop();
    }
}
