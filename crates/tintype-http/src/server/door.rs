//! What happens to an accepted connection, by the door that it came in.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hyper::server::conn::{http1, http2};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::{
    Listener,
    front::{Connection, Front, Held, Way},
    pause_after, prepare, proxy,
    redirect::Redirect,
    traffic::{Traffic, Watched},
    wire::{Files, Wire},
};
use crate::{
    limit::Connections,
    tls::{self, Tls},
};

/// Largest head of a request.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Most header fields of a request.
const HEAD_FIELDS_MAX: usize = 64;
/// Most requests at once on one connection of HTTP/2.
const STREAMS_MAX: u32 = 100;
/// Bytes of one answer that wait in memory for a reader who does not take them. Less than a piece of a file: the next one is
/// read when the last is nearly gone.
const UNSENT_MAX: usize = 16 << 10;
/// Bytes of one upload, and of all of a connection's, that may be under way without having been taken.
const WINDOW: u32 = 1 << 20;
/// Streams that a client opened and broke off before they were looked at (CVE-2023-44487).
const RESETS_MAX: usize = 32;
/// Streams that we broke off because of what the client sent (CVE-2025-8671).
const OWN_RESETS_MAX: usize = 64;
/// Time without a new request after which a connection of HTTP/2 is ended. Requests under way are finished.
const IDLE: Duration = Duration::from_secs(60);

/// What is spoken at a listener.
#[derive(Clone)]
pub(super) enum Door {
    /// Plain HTTP.
    Site,
    /// The same, never with the PROXY protocol.
    Operator,
    /// HTTPS.
    Https(Tls),
    /// Plain HTTP that leads to HTTPS.
    Redirect(Tls),
}

/// What all doors lead to.
#[derive(Clone)]
pub(super) struct Hall {
    pub(super) front: Front,
    pub(super) clients: Connections,
    pub(super) connections: Arc<Semaphore>,
    pub(super) closing: CancellationToken,
}

/// What a connection holds while it lives.
struct Place {
    _permit: OwnedSemaphorePermit,
    held: Held,
}

/// A connection before it is anybody's.
struct Arrival {
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    /// The end of the server waits for every holder of one.
    watcher: Watcher,
}

impl Hall {
    /// Accepts connections until the server closes.
    pub(super) async fn receive(self, listener: Listener, door: Door, graceful: Arc<GracefulShutdown>) {
        loop {
            // Accepted first: a place that a door held while it waits would be missing at the others.
            let next = async {
                let accepted = listener.0.accept().await;
                (self.connections.clone().acquire_owned().await, accepted)
            };
            let (permit, accepted) = tokio::select! {
                () = self.closing.cancelled() => return,
                next = next => next,
            };
            let Ok(permit) = permit else { return };
            match accepted {
                Ok((stream, peer)) => {
                    self.admit(Arrival { stream, permit, watcher: graceful.watcher() }, peer, &door);
                }
                Err(error) => pause_after(&error).await,
            }
        }
    }

    fn admit(&self, arrival: Arrival, peer: SocketAddr, door: &Door) {
        let config = &self.front.http.config;
        if config.proxy_protocol && !matches!(door, Door::Operator) && config.trusts(peer.ip()) {
            let (hall, door) = (self.clone(), door.clone());
            tokio::spawn(async move { hall.introduced(arrival, peer, door).await });
            return;
        }
        self.converse(arrival, peer, door);
    }

    /// Hears from a proxy first for whom it speaks.
    async fn introduced(self, mut arrival: Arrival, proxy: SocketAddr, door: Door) {
        match self.in_time(proxy::client(&mut arrival.stream, proxy)).await {
            Ok(client) => self.converse(arrival, client, &door),
            Err(error) => tracing::warn!(
                %proxy,
                error = &error as &dyn std::error::Error,
                "closed a proxy's connection that does not begin with the PROXY protocol"
            ),
        }
    }

    /// Has something done before the deadline of a request's head.
    async fn in_time<T>(&self, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        tokio::select! {
            () = self.closing.cancelled() => Err(io::ErrorKind::ConnectionAborted.into()),
            done = tokio::time::timeout(self.front.http.config.header_timeout, work) => {
                done.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    fn converse(&self, arrival: Arrival, peer: SocketAddr, door: &Door) {
        let Arrival { stream, permit, watcher } = arrival;
        // Too many are dropped at once: an answer would cost what the limit is to save.
        let Some(held) = self.front.enter(peer.ip(), &self.clients) else { return };
        let place = Place { _permit: permit, held };
        prepare(&stream);
        match door {
            Door::Site | Door::Operator => {
                let files = Files::default();
                let service = self.front.connection(peer, Way::Plain(files.clone()));
                let connection = self.http1().serve_connection(Wire::new(stream, files), service);
                let connection = watcher.watch(connection);
                tokio::spawn(async move {
                    // A connection that breaks is its client's business; what failed here was logged where it failed.
                    let _ = connection.await;
                    drop(place);
                });
            }
            Door::Redirect(tls) => {
                let service = Redirect::new(self.front.clone(), tls.keys.clone(), peer);
                let connection = self.http1().serve_connection(TokioIo::new(stream), service);
                let connection = watcher.watch(connection);
                tokio::spawn(async move {
                    let _ = connection.await;
                    drop(place);
                });
            }
            Door::Https(tls) => {
                let (hall, tls) = (self.clone(), tls.clone());
                tokio::spawn(async move {
                    match hall.in_time(tls.accept(stream)).await {
                        Ok(Some(stream)) => hall.secure(stream, peer, watcher, place.held.streams()).await,
                        Ok(None) => tracing::debug!(%peer, "an authority looked at a challenge"),
                        Err(error) => {
                            tracing::debug!(%peer, error = &error as &dyn std::error::Error, "a TLS handshake failed");
                        }
                    }
                    drop(place);
                });
            }
        }
    }

    async fn secure(
        &self,
        stream: TlsStream<TcpStream>,
        peer: SocketAddr,
        watcher: Watcher,
        streams: Option<Arc<Semaphore>>,
    ) {
        let service = self.front.connection(peer, Way::Secure);
        let http2 = tls::is_http2(&stream);
        let stream = TokioIo::new(stream);
        if http2 {
            self.http2(stream, service, streams).await;
            drop(watcher);
        } else {
            let _ = watcher.watch(self.http1().serve_connection(stream, service)).await;
        }
    }

    fn http1(&self) -> http1::Builder {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.front.http.config.header_timeout)
            .max_headers(HEAD_FIELDS_MAX)
            .max_header_size(HEAD_BYTES_MAX)
            .max_buf_size(2 * HEAD_BYTES_MAX)
            // Bodies stay apart from heads, as `wire` needs it.
            .writev(true);
        builder
    }

    async fn http2(
        &self,
        stream: TokioIo<TlsStream<TcpStream>>,
        service: Connection,
        streams: Option<Arc<Semaphore>>,
    ) {
        let header_timeout = self.front.http.config.header_timeout;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(HEAD_BYTES_MAX as u32)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_send_buf_size(UNSENT_MAX)
            .max_pending_accept_reset_streams(RESETS_MAX)
            .max_local_error_reset_streams(OWN_RESETS_MAX)
            .keep_alive_interval(header_timeout)
            .keep_alive_timeout(header_timeout);
        let traffic = Arc::new(Traffic::default());
        let service = Watched { service, streams, traffic: traffic.clone() };
        let mut connection = pin!(builder.serve_connection(stream, service));
        let (mut seen, mut leaving) = ((0, 0), false);
        let mut patience = header_timeout;
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = self.closing.cancelled(), if !leaving => {
                    leaving = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = tokio::time::sleep(patience) => {
                    let now = traffic.so_far();
                    let rests = now == seen && traffic.unanswered.load(Ordering::Relaxed) == 0;
                    seen = now;
                    // Nothing was ever asked for, or whoever asked takes nothing of what is left: that is held for nobody. Pings
                    // are answered by the engine and say nothing.
                    if rests && (leaving || now.0 == 0) {
                        return;
                    }
                    if rests {
                        leaving = true;
                        connection.as_mut().graceful_shutdown();
                    }
                }
            }
            patience = IDLE;
        }
    }
}
