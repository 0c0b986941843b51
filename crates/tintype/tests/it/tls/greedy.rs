//! Clients of HTTP/2 that ask for much and take nothing.

use std::{
    future::{Future as _, poll_fn},
    net::Ipv4Addr,
    pin::pin,
    sync::Arc,
    task::Poll,
};

use h2::{
    Ping, PingPong, RecvStream,
    client::{Builder, ResponseFuture, SendRequest},
};
use http::{Request, Response, StatusCode};
use tintype_testkit::engine::Authority;
use tokio::{net::TcpSocket, runtime::Runtime, task::JoinHandle};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, crypto,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

use super::support::{ONE, Ports, Secure, folder, skipped};
use crate::support::picture;

/// Requests that one client may have under way, over all its connections.
const MOST: usize = 512;
/// Requests that one connection may have under way.
const STREAMS: usize = 100;

struct Site {
    tls: TlsConnector,
    port: u16,
    uri: String,
}

/// A connection that gives each answer room for a few bytes.
struct Greedy {
    sender: SendRequest<&'static [u8]>,
    pings: PingPong,
    engine: JoinHandle<()>,
    taken: Vec<Response<RecvStream>>,
}

impl Site {
    async fn open(&self, from: Ipv4Addr) -> Greedy {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        let stream = socket.connect((Ipv4Addr::LOCALHOST, self.port).into()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = self.tls.connect(ServerName::try_from(ONE).unwrap(), stream).await.unwrap();
        let (sender, mut connection) =
            Builder::new().initial_window_size(100).handshake(stream).await.unwrap();
        let pings = connection.ping_pong().unwrap();
        let engine = tokio::spawn(async move {
            let _ = connection.await;
        });
        Greedy { sender, pings, engine, taken: Vec::new() }
    }
}

impl Greedy {
    async fn ask(&mut self, uri: &str) -> ResponseFuture {
        poll_fn(|cx| self.sender.poll_ready(cx)).await.unwrap();
        self.sender.send_request(Request::get(uri).body(()).unwrap(), true).unwrap().0
    }

    /// Has so many answers begun.
    async fn hold(&mut self, uri: &str, many: usize) {
        let mut begun = Vec::new();
        for _ in 0..many {
            begun.push(self.ask(uri).await);
        }
        for answer in begun {
            let answer = answer.await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            self.taken.push(answer);
        }
    }

    /// What was sent before has been seen by the server.
    async fn settle(&mut self) {
        for _ in 0..2 {
            self.pings.ping(Ping::opaque()).await.unwrap();
        }
    }
}

#[test]
fn one_client_holds_so_much_of_the_servers_memory_and_no_more() {
    if skipped("one_client_holds_so_much_of_the_servers_memory_and_no_more") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let pair = authority.issue("own", &[&format!("DNS:{ONE}")]);
    let (certificate, key) = (pair.certificate.display().to_string(), pair.key.display().to_string());
    // Trusted proxies have the requests of many clients.
    let flags =
        ["--tls-certificate", &certificate, "--tls-key", &key, "--server-trusted-proxies", "10.0.0.0/8"];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    let reply = secure.curl(&authority.root(), ONE).upload(&[], &picture::noise(700, 500, 1)).expect(201);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.root()).unwrap()).unwrap();
    let mut tls = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let site = Site { tls: Arc::new(tls).into(), port: secure.ports.https, uri: reply.at("/links/image") };

    // Its end closes what is open, so that the server need not wait for that.
    Runtime::new().unwrap().block_on(share(&site));
}

async fn share(site: &Site) {
    let (one, other) = (Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2));
    let mut connections = Vec::new();
    for many in [STREAMS; MOST / STREAMS].into_iter().chain([MOST % STREAMS]) {
        let mut connection = site.open(one).await;
        connection.hold(&site.uri, many).await;
        connections.push(connection);
    }
    let last = connections.last_mut().unwrap();
    let mut waiting = pin!(last.ask(&site.uri).await);
    last.settle().await;
    // Others are answered meanwhile.
    site.open(other).await.hold(&site.uri, 1).await;
    poll_fn(|cx| {
        assert!(waiting.as_mut().poll(cx).is_pending(), "one more is under way");
        Poll::Ready(())
    })
    .await;
    // What one connection held is there again when it is gone.
    let first = connections.remove(0);
    first.engine.abort();
    drop(first);
    assert_eq!(waiting.await.unwrap().status(), StatusCode::OK);
}
