//! `tintype image`

use serde_json::Value;
use tintype_testkit::build;

use crate::support::{Server, tintype};

fn text(output: &std::process::Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn deletes_hold_at_once_in_a_running_server_and_are_undone() {
    let server = Server::start();
    let client = server.client();
    let image = client.upload("a.png", &build::png(20, 20, 1)).expect(201);
    let (link, page) = (image.at("/links/image"), image.at("/links/page"));
    // Hot in RAM, where a change of the catalogue alone would not be seen.
    client.get(&link).expect(200);
    client.get(&link).expect(200);
    assert!(text(&server.run(&["image", "delete", &link])).contains("is deleted"));
    client.get(&link).expect(410);
    assert!(text(&server.run(&["image", "restore", &page])).contains("is back"));
    client.get(&link).expect(200);
    text(&server.run(&["image", "delete", "--now", &image.at("/id")]));
    client.get(&link).expect(410);
    assert_eq!(server.originals(), 0);
    let late = server.run(&["image", "restore", &image.at("/id")]);
    assert!(
        !late.status.success() && String::from_utf8_lossy(&late.stderr).contains("too long ago"),
        "{late:?}"
    );
    let tokens = text(&server.run(&["token", "list"]));
    assert!(!tokens.contains("command") || tokens.contains("revoked"), "{tokens}");
    server.assert_clean();
}

#[test]
fn it_works_with_no_server_running() {
    let server = Server::start();
    let image = server.client().upload("a.png", &build::png(20, 20, 1)).expect(201);
    let other = server.client().upload("b.png", &build::png(20, 20, 2)).expect(201);
    let dir = server.stop();
    let run = |arguments: &[&str]| {
        text(&tintype().args(arguments).arg("--data").arg(dir.path().join("data")).output().unwrap())
    };
    run(&["image", "delete", "--now", &image.at("/links/image")]);
    run(&["image", "delete", &other.at("/links/image")]);
    run(&["image", "restore", &other.at("/links/image")]);
    let server = Server::on(dir, &[]);
    server.client().get(&image.at("/links/image")).expect(410);
    server.client().get(&other.at("/links/image")).expect(200);
    assert_eq!(server.originals(), 1);
    server.assert_clean();
}

#[test]
fn lists_and_shows_say_whose_an_image_is() {
    let server = Server::start();
    let token = server.token_with(&["--name", "blog", "--scope", "upload,paths"]);
    let by_token = token.put("/api/v1/files/blog/a.png", &build::png(8, 8, 1)).expect(201);
    let by_browser = server.client().upload("b.png", &build::png(8, 8, 2)).expect(201);
    let list = text(&server.run(&["image", "list", "--count", "5"]));
    assert_eq!(list.lines().count(), 2);
    assert!(
        list.lines().next().unwrap().starts_with(&by_browser.at("/id")) && list.contains("blog/a.png"),
        "{list}"
    );
    for link in [
        by_token.at("/links/image"),
        by_token.at("/links/page"),
        by_token.at("/links/path"),
        "blog/a.png".to_owned(),
        by_token.at("/id"),
    ] {
        let shown: Value =
            serde_json::from_str(&text(&server.run(&["image", "show", "--json", &link]))).unwrap();
        assert_eq!(
            (shown["id"].as_str(), shown["uploaded_by"].as_str()),
            (Some(&*by_token.at("/id")), Some("the token blog"))
        );
        assert!(server.data().join(shown["file"].as_str().unwrap()).exists());
    }
    assert!(text(&server.run(&["image", "show", &by_browser.at("/id")])).contains("a browser"));
    for link in ["nothing", "https://img.example.org/i/11111111111111111.png", "a/../b.png"] {
        let output = server.run(&["image", "delete", link]);
        assert!(
            !output.status.success() && String::from_utf8_lossy(&output.stderr).contains(link),
            "{output:?}"
        );
    }
}
