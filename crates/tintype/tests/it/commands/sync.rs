//! `tintype sync`

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;
use tintype_testkit::{
    badnet::{Badnet, Harm},
    build,
};
use tintype_types::MediaType;

use crate::support::{Client, Server, tintype};

/// Somebody with a folder, and a token for a server.
struct Writer<'a> {
    server: &'a Server,
    token: Client,
    dir: TempDir,
}

impl<'a> Writer<'a> {
    fn new(server: &'a Server) -> Self {
        let token = server.token("upload,paths,read,delete");
        Self { server, token, dir: tempfile::tempdir().expect("a temporary folder") }
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let file = self.dir.path().join(name);
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("the folder is made");
        fs::write(file, bytes).expect("the file is written");
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.dir.path().join(from), self.dir.path().join(to)).expect("the file is renamed");
    }

    fn command(&self, to: &str, arguments: &[&str]) -> Command {
        let mut command = tintype();
        command.args(["sync", "--to", to]).args(arguments).arg(self.dir.path()).arg("blog/");
        command.env("TINTYPE_TOKEN", self.token.token());
        command
    }

    fn sync(&self, arguments: &[&str]) -> Said {
        Said::of(&self.command(&self.server.base, arguments).output().expect("the program runs"))
    }

    /// The paths that the server has.
    fn there(&self) -> Vec<String> {
        let list = self.token.get("/api/v1/files/?recursive=true").expect(200).json();
        let files = list["files"].as_array().expect("a list").iter();
        files.map(|file| file["path"].as_str().expect("a path").to_owned()).collect()
    }
}

#[derive(Debug)]
struct Said {
    status: Option<i32>,
    lines: Vec<String>,
    errors: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let lines = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        Self { status: output.status.code(), lines, errors }
    }

    #[track_caller]
    fn expect(self, status: i32, summary: &str) -> Self {
        assert_eq!(
            (self.status, self.lines.last().map(String::as_str)),
            (Some(status), Some(summary)),
            "{self:#?}"
        );
        self
    }
}

#[test]
fn only_what_changed_is_uploaded_and_what_was_renamed_is_moved() {
    let server = Server::start();
    let ana = Writer::new(&server);
    for (number, media) in MediaType::ALL.iter().enumerate() {
        ana.write(&format!("2026/{number}.{}", media.extension()), &build::sample(*media, 1));
    }
    // As macOS writes an ü: two characters.
    ana.write("trip/day 1/u\u{308}.png", &build::png(9, 9, 1));
    ana.write("renamed.png", &build::png(9, 9, 2));
    ana.write("changed.png", &build::png(9, 9, 3));
    ana.write("gone.png", &build::png(9, 9, 4));
    ana.write("notes.txt", b"words");
    ana.write(".DS_Store", b"junk");
    let all = MediaType::ALL.len() + 4;
    let said =
        ana.sync(&[]).expect(0, &format!("{all} uploaded, 0 moved, 0 deleted, 0 unchanged, 1 skipped"));
    assert!(said.errors.contains("notes.txt: no picture that the server takes"), "{said:?}");
    let client = server.client();
    assert_eq!(client.get("/blog/trip/day%201/%C3%BC.png").expect(200).body, build::png(9, 9, 1));
    ana.sync(&[]).expect(0, &format!("0 uploaded, 0 moved, 0 deleted, {all} unchanged, 1 skipped"));

    ana.rename("renamed.png", "2026/new name.png");
    ana.write("changed.png", &build::png(9, 9, 5));
    ana.write("new.png", &build::png(9, 9, 6));
    fs::remove_file(ana.dir.path().join("gone.png")).unwrap();
    let before = ana.there();
    let dry = ana.sync(&["--dry-run", "--delete"]);
    let same = all - 3;
    let dry = dry.expect(0, &format!("2 uploaded, 1 moved, 1 deleted, {same} unchanged, 1 skipped"));
    assert_eq!(
        dry.lines[..4],
        [
            "would move blog/renamed.png to blog/2026/new name.png",
            "would upload blog/changed.png",
            "would upload blog/new.png",
            "would delete blog/gone.png",
        ]
    );
    assert_eq!(ana.there(), before, "a dry run does nothing");
    let said = ana.sync(&["--dry-run"]);
    let said = said.expect(0, &format!("3 uploaded, 0 moved, 0 deleted, {same} unchanged, 1 skipped"));
    assert!(said.errors.contains("2 files are on the server alone; --delete deletes them"), "{said:?}");
    ana.sync(&["--delete"])
        .expect(0, &format!("2 uploaded, 1 moved, 1 deleted, {same} unchanged, 1 skipped"));
    let moved = client.get("/blog/renamed.png").expect(308);
    assert_eq!(client.get(moved.header("location")).expect(200).body, build::png(9, 9, 2));
    assert_eq!(client.get("/blog/changed.png").expect(200).body, build::png(9, 9, 5));
    let now = all - 1 + 1;
    client.get("/blog/gone.png").expect_problem(410, "gone");
    ana.sync(&["--delete"]).expect(0, &format!("0 uploaded, 0 moved, 0 deleted, {now} unchanged, 1 skipped"));
}

#[test]
fn what_fails_is_named_and_the_rest_is_done() {
    let server = Server::start();
    let ana = Writer::new(&server);
    let ben = server.token("upload,paths");
    ben.put("/api/v1/files/blog/taken.png", &build::png(8, 8, 1)).expect(201);
    ana.write("good.png", &build::png(9, 9, 1));
    ana.write("words.png", b"words");
    ana.write("taken.png", &build::png(9, 9, 2));
    ana.write("what?.png", &build::png(9, 9, 3));
    let said = ana
        .sync(&["--jobs", "2"])
        .expect(1, "1 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped, 3 failed");
    for words in [
        "words.png: This is not an image that is known here",
        "taken.png: This path belongs to another owner's image. Choose another path, or send",
        "what?.png: its path holds a character that links cannot carry plainly",
    ] {
        assert!(said.errors.contains(words), "{words}: {}", said.errors);
    }
    assert_eq!(ana.there(), ["blog/good.png"]);
    // A file that is there and cannot be synchronised is not gone.
    ana.write("good.png", b"words");
    ana.sync(&["--delete"]).expect(1, "0 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped, 4 failed");
    server.client().get("/blog/good.png").expect(200);
}

#[test]
fn an_admin_goes_on_where_the_token_of_a_folder_is_lost() {
    let server = Server::start();
    let lost = Writer::new(&server);
    for seed in 1..4 {
        lost.write(&format!("{seed}.png"), &build::png(9, 9, seed));
    }
    lost.sync(&[]).expect(0, "3 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped");
    let admin = Writer { token: server.token("admin"), ..lost };
    admin.sync(&[]).expect(0, "0 uploaded, 0 moved, 0 deleted, 3 unchanged, 0 skipped");
    admin.write("1.png", &build::png(9, 9, 5));
    admin.rename("2.png", "two.png");
    fs::remove_file(admin.dir.path().join("3.png")).unwrap();
    admin.sync(&["--delete"]).expect(0, "1 uploaded, 1 moved, 1 deleted, 0 unchanged, 0 skipped");
    assert_eq!(server.client().get("/blog/1.png").expect(200).body, build::png(9, 9, 5));
    server.client().get("/blog/2.png").expect(308);
    server.client().get("/blog/3.png").expect(410);
    assert_eq!(admin.token.get("/api/v1/images").expect(200).at("/total"), "0", "nothing changed hands");
}

#[test]
fn a_path_that_the_operator_emptied_is_free() {
    let server = Server::start();
    let (ana, ben) = (Writer::new(&server), Writer::new(&server));
    ana.write("a.png", &build::png(9, 9, 1));
    ana.sync(&[]).expect(0, "1 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped");
    ben.write("a.png", &build::png(9, 9, 2));
    ben.sync(&[]).expect(1, "0 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped, 1 failed");
    assert!(server.run(&["image", "delete", "blog/a.png"]).status.success());
    ben.sync(&[]).expect(0, "1 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped");
    assert_eq!(server.client().get("/blog/a.png").expect(200).body, build::png(9, 9, 2));
}

#[test]
fn a_token_that_came_with_a_line_end_is_taken_and_a_hint_of_one_is_not() {
    let server = Server::start();
    let ana = Writer::new(&server);
    ana.write("a.png", &build::png(9, 9, 1));
    let run = |token: &str| {
        let mut command = ana.command(&server.base, &[]);
        Said::of(&command.env("TINTYPE_TOKEN", token).output().unwrap())
    };
    run(&format!("{}\r\n", ana.token.token()))
        .expect(0, "1 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped");
    let said = run("tint_b4Ck…");
    assert!(said.status == Some(1) && said.lines.is_empty(), "{said:?}");
    assert!(said.errors.contains("the token is cut off") && !said.errors.contains("again"), "{said:?}");
}

#[test]
fn an_empty_or_missing_folder_deletes_nothing() {
    let server = Server::start();
    let ana = Writer::new(&server);
    ana.token.put("/api/v1/files/blog/a.png", &build::png(8, 8, 1)).expect(201);
    ana.write("notes.txt", b"words");
    let said = ana.sync(&["--delete"]);
    assert!(said.status == Some(1) && said.errors.contains("there is no picture in"), "{said:?}");
    let run = |arguments: &[&str]| {
        let mut command = tintype();
        command.args(["sync", "--to", &server.base]).args(arguments).env("TINTYPE_TOKEN", ana.token.token());
        Said::of(&command.output().unwrap())
    };
    let missing = ana.dir.path().join("none");
    let said = run(&["--delete", missing.to_str().unwrap(), "blog"]);
    assert!(said.status == Some(1) && said.errors.contains("cannot read the folder"), "{said:?}");
    let said = run(&[ana.dir.path().to_str().unwrap(), "images/"]);
    assert!(said.status == Some(1) && said.errors.contains("which the program answers itself"), "{said:?}");
    assert_eq!(ana.there(), ["blog/a.png"]);
    ana.sync(&[]).expect(0, "0 uploaded, 0 moved, 0 deleted, 0 unchanged, 1 skipped");
}

#[test]
fn a_token_without_the_right_is_told_which_is_missing() {
    let server = Server::start();
    let ana = Writer::new(&server);
    ana.write("a.png", &build::png(9, 9, 1));
    let run = |scopes: &str| {
        let mut command = ana.command(&server.base, &[]);
        Said::of(&command.env("TINTYPE_TOKEN", server.token(scopes).token()).output().unwrap())
    };
    let said = run("upload,paths");
    assert!(said.status == Some(1) && said.errors.contains("lacks the scope read"), "{said:?}");
    let said = run("read,paths");
    assert!(said.status == Some(1) && said.errors.contains("lacks the scope upload"), "{said:?}");
}

#[test]
fn lost_answers_change_nothing() {
    let server = Server::start();
    let ana = Writer::new(&server);
    ana.write("a.png", &build::png(9, 9, 1));
    ana.write("b.png", &build::png(9, 9, 2));
    let net = Badnet::before(server.address());
    let sync = |arguments: &[&str]| Said::of(&ana.command(&net.endpoint(), arguments).output().unwrap());
    net.harm_next(1, "PUT", Harm::LoseAnswer);
    sync(&[]).expect(0, "2 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped");
    assert_eq!(ana.token.get("/api/v1/images").expect(200).at("/total"), "2");
    fs::remove_file(ana.dir.path().join("b.png")).unwrap();
    net.harm_next(1, "DELETE", Harm::LoseAnswer);
    sync(&["--delete"]).expect(0, "0 uploaded, 0 moved, 1 deleted, 1 unchanged, 0 skipped");
    ana.rename("a.png", "c.png");
    net.harm_next(1, "PATCH", Harm::LoseAnswer);
    sync(&["--delete"]).expect(0, "0 uploaded, 1 moved, 0 deleted, 0 unchanged, 0 skipped");
    assert_eq!(ana.there(), ["blog/c.png"]);
}

#[test]
fn what_cannot_be_moved_is_uploaded_and_leaves_nothing_behind() {
    let server = Server::start();
    let ana = Writer::new(&server);
    ana.write("a.png", &build::png(9, 9, 1));
    ana.write("b.png", &build::png(9, 9, 2));
    ana.sync(&[]).expect(0, "2 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped");
    let net = Badnet::before(server.address());
    let sync = |arguments: &[&str]| Said::of(&ana.command(&net.endpoint(), arguments).output().unwrap());
    ana.rename("a.png", "c.png");
    net.harm_next(1, "PATCH", Harm::Answer(500));
    let said = sync(&[]).expect(0, "1 uploaded, 0 moved, 0 deleted, 1 unchanged, 0 skipped");
    assert!(said.errors.contains("1 files are on the server alone; --delete deletes them"), "{said:?}");
    assert_eq!(ana.there(), ["blog/a.png", "blog/b.png", "blog/c.png"]);
    // What is not uploaded either keeps the only copy that the server has.
    ana.rename("b.png", "d.png");
    net.harm_next(1, "PATCH", Harm::Answer(500));
    net.harm_next(1, "PUT", Harm::Answer(500));
    sync(&["--delete"]).expect(1, "0 uploaded, 0 moved, 1 deleted, 1 unchanged, 0 skipped, 1 failed");
    assert_eq!(ana.there(), ["blog/b.png", "blog/c.png"]);
    net.harm_next(1, "PATCH", Harm::Answer(500));
    sync(&["--delete"]).expect(0, "1 uploaded, 0 moved, 1 deleted, 1 unchanged, 0 skipped");
    assert_eq!(ana.there(), ["blog/c.png", "blog/d.png"]);
}

#[test]
fn links_out_of_the_folder_are_not_followed() {
    let server = Server::start();
    let ana = Writer::new(&server);
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("secret.png"), build::png(9, 9, 1)).unwrap();
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, ana.dir.path().join(name)).unwrap();
    link(elsewhere.path(), "folder");
    link(&elsewhere.path().join("secret.png"), "file.png");
    ana.write("a.png", &build::png(9, 9, 2));
    let said = ana.sync(&[]).expect(0, "1 uploaded, 0 moved, 0 deleted, 0 unchanged, 2 skipped");
    assert!(said.errors.contains("file.png: a symbolic link"), "{said:?}");
    assert_eq!(ana.there(), ["blog/a.png"]);
}

#[test]
fn a_changed_private_picture_stays_private() {
    let server = Server::start();
    let ana = Writer::new(&server);
    ana.write("a.png", &build::png(9, 9, 1));
    ana.sync(&[]).expect(0, "1 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped");
    let id = ana.token.get("/api/v1/files/blog/a.png").expect(200).at("/id");
    ana.token
        .patch(&format!("/api/v1/images/{id}"), &serde_json::json!({"visibility": "private"}))
        .expect(200);
    ana.write("a.png", &build::png(9, 9, 2));
    ana.sync(&[]).expect(0, "1 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped");
    server.client().get("/blog/a.png").expect(404);
    ana.write("a.png", &build::png(9, 9, 3));
    ana.sync(&["--visibility", "unlisted"])
        .expect(0, "1 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped");
    server.client().get("/blog/a.png").expect(200);
}

#[test]
fn what_is_here_and_hidden_is_not_deleted_there() {
    let server = Server::start();
    let ana = Writer::new(&server);
    for path in ["b/.a.png", "b/.old/a.png", "b/gone.png"] {
        ana.token.put(&format!("/api/v1/files/blog/{path}"), &build::png(8, 8, 1)).expect(201);
    }
    ana.write("a.png", &build::png(9, 9, 1));
    ana.write("b/.a.png", &build::png(8, 8, 1));
    ana.write("b/.old/a.png", &build::png(8, 8, 1));
    ana.sync(&["--delete"]).expect(0, "1 uploaded, 0 moved, 1 deleted, 0 unchanged, 0 skipped");
    assert_eq!(ana.there(), ["blog/a.png", "blog/b/.a.png", "blog/b/.old/a.png"]);
}

#[test]
fn without_delete_nothing_is_taken_from_a_folder_that_another_one_feeds() {
    let server = Server::start();
    let (ana, ben) = (Writer::new(&server), tempfile::tempdir().unwrap());
    let picture = build::png(9, 9, 1);
    fs::write(ben.path().join("pic.png"), &picture).unwrap();
    let mut command = tintype();
    command.args(["sync", "--to", &server.base]).arg(ben.path()).arg("blog/child/");
    let said = Said::of(&command.env("TINTYPE_TOKEN", ana.token.token()).output().unwrap());
    said.expect(0, "1 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped");
    ana.write("copy.png", &picture);
    let said = ana.sync(&[]).expect(0, "1 uploaded, 0 moved, 0 deleted, 0 unchanged, 0 skipped");
    assert!(said.errors.contains("1 files are on the server alone"), "{said:?}");
    assert_eq!(ana.there(), ["blog/child/pic.png", "blog/copy.png"]);
    assert_eq!(server.originals(), 1, "the same bytes are stored once");
}
