//! What moves on a connection of HTTP/2, so that one on which nothing does can be ended.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::{body::Incoming, service::Service};

use super::{
    FrontBody,
    front::{Answer, Connection},
};

/// What a connection's client has asked for and taken.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    asked: AtomicU64,
    /// Pieces of bodies. One is made only when the client has room for it.
    taken: AtomicU64,
    /// Requests that are being worked on, uploads among them; these have deadlines of their own.
    pub(super) unanswered: AtomicU64,
}

impl Traffic {
    /// How many requests, and how many pieces.
    pub(super) fn so_far(&self) -> (u64, u64) {
        (self.asked.load(Ordering::Relaxed), self.taken.load(Ordering::Relaxed))
    }
}

/// A service whose traffic is counted.
pub(super) struct Watched {
    pub(super) service: Connection,
    pub(super) traffic: Arc<Traffic>,
}

impl Service<Request<Incoming>> for Watched {
    type Response = Response<Taken>;
    type Error = Infallible;
    type Future = Working;

    fn call(&self, request: Request<Incoming>) -> Working {
        self.traffic.asked.fetch_add(1, Ordering::Relaxed);
        self.traffic.unanswered.fetch_add(1, Ordering::Relaxed);
        Working { answer: self.service.call(request), traffic: self.traffic.clone() }
    }
}

/// An answer on its way.
pub(super) struct Working {
    answer: Answer,
    traffic: Arc<Traffic>,
}

impl Future for Working {
    type Output = Result<Response<Taken>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Ok(response) = ready!(Pin::new(&mut self.answer).poll(cx));
        let traffic = self.traffic.clone();
        Poll::Ready(Ok(response.map(|body| Taken { body, traffic })))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.traffic.unanswered.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body whose pieces are counted.
pub(super) struct Taken {
    body: FrontBody,
    traffic: Arc<Traffic>,
}

impl Body for Taken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.traffic.taken.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
