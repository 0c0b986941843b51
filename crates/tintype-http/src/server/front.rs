//! What stands behind every connection, and what happens to each of its requests.

use std::{
    any::Any,
    convert::Infallible,
    future::Future,
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{Router, body::Body, response::IntoResponse as _};
use futures_util::FutureExt as _;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use tintype_app::Trouble;
use tokio::sync::Semaphore;
use tower_service::Service as _;

use super::{FrontBody, challenge, wire::Files};
use crate::{
    Http,
    access_log::{AccessLog, Line},
    base_path::{self, Target},
    caller::{Client, Peer, Secure},
    forwarded, gate, hot,
    limit::{Connections, Counted, Kind},
    linger::Lingering,
    metrics::Metrics,
    origin::{self, At},
    problem::{Code, Problem},
};

/// What stands behind every connection.
#[derive(Clone)]
pub(super) struct Front {
    pub(super) http: Http,
    /// What stands before our addresses where the proxy in front leaves it there; mostly nothing.
    pub(super) base_path: Arc<str>,
    pub(super) site: Router,
    /// Of the media host, where there is one.
    pub(super) media: Router,
    pub(super) log: AccessLog,
    /// What browsers are told over HTTPS: to use nothing else.
    pub(super) hsts: Option<HeaderValue>,
}

/// What a connection holds while it lives.
pub(super) struct Held {
    counted: Option<Counted>,
    metrics: Metrics,
}

impl Held {
    /// What the client's requests over HTTP/2 share; nothing where they are of many clients.
    pub(super) fn streams(&self) -> Option<Arc<Semaphore>> {
        self.counted.as_ref().map(|counted| counted.streams.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.metrics.connections.dec();
    }
}

impl Front {
    /// Counts a new connection; `None` where its client holds too many. Trusted proxies hold those of many clients.
    pub(super) fn enter(&self, peer: IpAddr, clients: &Connections) -> Option<Held> {
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
        Some(Held { counted, metrics })
    }

    pub(super) fn connection(&self, peer: SocketAddr, way: Way) -> Connection {
        Connection { front: self.clone(), peer, way }
    }
}

/// How a connection's bytes go out.
#[derive(Clone)]
pub(crate) enum Way {
    /// As they are, and so may files.
    Plain(Files),
    /// Over TLS, which has to have them in memory.
    Secure,
}

#[derive(Clone)]
pub(super) struct Connection {
    front: Front,
    peer: SocketAddr,
    way: Way,
}

impl Connection {
    fn dressed(&self, mut response: Response<FrontBody>) -> Response<FrontBody> {
        if let (Way::Secure, Some(hsts)) = (&self.way, &self.front.hsts) {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        response
    }
}

/// An answer that is ready costs no allocation.
pub(super) enum Answer {
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
        let (mut parts, body) = request.into_parts();
        let client = self.front.client(&parts.headers, self.peer);
        let at = origin::at(&self.front.http.config, &parts.headers, &parts.uri, self.peer.ip());
        // First, so that the log knows our addresses in what is refused as well.
        let mut is_bare = false;
        if !self.front.base_path.is_empty() && at != At::Media {
            match base_path::target(&self.front.base_path, &parts.uri) {
                Target::AsItIs => {}
                Target::Below(uri) => parts.uri = uri,
                Target::Bare => is_bare = true,
            }
        }
        if let Err(problem) = self.front.admit(client).and_then(|()| self.front.one_host(&parts.headers)) {
            let response = self.dressed(problem.into_response().map(FrontBody::from));
            self.front.note(client, &parts.method, &parts.uri, &response, begun);
            return Answer::Ready(Some(response));
        }
        let http = &self.front.http;
        if !gate::is_open(&http.config, &parts, self.peer.ip()) {
            let detail =
                "This server answers the CDN in front of it alone. Ask at the address that its links carry.";
            let problem = Problem::new(&http.app, Code::BehindCdn, detail);
            let response = self.dressed(problem.into_response().map(FrontBody::from));
            self.front.note(client, &parts.method, &parts.uri, &response, begun);
            return Answer::Ready(Some(response));
        }
        if is_bare {
            let response = base_path::to_start(&self.front.base_path, &parts.method, &parts.uri);
            let response = self.dressed(response);
            self.front.note(client, &parts.method, &parts.uri, &response, begun);
            return Answer::Ready(Some(response));
        }
        // At the site pictures are sent to their own host, where they have one.
        if (at != At::Site || http.config.media_url.is_none())
            && let Some(response) = hot::answer(http, &parts, &self.way)
        {
            let response = self.dressed(response);
            self.front.note(client, &parts.method, &parts.uri, &response, begun);
            return Answer::Ready(Some(response));
        }
        // An authority comes in at any door that whoever is in front leads it to.
        if let Some(keys) = &http.keys
            && let Some(response) = challenge::answer(keys, &parts.method, &parts.uri)
        {
            let response = self.dressed(response);
            self.front.note(client, &parts.method, &parts.uri, &response, begun);
            return Answer::Ready(Some(response));
        }
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        let body = Lingering::new(body, &parts.headers);
        let mut request = Request::from_parts(parts, Body::new(body));
        request.extensions_mut().insert(Peer(self.peer));
        request.extensions_mut().insert(client);
        if matches!(self.way, Way::Secure) {
            request.extensions_mut().insert(Secure);
        }
        let this = self.clone();
        Answer::Routed(Box::pin(async move {
            let front = &this.front;
            let mut router = if at == At::Media { front.media.clone() } else { front.site.clone() };
            let answered = AssertUnwindSafe(router.call(request)).catch_unwind().await;
            let response = match answered {
                Ok(Ok(response)) => response,
                Err(panic) => front.panicked(panic.as_ref()),
            };
            let response = this.dressed(response.map(FrontBody::from));
            front.count_miss(client, response.status());
            front.note(client, &method, &uri, &response, begun);
            response
        }))
    }
}

impl Front {
    /// Whether the client may ask now.
    pub(super) fn admit(&self, client: Client) -> Result<(), Problem> {
        if self.http.app.is_banned(client.address) {
            let detail = "Your address is banned here. Write to the operator if you think that is wrong.";
            return Err(Problem::new(&self.http.app, Code::Banned, detail));
        }
        self.http.limit(Kind::Requests, client, 1)?;
        // Nothing is taken here: whoever asked for too much that is not there waits before asking on.
        self.http.limit(Kind::Misses, client, 0)
    }

    fn one_host(&self, headers: &http::HeaderMap) -> Result<(), Problem> {
        if origin::names_one_host(headers) { Ok(()) } else { Err(Problem::invalid_host(&self.http.app)) }
    }

    fn count_miss(&self, client: Client, status: StatusCode) {
        if status == StatusCode::NOT_FOUND && !client.exempt {
            self.http.limiter.charge(Kind::Misses, client.address, 1);
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

    pub(super) fn client(&self, headers: &http::HeaderMap, peer: SocketAddr) -> Client {
        forwarded::client(&self.http.config, headers, peer.ip())
    }

    pub(super) fn note(
        &self,
        client: Client,
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
            client: client.address,
            method,
            uri,
            status: response.status(),
            bytes,
            millis: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            note: response.extensions().get(),
        });
    }
}
