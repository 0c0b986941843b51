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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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

/// A service whose traffic is counted, and whose requests wait where their client has too many under way.
pub(super) struct Watched {
    pub(super) service: Connection,
    /// What all connections of the client share.
    pub(super) streams: Option<Arc<Semaphore>>,
    pub(super) traffic: Arc<Traffic>,
}

impl Service<Request<Incoming>> for Watched {
    type Response = Response<Taken>;
    type Error = Infallible;
    type Future = Working;

    fn call(&self, request: Request<Incoming>) -> Working {
        self.traffic.asked.fetch_add(1, Ordering::Relaxed);
        self.traffic.unanswered.fetch_add(1, Ordering::Relaxed);
        let place = self.streams.as_ref().map(|streams| streams.clone().try_acquire_owned());
        let state = match (place, &self.streams) {
            (Some(Err(_)), Some(streams)) => {
                State::Waiting(Box::pin(in_turn(streams.clone(), self.service.clone(), request)))
            }
            (place, _) => {
                let place = place.and_then(Result::ok).map(Arc::new);
                State::Answering { answer: self.service.call(request), place }
            }
        };
        Working { state, traffic: self.traffic.clone() }
    }
}

async fn in_turn(streams: Arc<Semaphore>, service: Connection, request: Request<Incoming>) -> State {
    // An error would say that it was closed, which it never is.
    let place = streams.acquire_owned().await.ok().map(Arc::new);
    State::Answering { answer: service.call(request), place }
}

/// An answer on its way.
pub(super) struct Working {
    state: State,
    traffic: Arc<Traffic>,
}

enum State {
    /// For another request of the same client to be over.
    Waiting(Pin<Box<dyn Future<Output = State> + Send>>),
    Answering {
        answer: Answer,
        place: Option<Arc<OwnedSemaphorePermit>>,
    },
}

impl Future for Working {
    type Output = Result<Response<Taken>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let next = match &mut self.state {
                State::Waiting(turn) => ready!(turn.as_mut().poll(cx)),
                State::Answering { answer, place } => {
                    let Ok(response) = ready!(Pin::new(answer).poll(cx));
                    let place = place.take();
                    let traffic = self.traffic.clone();
                    return Poll::Ready(Ok(response.map(|body| Taken { body, place, traffic })));
                }
            };
            self.state = next;
        }
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
    place: Option<Arc<OwnedSemaphorePermit>>,
    traffic: Arc<Traffic>,
}

/// A piece that keeps its request under way until it has left, also when it is the last and the body is no more.
struct Piece {
    bytes: Bytes,
    _place: Arc<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
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
        let Some(place) = &self.place else { return Poll::Ready(frame) };
        let kept = |bytes| Bytes::from_owner(Piece { bytes, _place: place.clone() });
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(kept))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
