//! The accept loops: bounded connections, a deadline for every head, an end that lets requests under way finish.

mod body;
mod challenge;
mod door;
mod front;
mod proxy;
mod redirect;
mod traffic;
mod wire;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use http::HeaderValue;
use hyper_util::server::graceful::GracefulShutdown;
use tintype_app::App;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use self::door::{Door, Hall};
use self::front::Front;
pub(crate) use self::{
    body::{FrontBody, Pieces},
    front::Way,
    wire::FILE_BYTES_MAX,
};
use crate::{Http, access_log::AccessLog, config::HttpConfig, limit::Connections, media, router, tls::Tls};

/// How long sent bytes may stay unacknowledged before the connection is dropped (TCP_USER_TIMEOUT).
const UNACKNOWLEDGED_MILLIS: u32 = 30_000;

/// A socket that is open but not answered yet.
pub struct Listener(TcpListener);

impl Listener {
    /// Opens a socket.
    ///
    /// # Errors
    /// The system's word, for example that the address is in use.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self(TcpListener::bind(address).await?))
    }

    /// The address, with the port that the system chose where 0 was asked for.
    ///
    /// # Errors
    /// The system's word.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Everywhere that the server listens.
pub struct Doors {
    /// Plain HTTP.
    pub site: Listener,
    /// Plain HTTP for this machine's own commands, where `site` is for a proxy alone that speaks the PROXY protocol.
    pub operator: Option<Listener>,
    /// HTTPS.
    pub https: Option<Https>,
}

/// Where HTTPS is spoken.
pub struct Https {
    /// What speaks it.
    pub tls: Tls,
    /// Where.
    pub listener: Listener,
    /// Plain HTTP that leads to HTTPS.
    pub redirect: Option<Listener>,
}

/// Answers requests until `stop` is cancelled, then lets those under way finish for at most `drain_timeout`.
pub async fn serve(doors: Doors, app: App, config: HttpConfig, log: AccessLog, stop: CancellationToken) {
    let (drain_timeout, stop_delay) = (config.drain_timeout, config.stop_delay);
    let hsts = config.tls.hsts.map(|seconds| format!("max-age={seconds}"));
    let hsts = hsts.and_then(|text| HeaderValue::try_from(text).ok());
    let connections = Arc::new(Semaphore::new(config.connections_max));
    let mut http = Http::new(app.clone(), config);
    http.keys = doors.https.as_ref().map(|https| https.tls.keys.clone());
    let front = Front {
        base_path: http.config.base_path().into(),
        site: router::router(http.clone()),
        media: media::router(http.clone()),
        http,
        log: log.clone(),
        hsts,
    };
    let graceful = Arc::new(GracefulShutdown::new());
    let closing = CancellationToken::new();
    let hall = Hall { front, clients: Connections::default(), connections, closing: closing.clone() };
    let writing = log.start();
    let mut loops = JoinSet::new();
    let receive = |listener, door| hall.clone().receive(listener, door, graceful.clone());
    loops.spawn(receive(doors.site, Door::Site));
    if let Some(listener) = doors.operator {
        loops.spawn(receive(listener, Door::Operator));
    }
    if let Some(Https { tls, listener, redirect }) = doors.https {
        tls.keep(&app, &stop);
        if let Some(redirect) = redirect {
            loops.spawn(receive(redirect, Door::Redirect(tls.clone())));
        }
        loops.spawn(receive(listener, Door::Https(tls)));
    }
    stop.cancelled().await;
    // Load balancers learn by /ready that no more is to be sent, while what they send is still taken.
    app.set_stopping();
    tokio::time::sleep(stop_delay).await;
    closing.cancel();
    while loops.join_next().await.is_some() {}
    // The loops held it, and have ended.
    let Some(graceful) = Arc::into_inner(graceful) else { return };
    if tokio::time::timeout(drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            seconds = drain_timeout.as_secs(),
            "requests were still under way at the end of the drain time"
        );
    }
    writing.finish().await;
}

fn prepare(stream: &TcpStream) {
    // Both are improvements, not conditions.
    let _ = stream.set_nodelay(true);
    let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, UNACKNOWLEDGED_MILLIS);
}

/// Out of descriptors or memory, accepting would fail at once again and again.
async fn pause_after(error: &io::Error) {
    let of_one_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    );
    if !of_one_connection {
        tracing::error!(error = error as &dyn std::error::Error, "a connection could not be accepted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
