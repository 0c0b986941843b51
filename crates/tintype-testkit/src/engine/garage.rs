//! Garage on one node.

use std::{fs, path::Path, process::Command};

use super::{
    ACCESS_KEY, BUCKET, Engine, Kind, READER_KEY, REGION, SECRET_KEY, START,
    process::{Process, answers, folder},
};
use crate::{ports, wait};

pub(super) fn start(program: &Path) -> Engine {
    let dir = folder("garage");
    let [rpc, s3] = ports::free_all();
    let (home, address) = (dir.display(), format!("127.0.0.1:{s3}"));
    let settings = format!(
        "metadata_dir = \"{home}/meta\"\n\
         data_dir = \"{home}/data\"\n\
         db_engine = \"sqlite\"\n\
         replication_factor = 1\n\
         rpc_bind_addr = \"127.0.0.1:{rpc}\"\n\
         rpc_public_addr = \"127.0.0.1:{rpc}\"\n\
         rpc_secret = \"{SECRET_KEY}\"\n\
         [s3_api]\n\
         s3_region = \"{REGION}\"\n\
         api_bind_addr = \"{address}\"\n\
         root_domain = \".s3.garage.test\"\n"
    );
    let config = dir.join("garage.toml");
    fs::write(&config, settings).expect("the engine's settings");
    let flags = ["-c".to_owned(), config.display().to_string(), "server".to_owned()];
    let process = Process::start(program, &flags, &dir);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(program);
        command.arg("-c").arg(&config).args(arguments).env("HOME", &dir);
        command.output().expect("Garage runs")
    };
    let does = |arguments: &[&str]| {
        let output = run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    wait::until("Garage", START, || run(&["status"]).status.success());
    let node = does(&["node", "id", "-q"]);
    let node = node.split('@').next().unwrap_or_default();
    does(&["layout", "assign", "-z", "one", "-c", "1G", node]);
    does(&["layout", "apply", "--version", "1"]);
    does(&["bucket", "create", BUCKET]);
    for (name, key) in [("app", ACCESS_KEY), ("reader", READER_KEY)] {
        does(&["key", "import", "--yes", "-n", name, key, SECRET_KEY]);
    }
    does(&["bucket", "allow", "--read", "--write", "--owner", BUCKET, "--key", "app"]);
    does(&["bucket", "allow", "--read", BUCKET, "--key", "reader"]);
    wait::until("the engine's door for S3", START, || answers(&address, "/", "403"));
    Engine { address, kind: Kind::Garage, _process: process }
}
