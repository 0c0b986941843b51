//! The body of every response.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// A body that is one piece of bytes, without the allocation and the virtual calls of the router's, or the router's.
pub(crate) enum FrontBody {
    /// One piece, or nothing.
    Ready(Option<Bytes>),
    /// Whatever a route made.
    Routed(Body),
}

impl Default for FrontBody {
    fn default() -> Self {
        Self::Ready(None)
    }
}

impl From<Bytes> for FrontBody {
    fn from(bytes: Bytes) -> Self {
        Self::Ready((!bytes.is_empty()).then_some(bytes))
    }
}

impl From<Body> for FrontBody {
    fn from(body: Body) -> Self {
        Self::Routed(body)
    }
}

impl http_body::Body for FrontBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut *self {
            Self::Ready(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Routed(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Ready(bytes) => bytes.is_none(),
            Self::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Ready(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Routed(body) => body.size_hint(),
        }
    }
}
