//! `tintype backup` and `tintype restore`

use std::path::Path;

use tintype_testkit::build;

use crate::support::{Server, count_files, tintype};

fn text(output: &std::process::Output) -> String {
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn backup(server: &Server, to: &Path, flags: &[&str]) -> std::process::Output {
    server.run(&[&["backup", to.to_str().unwrap()], flags].concat())
}

fn check(to: &Path) -> std::process::Output {
    tintype().args(["backup", "--check"]).arg(to).output().unwrap()
}

#[test]
fn a_backup_of_a_running_server_comes_back_whole() {
    let server = Server::start();
    let token = server.token("upload,read,delete,paths");
    let keep: Vec<_> = (0..12)
        .map(|seed| {
            let bytes = build::png(20, 20, seed);
            (token.put(&format!("/api/v1/files/blog/{seed}.png"), &bytes).expect(201), bytes)
        })
        .collect();
    let elsewhere = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let to = elsewhere.path().join("backup");
    assert!(text(&backup(&server, &to, &[])).contains("12 originals"));
    assert!(text(&check(&to)).contains("is whole: 12 originals"));

    // Again, only what is new is copied, while uploads and deletes go on.
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            for seed in 100..160 {
                let image = token.upload("x.png", &build::png(20, 20, seed)).expect(201);
                if seed % 2 == 0 {
                    token.delete(&format!("/api/v1/images/{}?now=true", image.at("/id"))).expect(204);
                }
            }
        });
        while !busy.is_finished() {
            text(&backup(&server, &to, &[]));
            text(&check(&to));
        }
    });
    let last = text(&backup(&server, &to, &["--prune"]));
    assert!(last.contains("42 originals"), "{last}");
    assert_eq!(count_files(&to.join("originals")), 42);

    let gone = &keep[0].0;
    token.delete(&format!("/api/v1/images/{}?now=true", gone.at("/id"))).expect(204);
    let after = text(&backup(&server, &to, &[]));
    assert!(after.contains("1 more are named by no image"), "{after}");

    let restored = tempfile::tempdir().unwrap();
    let data = restored.path().join("data");
    let output = tintype().arg("restore").arg(&to).arg("--data").arg(&data).output().unwrap();
    assert!(text(&output).contains("41 originals"), "{output:?}");
    let second = Server::on(restored, &[]);
    for (image, bytes) in &keep[1..] {
        assert_eq!(second.client().get(&image.at("/links/path")).expect(200).body, *bytes);
        assert_eq!(second.client().get(&image.at("/links/image")).expect(200).body, *bytes);
    }
    second.client().get(&gone.at("/links/image")).expect(410);
    second.assert_clean();
    // The token came along, and so did whose the images are.
    let mut again = second.client();
    again = again.with_token(&token.token());
    assert_eq!(again.get("/api/v1/images").expect(200).at("/total"), "41");
}

#[test]
fn damage_is_found_and_never_copied() {
    let server = Server::start();
    let client = server.client();
    for seed in 0..3 {
        client.upload("a.png", &build::png(20, 20, seed)).expect(201);
    }
    let elsewhere = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let to = elsewhere.path().join("backup");
    text(&backup(&server, &to, &[]));
    let flip = |root: &Path| {
        let find = |dir: &Path| {
            std::fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path()).collect::<Vec<_>>()
        };
        let file = find(&root.join("originals")).iter().flat_map(|dir| find(dir)).next().unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[30] ^= 1;
        // A file of its own, as bit rot is one disk's.
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, bytes).unwrap();
        file
    };
    flip(&to);
    assert_eq!(check(&to).status.code(), Some(2));
    let damaged = flip(server.data());
    let other = elsewhere.path().join("other");
    let output = backup(&server, &other, &[]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success()
            && error.contains("is damaged")
            && error.contains(damaged.file_name().unwrap().to_str().unwrap()),
        "{error}"
    );
    assert!(!check(&other).status.success(), "a backup that was cut off is none");
}

#[test]
fn a_folder_that_is_something_else_is_left_alone() {
    let server = Server::start();
    server.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
    let other = Server::start();
    other.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
    let elsewhere = tempfile::tempdir().unwrap();
    let full = elsewhere.path().join("full");
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("thesis.txt"), "words").unwrap();
    let theirs = elsewhere.path().join("theirs");
    text(&backup(&other, &theirs, &[]));
    for (to, words) in [
        (full.as_path(), "no backup"),
        (theirs.as_path(), "another data folder"),
        (server.data(), "the data folder itself"),
    ] {
        let output = backup(&server, to, &[]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(words), "{error}");
    }
    assert_eq!(std::fs::read_dir(&full).unwrap().count(), 1);
    let output = tintype().arg("restore").arg(&theirs).arg("--data").arg(&full).output().unwrap();
    assert!(
        !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("not empty"),
        "{output:?}"
    );
    server.assert_clean();
}
