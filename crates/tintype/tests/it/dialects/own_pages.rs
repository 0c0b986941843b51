//! `web.dir`: pages of the operator's own.

use tintype_testkit::build;

use crate::support::{Form, Server};

fn site() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("index.html"), "<!doctype html><title>Mine</title>").unwrap();
    std::fs::write(dir.path().join("upload.html"), "<!doctype html><title>Upload</title>").unwrap();
    std::fs::write(dir.path().join(".env"), "SECRET=1").unwrap();
    std::fs::create_dir_all(dir.path().join("css")).unwrap();
    std::fs::create_dir_all(dir.path().join("api/v1")).unwrap();
    std::fs::write(dir.path().join("css/site.css"), "body{}").unwrap();
    std::fs::write(dir.path().join("api/v1/config"), "not this").unwrap();
    std::fs::write(dir.path().join("version"), "not this").unwrap();
    dir
}

#[test]
fn its_folders_are_below_the_path_before_ours() {
    let dir = site();
    let folder = ["--web-dir", dir.path().to_str().unwrap()];
    let to = |server: &Server, path: &str, headers: &[(&str, &str)]| {
        server.client().get_with(path, headers).expect(307).header("location").to_owned()
    };
    let server = Server::with(&folder);
    assert_eq!(to(&server, "/css", &[]), "/css/");
    assert_eq!(to(&server, "//css", &[]), "/css/", "no other host");
    assert_eq!(to(&server, "/css", &[("x-forwarded-prefix", "/pictures")]), "/pictures/css/");
    let server = Server::with_base_and("https://example.org/pictures", &folder);
    assert_eq!(to(&server, "/pictures/css", &[]), "/pictures/css/");
    assert_eq!(to(&server, "/css", &[]), "/pictures/css/");
}

#[test]
fn its_files_stand_before_the_web_app_and_never_before_the_api() {
    let dir = site();
    let server = Server::with(&["--web-dir", dir.path().to_str().unwrap()]);
    let client = server.client();
    let index = client.get("/").expect(200);
    assert!(index.text().contains("<title>Mine</title>"));
    assert_eq!(
        (index.header("content-type"), index.header("x-content-type-options")),
        ("text/html", "nosniff")
    );
    assert!(client.cookie().is_some(), "a page makes its browser an owner");
    assert!(client.get("/upload.html").expect(200).text().contains("Upload"));
    let css = client.get("/css/site.css").expect(200);
    assert_eq!((css.header("content-type"), css.header("set-cookie")), ("text/css", ""));
    assert_eq!(client.head("/css/site.css").expect(200).body, b"");
    assert!(client.get("/api/v1/config").expect(200).json().is_object());
    assert!(client.get("/version").expect(200).json().is_object());
    for hidden in ["/.env", "/%2eenv", "/css/../.env", "/css/..%2f.env", "/css/%2e%2e/.env"] {
        client.get(hidden).expect(404);
    }
    client.get("/../Cargo.toml").expect(404);
    client.get("/missing.html").expect(404);
    // What the folder does not have is answered as ever.
    assert!(client.get("/robots.txt").expect(200).text().contains("User-agent"));
    let form = Form::new().file("a.png", &build::png(8, 8, 1));
    let file = client.post("/upload/", &form.content_type(), &form.body()).expect(200).at("/url");
    client.get(&file).expect(200);
    assert_eq!(client.get("/upload/").expect(200).json().as_array().unwrap().len(), 1);
}
