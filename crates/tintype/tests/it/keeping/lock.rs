//! One folder, one server, one store.

use tintype_testkit::build;

use crate::support::{Server, tintype};

fn serve(folder: &std::path::Path) -> std::process::Output {
    tintype().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder).output().unwrap()
}

#[test]
fn a_second_server_is_refused_and_names_the_first() {
    let server = Server::start();
    let output = serve(server.data());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(error.contains(server.address()) && error.contains("process "), "{error}");
    let repair = server.run(&["check", "--repair"]);
    let error = String::from_utf8_lossy(&repair.stderr).into_owned();
    assert!(repair.status.code() == Some(1) && error.contains(server.address()), "{error}");
    server.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
    let server = Server::on(server.kill(), &[]);
    assert_eq!(server.originals(), 1, "a killed server holds no lock");
}

#[test]
fn a_store_of_another_catalogue_is_refused() {
    let (one, two) = (Server::start(), Server::start());
    for server in [&one, &two] {
        server.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
    }
    let (one, two) = (one.stop(), two.stop());
    for file in ["tintype.db", "tintype.db-wal", "tintype.db-shm"] {
        let _ = std::fs::remove_file(one.path().join("data").join(file));
    }
    std::fs::copy(two.path().join("data/tintype.db"), one.path().join("data/tintype.db")).unwrap();
    let output = serve(&one.path().join("data"));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("store"), "{error}");
    let check =
        tintype().args(["check", "--repair", "--data"]).arg(one.path().join("data")).output().unwrap();
    assert_eq!(check.status.code(), Some(1), "a check refuses, too");
    assert_eq!(crate::support::count_files(&one.path().join("data/originals")), 1);

    // A catalogue with images and an empty folder do not belong together either.
    std::fs::remove_dir_all(two.path().join("data/originals")).unwrap();
    std::fs::rename(one.path().join("data/originals"), two.path().join("data/originals")).unwrap();
    let empty = tempfile::tempdir().unwrap();
    std::fs::copy(two.path().join("data/tintype.db"), empty.path().join("tintype.db")).unwrap();
    let output = serve(empty.path());
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
