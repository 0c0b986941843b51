//! `tintype config`, `.env`, and where logs go.

use std::{path::Path, time::Duration};

use serde_json::Value;
use tintype_testkit::{build, wait};

use crate::support::{Server, tintype};

fn config(folder: &Path, arguments: &[&str]) -> String {
    let output = tintype().arg("config").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_documents_show_the_sample_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tintype.sample.toml");
    let shown = std::fs::read_to_string(path).unwrap_or_default();
    let sample = config(Path::new("/"), &["--sample"]);
    assert_eq!(shown, sample, "write it anew: tintype config --sample > docs/tintype.sample.toml");
}

#[test]
fn it_tells_which_setting_won_and_where_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "TINTYPE_UPLOAD_BYTES_MAX=5MB\nAPI_SECRET=hush\n").unwrap();
    std::fs::write(folder.path().join("tintype.toml"), "[upload]\nbytes_max = \"7MB\"\nwho = \"token\"\n")
        .unwrap();
    let text = config(folder.path(), &["--trash-keep", "1d"]);
    let line = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("upload.bytes_max "), "upload.bytes_max 5MB TINTYPE_UPLOAD_BYTES_MAX in .env");
    assert_eq!(line("upload.who "), "upload.who token in tintype.toml");
    assert_eq!(line("trash.keep "), "trash.keep 1d on the command line");
    assert_eq!(line("sweep.grace "), "sweep.grace 24h default");
    assert!(!text.contains("hush"), "what is not ours is not shown");
    let json: Value = serde_json::from_str(&config(folder.path(), &["--json"])).unwrap();
    assert!(
        json.as_array().unwrap().iter().any(|each| each["name"] == "upload.who" && each["value"] == "token")
    );
}

#[test]
fn a_server_follows_dot_env_and_names_what_it_replaces() {
    let folder = tempfile::tempdir().unwrap();
    // The file of a replaced image host, as its sample has it.
    let dot_env = "# Directory where uploaded images will be stored\nIMAGES_DIR=/usr/src/images\nLOG_DIR=/var/log\n\
                   WEB_SERVER_WORKERS=10\nWEB_SERVER_START_PORT=8000\nTINTYPE_UPLOAD_ACCEPT=png\n";
    std::fs::write(folder.path().join(".env"), dot_env).unwrap();
    let server = Server::on(folder, &[]);
    server.client().upload("a.jpg", &build::jpeg(8, 8, 1)).expect_problem(415, "unsupported_type");
    let log = server.log();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("another image host")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    for name in ["IMAGES_DIR", "LOG_DIR", "WEB_SERVER_WORKERS", "WEB_SERVER_START_PORT"] {
        assert!(warnings[0].contains(name), "{log}");
    }
}

#[test]
fn a_bucket_of_another_image_host_is_shown_without_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let dot_env = "AWS_ACCESS_KEY_ID=AKIDEXAMPLE\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI\nS3_BUCKET=holiday\nENDPOINT=https://s3.example.org\n";
    std::fs::write(folder.path().join(".env"), dot_env).unwrap();
    for flags in [&["config"][..], &["config", "--json"]] {
        let output = tintype().args(flags).current_dir(folder.path()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("holiday") && text.contains("S3_BUCKET in .env"), "{text}");
        assert!(!text.contains("wJal") && !text.contains("AKIDEXAMPLE"), "{text}");
    }
}

#[test]
fn logs_go_to_a_folder_as_json_and_are_put_aside_when_full() {
    let logs = tempfile::tempdir().unwrap();
    let dir = logs.path().join("logs");
    let flags = [
        "--log-dir",
        dir.to_str().unwrap(),
        "--log-file-bytes",
        "4kB",
        "--log-files",
        "2",
        "--log-level",
        "debug",
    ];
    let server = Server::with(&flags);
    let client = server.client();
    let uploaded = client.upload("a.png", &build::png(8, 8, 1)).expect(201);
    let refused = client.upload("a.txt", b"just words").expect_problem(415, "unsupported_type");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap_or_default();
    wait::until("the lines", Duration::from_secs(60), || {
        read("access.log").contains(&refused.at("/request_id"))
    });
    let lines: Vec<Value> =
        read("access.log").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Who uploaded an image, and why another was refused, each by one search.
    let upload = lines.iter().find(|line| line["image"] == uploaded.at("/id").as_str()).unwrap();
    assert_eq!((upload["client"].as_str(), upload["status"].as_u64()), (Some("127.0.0.1"), Some(201)));
    let line = lines.iter().find(|line| line["request_id"] == refused.at("/request_id").as_str()).unwrap();
    assert_eq!(
        (line["code"].as_str(), line["detail"].as_str()),
        (Some("unsupported_type"), Some(&*refused.at("/detail")))
    );
    // Lines are written a few at a time, so that it takes several writes to fill several files.
    wait::until("files put aside", Duration::from_secs(20), || {
        (0..40).for_each(|number| drop(client.get(&format!("/i/{number}"))));
        dir.join("access.log.2").exists()
    });
    assert!(!dir.join("access.log.3").exists() && !dir.join("access.log.4").exists());
    server.stop();
    let app = read("app.log");
    assert!(!app.is_empty());
    for line in app.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["timestamp"].is_string() && line["message"].is_string(), "{line}");
    }
}

#[test]
fn a_log_folder_that_cannot_be_written_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for flags in [["--log-dir", "file/logs"], ["--web-dir", "file"]] {
        let output = tintype().arg("serve").args(flags).current_dir(folder.path()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains("file"), "{error}");
    }
}
