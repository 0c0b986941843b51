//! The body of every response.

use std::{
    fs::File,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// Bytes of a file that are in memory at once.
const PIECE: usize = 64 << 10;

/// A body that is one piece of bytes, without the allocation and the virtual calls of the router's, or the router's.
pub(crate) enum FrontBody {
    /// One piece, or nothing.
    Ready(Option<Bytes>),
    /// An open file whose bytes have to pass through memory.
    File(Pieces),
    /// Whatever a route made.
    Routed(Body),
}

/// A part of an open file, read piece by piece. Meant for files that the system has in its cache, as hot ones are: each
/// piece is read on the spot.
pub(crate) struct Pieces {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Pieces {
    /// The bytes from `start` to `end`, which it is not part of.
    pub(crate) fn new(file: Arc<File>, start: u64, end: u64) -> Self {
        Self { file, at: start, end }
    }

    fn left(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        let len = usize::try_from(self.left()).unwrap_or(usize::MAX).min(PIECE);
        if len == 0 {
            return None;
        }
        let mut piece = Vec::with_capacity(len);
        let read = loop {
            match rustix::io::pread(&*self.file, rustix::buffer::spare_capacity(&mut piece), self.at) {
                Err(rustix::io::Errno::INTR) => {}
                read => break read,
            }
        };
        Some(match read {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a stored file became shorter")),
            Ok(read) => {
                self.at += read as u64;
                Ok(piece.into())
            }
            Err(error) => Err(error.into()),
        })
    }
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
            Self::File(pieces) => {
                let piece = pieces.next().inspect(|piece| {
                    if let Err(error) = piece {
                        tracing::error!(
                            error = error as &dyn std::error::Error,
                            "a stored file could not be read"
                        );
                    }
                });
                Poll::Ready(piece.map(|piece| piece.map(Frame::data).map_err(axum::Error::new)))
            }
            Self::Routed(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Ready(bytes) => bytes.is_none(),
            Self::File(pieces) => pieces.left() == 0,
            Self::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Ready(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::File(pieces) => SizeHint::with_exact(pieces.left()),
            Self::Routed(body) => body.size_hint(),
        }
    }
}
