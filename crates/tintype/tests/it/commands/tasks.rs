//! The commands of docs/operate.md, "Twelve tasks", as they stand there.

use std::{path::Path, process::Command, time::Duration};

use tintype_testkit::{build, wait};

use crate::support::{Server, lacking};

/// The shell blocks under the heading, each with the words before it.
fn tasks() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate.md");
    let text = std::fs::read_to_string(path).unwrap();
    let section =
        text.split("\n## ").find(|section| section.starts_with("Twelve tasks")).expect("the heading");
    let mut tasks = Vec::new();
    let mut rest = section;
    while let Some((before, after)) = rest.split_once("```sh\n") {
        let (block, after) = after.split_once("```").unwrap();
        let words = before.rsplit("**").nth(1).unwrap_or(before).to_owned();
        tasks.push((words, block.to_owned()));
        rest = after;
    }
    tasks
}

#[test]
fn every_task_is_done_by_its_commands() {
    for tool in ["curl", "jq", "bash"] {
        if !["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(tool).exists()) {
            return lacking(tool);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let server = Server::with(&["--log-dir", logs.to_str().unwrap()]);
    let token = server.token_with(&["--name", "laptop", "--scope", "upload"]);
    let link = token.upload("a.png", &build::png(8, 8, 1)).expect(201).at("/links/image");
    let refused = server.client().upload("a.txt", b"words").expect(415).at("/request_id");
    let failed = server.client().get("/testing/panic").expect(500).at("/request_id");
    let log = || std::fs::read_to_string(logs.join("access.log")).unwrap_or_default();
    wait::until("the access log", Duration::from_secs(60), || log().contains(&failed));
    let programs = Path::new(env!("CARGO_BIN_EXE_tintype")).parent().unwrap();
    let tasks = tasks();
    assert_eq!(tasks.len(), 12, "{tasks:?}");
    let mut said = String::new();
    for (task, block) in tasks {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &block])
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
            .env("TINTYPE_STORE_DATA", server.data())
            .envs([("TINTYPE", server.base.as_str()), ("LINK", &link), ("REQUEST_ID", &refused)])
            .env("LOGS", &logs)
            .env("BACKUP", folder.path().join("backup"))
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && !text.is_empty(),
            "{task}:\n{block}\n{text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        said.push_str(&text);
    }
    for words in [
        "the token laptop",
        " 127.0.0.1",
        "unsupported_type: This is not an image",
        &failed,
        "is whole",
        "192.0.2.0/24",
    ] {
        assert!(said.contains(words), "{words}:\n{said}");
    }
}
