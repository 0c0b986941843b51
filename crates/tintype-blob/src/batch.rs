//! Chunks of an upload gathered until one hop into the blocking pool is worth it.

use std::io::IoSlice;

use bytes::{Bytes, BytesMut};

/// Bytes gathered before they are written, where few uploads are under way.
const BATCH_MAX: usize = 256 << 10;
/// What is gathered where there are so many that memory would matter more than the number of writes.
const BATCH_MIN: usize = 16 << 10;
/// What all batches being gathered may hold together; those being written hold as much again.
const BATCHES_BYTES: usize = 64 << 20;
/// Smaller chunks are copied together, so that a stream of single bytes costs no more memory than its bytes; larger ones
/// are kept as they came.
const COPY_BELOW: usize = 8 << 10;

/// Chunks in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    parts: Vec<Bytes>,
    tail: BytesMut,
    len: usize,
}

impl Batch {
    pub(crate) fn push(&mut self, chunk: Bytes) {
        self.len += chunk.len();
        if chunk.len() < COPY_BELOW {
            self.tail.extend_from_slice(&chunk);
        } else {
            self.close_tail();
            self.parts.push(chunk);
        }
    }

    /// Whether it is worth a write where `under_way` files are being staged.
    pub(crate) fn is_full(&self, under_way: usize) -> bool {
        self.len >= (BATCHES_BYTES / under_way.max(1)).clamp(BATCH_MIN, BATCH_MAX)
    }

    /// The chunks; the batch is empty afterwards.
    pub(crate) fn take(&mut self) -> Vec<Bytes> {
        self.close_tail();
        self.len = 0;
        std::mem::take(&mut self.parts)
    }

    fn close_tail(&mut self) {
        if !self.tail.is_empty() {
            self.parts.push(self.tail.split().freeze());
        }
    }
}

/// The chunks as one vectored write takes them.
pub(crate) fn slices(parts: &[Bytes]) -> Vec<IoSlice<'_>> {
    parts.iter().map(|part| IoSlice::new(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_any_size_keep_their_order() {
        let mut batch = Batch::default();
        let mut expected = Vec::new();
        for (index, len) in [1, 5, COPY_BELOW, 0, 3, COPY_BELOW - 1, 100_000, 2].into_iter().enumerate() {
            let chunk = vec![u8::try_from(index).unwrap(); len];
            expected.extend_from_slice(&chunk);
            batch.push(Bytes::from(chunk));
        }
        assert_eq!(batch.take().concat(), expected);
        assert_eq!(batch.take(), Vec::<Bytes>::new());
    }

    #[test]
    fn single_bytes_become_few_parts() {
        let mut batch = Batch::default();
        let big = Bytes::from(vec![1; BATCH_MAX]);
        for at in 0..BATCH_MAX - 1 {
            batch.push(big.slice(at..=at));
        }
        assert!(!batch.is_full(1));
        batch.push(big.slice(..1));
        assert!(batch.is_full(1));
        assert_eq!(batch.take().len(), 1);
    }

    #[test]
    fn many_uploads_gather_less_each() {
        let mut batch = Batch::default();
        batch.push(Bytes::from(vec![1; 64 << 10]));
        assert_eq!(
            [1, 256, 1_023, 1_024].map(|under_way| batch.is_full(under_way)),
            [false, false, false, true]
        );
        batch.take();
        batch.push(Bytes::from(vec![1; BATCH_MIN - 1]));
        assert!(!batch.is_full(usize::MAX));
    }
}
