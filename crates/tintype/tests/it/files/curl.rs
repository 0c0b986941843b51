//! What people type: the real curl.

use std::process::Command;

use tintype_testkit::build;

use crate::support::{Server, skipped};

#[test]
fn curl_t_names_the_file_where_the_address_is_a_folder() {
    if Command::new("curl").arg("--version").output().is_err() {
        assert!(!is_ci(), "CI has curl");
        return skipped("curl");
    }
    let server = Server::start();
    let token = server.token("upload,paths,read,delete");
    let dir = tempfile::tempdir().unwrap();
    let (picture, name) = (build::png(8, 8, 1), "ü picture.png");
    std::fs::write(dir.path().join(name), &picture).unwrap();
    let curl = |arguments: &[&str]| {
        let header = format!("Authorization: Bearer {}", token.token());
        let mut command = Command::new("curl");
        command.current_dir(dir.path()).args(["-sS", "-H", &header, "-w", "\n%{http_code}"]).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let folder = format!("{}/api/v1/files/blog/", server.base);
    let said = curl(&["-T", name, &folder]);
    assert!(said.ends_with("\n201") && said.contains("\"path\":\"blog/ü picture.png\""), "{said}");
    assert_eq!(server.client().get("/blog/%C3%BC%20picture.png").expect(200).body, picture);
    let said = curl(&["-T", name, &format!("{folder}named.png"), "-H", "If-None-Match: *"]);
    assert!(said.ends_with("\n201"), "{said}");
    let said = curl(&["-T", name, &format!("{folder}named.png"), "-H", "If-None-Match: *"]);
    assert!(said.ends_with("\n412") && said.contains("precondition_failed"), "{said}");
    let move_it = ["-X", "PATCH", "--json", r#"{"path": "blog/moved.png"}"#, &format!("{folder}named.png")];
    assert!(curl(&move_it).ends_with("\n200"));
    let followed = curl(&["-L", "-o", "got.png", &format!("{}/blog/named.png", server.base)]);
    assert_eq!(followed.trim(), "200");
    assert_eq!(std::fs::read(dir.path().join("got.png")).unwrap(), picture);
    assert!(curl(&["-X", "DELETE", &format!("{folder}moved.png")]).ends_with("\n204"));
    // A file from the standard input has no name that curl could put behind the slash.
    let said = curl(&["-T", "-", "-X", "PUT", &folder]);
    assert!(said.ends_with("\n400") && said.contains("folder"), "{said}");
}

#[expect(clippy::disallowed_methods, reason = "where CI runs the tests, none may be skipped")]
fn is_ci() -> bool {
    std::env::var_os("CI").is_some()
}
