//! Addresses that climb.

use tintype_testkit::build;

use crate::support::{Raw, Server};

#[test]
fn no_address_leaves_its_place() {
    let server = Server::start();
    server.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
    for path in [
        "/i/../tintype.db",
        "/i/..%2f..%2fetc%2fpasswd",
        "/i/%2e%2e/%2e%2e/etc/passwd",
        "/i/....//etc/passwd",
        "/i/..%5c..%5cetc%5cpasswd",
        "/i/%2e%2e%2ftintype.db",
        "/i/%00.png",
        "/images/../../etc/passwd",
        "/images/..%2ftintype.db",
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/Cargo.toml",
        "/assets/..%2f..%2fetc/passwd",
        "/assets//etc/passwd",
        "/assets/",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd.png",
        "/..%2f..%2fetc/passwd.png",
        "/p/../../etc/passwd",
        "/p/..%2f",
        "/d/..%2f..%2fetc%2fpasswd",
        "/./tintype.db",
        "//etc/passwd",
        "/tintype.db",
        "/originals/00/x.png",
        "/variants/x.png",
        "/%c0%ae%c0%ae/etc/passwd",
        "/%ff%fe.png",
        "/a/%2e%2e/b.png",
        "/i/11111111111111111/../../../etc/passwd.webp",
        "/i/11111111111111111/..%2f..%2fetc%2fpasswd.webp",
    ] {
        let reply = Raw::get(&server, path, server.address(), "Connection: close\r\n");
        assert!(matches!(reply.status, 400 | 403 | 404), "{path}: {} {}", reply.status, reply.text());
        assert!(!reply.text().contains("root:") && !reply.text().contains("SQLite"), "{path}");
    }
    let absolute = Raw::get(&server, "http://evil.example/i/../x", "evil.example", "").status;
    assert!(matches!(absolute, 400 | 404), "{absolute}");
}

#[test]
fn a_head_that_is_too_large_or_no_head_is_refused() {
    let server = Server::start();
    let long = "x".repeat(300 << 10);
    let many: String = (0..100).map(|n| format!("X-{n}: y\r\n")).collect();
    for request in [
        format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"),
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!".to_owned(),
        "POST /api/v1/images HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nX-A : y\r\n\r\n".to_owned(),
        "NONSENSE\r\n\r\n".to_owned(),
    ] {
        let reply = Raw::ask(&server, &request);
        assert!((400..500).contains(&reply.status), "{}: {}", &request[..40.min(request.len())], reply.status);
    }
    server.client().get("/health").expect(200);
}
