//! Settings: one name in three forms; wrong and unknown ones are refused by name.

use std::process::Output;

use tintype_testkit::build;

use crate::support::{Server, tintype};

/// Runs `serve` with a settings file, an environment and flags that must not let it start.
fn refused(toml: &str, environment: &[(&str, &str)], flags: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tintype.toml"), toml).unwrap();
    let output: Output = tintype()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(flags)
        .envs(environment.iter().copied())
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(!output.status.success(), "{toml} {environment:?} {flags:?} was taken");
    assert!(!dir.path().join("tintype-data").exists(), "nothing is made before the settings are read");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn wrong_and_unknown_ones_are_refused_by_name() {
    for (name, value, accepted) in [
        ("upload.bytes_max", "lots", "100MB"),
        ("upload.who", "nobody", "anyone or token"),
        ("upload.accept", "bmp", "jpeg, png, gif, webp, avif"),
        ("server.base_url", "img.example.org/x", "https://img.example.org"),
        ("server.trusted_proxies", "localhost", "10.0.0.0/8"),
        ("server.body_timeout", "0", "at least 1s"),
        ("server.header_timeout", "soon", "30d"),
        ("server.connections_max", "0", "from 1 to 1000000"),
        ("sandbox.mode", "maybe", "auto, require or off"),
        ("sandbox.memory", "1MB", "at least 128MB"),
        ("sandbox.decode_memory", "1MB", "at least 64MB"),
        ("trash.keep", "1y", "30d"),
        ("log.access", "loud", "on or off"),
    ] {
        let (section, key) = name.split_once('.').unwrap();
        let variable = format!("TINTYPE_{section}_{key}").to_uppercase();
        let flag = format!("--{section}-{}", key.replace('_', "-"));
        let flag = if name == "server.base_url" { "--base-url".to_owned() } else { flag };
        for (error, source) in [
            (refused(&format!("[{section}]\n{key} = \"{value}\"\n"), &[], &[]), "tintype.toml"),
            (refused("", &[(&variable, value)], &[]), variable.as_str()),
            (refused("", &[], &[&flag, value]), "command line"),
        ] {
            assert!(
                [name, value, accepted, source].iter().all(|word| error.contains(word)),
                "{name}, {source}: {error}"
            );
        }
    }
    for (error, name) in [
        (refused("[upload]\nbytes_maximum = 5\n", &[], &[]), "upload.bytes_maximum"),
        (refused("[nonsense]\nx = 5\n", &[], &[]), "nonsense.x"),
        (refused("listen = 5\n", &[], &[]), "listen"),
        (refused("[upload\n", &[], &[]), "tintype.toml"),
        (refused("", &[("TINTYPE_UPLOAD_BYTES", "5")], &[]), "TINTYPE_UPLOAD_BYTES"),
        (refused("", &[("PORT", "http")], &[]), "PORT=http"),
        (refused("", &[], &["--upload-bytes", "5"]), "--upload-bytes"),
        (refused("", &[], &["--config", "missing.toml"]), "missing.toml"),
    ] {
        assert!(error.contains(name), "{name}: {error}");
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("tintype.toml"),
        "[upload]\nbytes_max = 100\naccept = [\"png\", \"gif\"]\n",
    )
    .unwrap();
    let server = Server::on(dir, &[]);
    let big = build::png(30, 30, 1);
    assert_eq!(
        server.client().upload("a.png", &big).expect_problem(413, "file_too_large").at("/limit"),
        "100"
    );
    server.client().upload("a.jpg", b"\xff\xd8\xff\xe0 no more").expect(415);
    let server = Server::on(server.stop(), &["--upload-bytes-max", "1MB"]);
    server.client().upload("a.png", &big).expect(201);
}

#[test]
fn help_names_every_setting_with_its_default() {
    let output = tintype().args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    for words in [
        "--data",
        "--listen",
        "--base-url",
        "--server-body-timeout",
        "[default: 30s]",
        "--upload-bytes-max",
        "Examples:",
    ] {
        assert!(help.contains(words), "{words} in {help}");
    }
}

#[test]
fn a_domain_that_is_the_servers_flag_locks_no_other_command_out() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tintype.toml"), "[tls]\nlisten = \"127.0.0.1:0\"\n").unwrap();
    let run = |arguments: &[&str]| {
        let output = tintype().args(arguments).current_dir(dir.path()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned(), output.stdout)
    };
    let words = "tls.listen or tls.http_listen is set, but HTTPS is off";
    let (status, said, _) = run(&["token", "list", "--data", Server::start().data().to_str().unwrap()]);
    assert_eq!(status, Some(0), "{said}");
    let (status, said, _) = run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(status == Some(1) && said.contains(words), "{said}");
    let (status, said, _) = run(&["config"]);
    assert!(status == Some(0) && said.contains(words), "{said}");
    let (status, _, found) = run(&["doctor"]);
    let found = String::from_utf8_lossy(&found).into_owned();
    assert!(status == Some(2) && found.contains(words), "{found}");
}

#[test]
fn links_of_plain_http_are_refused_where_https_is_on() {
    let flags = ["--tls-listen", "127.0.0.1:0", "--tls-http-listen", "off", "--domain", "a.test"];
    let error = refused("", &[], &[&flags[..], &["--base-url", "http://a.test"]].concat());
    assert!(error.contains("server.base_url is http://a.test, but HTTPS is on"), "{error}");
}

#[test]
fn a_refused_address_is_named_without_its_secrets() {
    for value in
        ["https://me:hush@hooks.test/x", "https://hooks.test/x?key=hush", "https://me:a,hush?b@hooks.test"]
    {
        let error = refused("", &[], &["--cdn-webhook-url", value]);
        assert!(error.contains("cdn.webhook_url") && error.contains(".test"), "{error}");
        assert!(!error.contains("hush") && error.contains("https://cdn.example.org/public"), "{error}");
    }
}
