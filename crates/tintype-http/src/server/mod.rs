//! The accept loop: bounded connections, a deadline for every head, an end that lets requests under way finish.

mod body;
mod wire;

use std::{
    any::Any,
    convert::Infallible,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{Router, body::Body, response::IntoResponse as _};
use futures_util::FutureExt as _;
use http::{Request, Response, StatusCode, header};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioTimer, server::graceful::GracefulShutdown};
use tintype_app::{App, Trouble};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use self::wire::Wire;
pub(crate) use self::{body::FrontBody, wire::Files};
use crate::{
    Http,
    access_log::{AccessLog, Line},
    caller::{Client, Peer},
    config::HttpConfig,
    gate, hot,
    limit::{Connections, Counted, Kind},
    linger::Lingering,
    metrics::Metrics,
    problem::{Code, Problem},
    router,
};

/// Largest head of a request.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Most header fields of a request.
const HEAD_FIELDS_MAX: usize = 64;
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

/// Answers requests until `stop` is cancelled, then lets those under way finish for at most `drain_timeout`.
pub async fn serve(
    listener: Listener,
    app: App,
    config: HttpConfig,
    log: AccessLog,
    stop: CancellationToken,
) {
    let connections = Arc::new(Semaphore::new(config.connections_max));
    let (header_timeout, drain_timeout) = (config.header_timeout, config.drain_timeout);
    let http = Http::new(app, config);
    let front = Front { router: router::router(http.clone()), http, log: log.clone() };
    let graceful = GracefulShutdown::new();
    let clients = Connections::default();
    let writer = tokio::spawn(log.clone().run());
    let (app, stop_delay) = (front.http.app.clone(), front.http.config.stop_delay);
    let mut stopping = std::pin::pin!(async {
        stop.cancelled().await;
        // Load balancers learn by /ready that no more is to be sent, while what they send is still taken.
        app.set_stopping();
        tokio::time::sleep(stop_delay).await;
    });
    loop {
        let next = async {
            let permit = connections.clone().acquire_owned().await;
            (permit, listener.0.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            () = &mut stopping => break,
            next = next => next,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        // Too many are dropped at once: an answer would cost what the limit is to save.
        let Some(counted) = front.enter(peer.ip(), &clients) else { continue };
        prepare(&stream);
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout)
            .max_headers(HEAD_FIELDS_MAX)
            .max_header_size(HEAD_BYTES_MAX)
            .max_buf_size(2 * HEAD_BYTES_MAX)
            // Bodies stay apart from heads, as `wire` needs it.
            .writev(true);
        let files = Files::default();
        let wire = Wire::new(stream, files.clone());
        let connection = builder.serve_connection(wire, front.connection(peer, files));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks is its client's business; what failed here was logged where it failed.
            let _ = connection.await;
            drop((permit, counted));
        });
    }
    drop(listener);
    if tokio::time::timeout(drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            seconds = drain_timeout.as_secs(),
            "requests were still under way at the end of the drain time"
        );
    }
    writer.abort();
    log.flush();
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

/// What stands behind every connection.
#[derive(Clone)]
struct Front {
    http: Http,
    router: Router,
    log: AccessLog,
}

/// What a connection holds while it lives.
struct Held {
    _counted: Option<Counted>,
    metrics: Metrics,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.metrics.connections.dec();
    }
}

impl Front {
    /// Counts a new connection; `None` where its client holds too many. Trusted proxies hold those of many clients.
    fn enter(&self, peer: IpAddr, clients: &Connections) -> Option<Held> {
        let metrics = self.http.metrics.clone();
        let max = self.http.config.connections_per_client;
        let counted = if self.http.config.trusts(peer) {
            None
        } else if let Some(counted) = clients.enter(peer, max) {
            Some(counted)
        } else {
            metrics.connections_refused.inc();
            return None;
        };
        metrics.connections.inc();
        Some(Held { _counted: counted, metrics })
    }

    fn connection(&self, peer: SocketAddr, files: Files) -> Connection {
        Connection { front: self.clone(), peer, files }
    }
}

#[derive(Clone)]
struct Connection {
    front: Front,
    peer: SocketAddr,
    files: Files,
}

/// An answer that is ready costs no allocation.
enum Answer {
    Ready(Option<Response<FrontBody>>),
    Routed(Pin<Box<dyn Future<Output = Response<FrontBody>> + Send>>),
}

impl Future for Answer {
    type Output = Result<Response<FrontBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(response) => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
            Self::Routed(routed) => routed.as_mut().poll(cx).map(Ok),
        }
    }
}

impl hyper::service::Service<Request<Incoming>> for Connection {
    type Response = Response<FrontBody>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        let begun = Instant::now();
        let (parts, body) = request.into_parts();
        let client = self.front.client(&parts.headers, self.peer);
        if let Err(problem) = self.front.admit(client) {
            let response = problem.into_response().map(FrontBody::from);
            self.front.note(client, &parts.method, &parts.uri, &response, begun);
            return Answer::Ready(Some(response));
        }
        if !gate::is_open(&self.front.http.config, &parts, self.peer.ip()) {
            let detail =
                "This server answers the CDN in front of it alone. Ask at the address that its links carry.";
            let problem = Problem::new(&self.front.http.app, Code::BehindCdn, detail);
            let response = problem.into_response().map(FrontBody::from);
            self.front.note(client, &parts.method, &parts.uri, &response, begun);
            return Answer::Ready(Some(response));
        }
        if let Some(response) = hot::answer(&self.front.http, &parts, &self.files) {
            self.front.note(client, &parts.method, &parts.uri, &response, begun);
            return Answer::Ready(Some(response));
        }
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        let body = Lingering::new(body, &parts.headers);
        let mut request = Request::from_parts(parts, Body::new(body));
        request.extensions_mut().insert(Peer(self.peer));
        request.extensions_mut().insert(Client(client));
        let front = self.front.clone();
        Answer::Routed(Box::pin(async move {
            let mut router = front.router.clone();
            let answered = AssertUnwindSafe(router.call(request)).catch_unwind().await;
            let response = match answered {
                Ok(Ok(response)) => response,
                Err(panic) => front.panicked(panic.as_ref()),
            };
            let response = response.map(FrontBody::from);
            front.count_miss(client, response.status());
            front.note(client, &method, &uri, &response, begun);
            response
        }))
    }
}

impl Front {
    /// Whether the client may ask now.
    fn admit(&self, client: IpAddr) -> Result<(), Problem> {
        if self.http.app.is_banned(client) {
            let detail = "Your address is banned here. Write to the operator if you think that is wrong.";
            return Err(Problem::new(&self.http.app, Code::Banned, detail));
        }
        self.http.limit(Kind::Requests, client, 1)?;
        // Nothing is taken here: whoever asked for too much that is not there waits before asking on.
        self.http.limit(Kind::Misses, client, 0)
    }

    fn count_miss(&self, client: IpAddr, status: StatusCode) {
        if status == StatusCode::NOT_FOUND && !self.http.config.trusts(client) {
            self.http.limiter.charge(Kind::Misses, client, 1);
        }
    }

    /// One request failed; the others go on. The message stands in the log by the panic hook.
    fn panicked(&self, panic: &(dyn Any + Send)) -> Response<Body> {
        self.http.metrics.panicked();
        let words = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let source = words.unwrap_or("no message").to_owned().into();
        Problem::from_trouble(&self.http.app, &Trouble::Internal { what: "a handler panicked", source })
            .into_response()
    }

    fn client(&self, headers: &http::HeaderMap, peer: SocketAddr) -> IpAddr {
        crate::client::address(&self.http.config, headers, peer.ip())
    }

    fn note(
        &self,
        client: IpAddr,
        method: &http::Method,
        uri: &http::Uri,
        response: &Response<FrontBody>,
        begun: Instant,
    ) {
        let known = http_body::Body::size_hint(response.body()).exact();
        let declared = || {
            response.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
        };
        let bytes = known.or_else(declared).unwrap_or(0);
        self.http.metrics.answered(response.status(), bytes, begun.elapsed());
        if !self.log.is_on() {
            return;
        }
        self.log.write(&Line {
            now: self.http.app.clock().now(),
            client,
            method,
            uri,
            status: response.status(),
            bytes,
            millis: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            note: response.extensions().get(),
        });
    }
}
