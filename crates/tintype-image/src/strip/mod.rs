//! Publication plans: which ranges of the received file stay, and what little is new. Nothing is re-encoded.

mod avif;
mod gif;
mod jpeg;
mod png;
mod webp;

use std::ops::Range;

use tintype_types::{
    MediaType, Refusal, Span, SpanPlan,
    span::{NEW_BYTES_MAX, SPANS_MAX},
};

use crate::refuse::corrupt;

pub(crate) use self::{avif::avif, gif::gif, jpeg::jpeg, png::png, webp::webp};

/// Collects a plan and joins neighbouring ranges.
#[derive(Default)]
struct Builder {
    spans: Vec<Span>,
    new_bytes: usize,
}

impl Builder {
    fn keep(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let (start, more) = (range.start as u64, range.len() as u64);
        if let Some(Span::Keep { offset, len }) = self.spans.last_mut()
            && *offset + *len == start
        {
            *len += more;
        } else {
            self.push(Span::Keep { offset: start, len: more });
        }
    }

    fn new_bytes(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.new_bytes += bytes.len();
        if let Some(Span::New(last)) = self.spans.last_mut() {
            last.extend_from_slice(bytes);
        } else {
            self.push(Span::New(bytes.to_vec()));
        }
    }

    /// Puts `bytes`, out of the file where they stand at `at` already: what was published once is published unchanged.
    fn rewrite(&mut self, data: &[u8], at: usize, bytes: &[u8]) {
        if data.get(at..).is_some_and(|rest| rest.starts_with(bytes)) {
            self.keep(at..at + bytes.len());
        } else {
            self.new_bytes(bytes);
        }
    }

    /// Puts as many zeroes as the range is long, out of the file where it is zero already.
    fn zero(&mut self, data: &[u8], range: Range<usize>) {
        if data[range.clone()].iter().all(|byte| *byte == 0) {
            self.keep(range);
        } else if let Some(Span::Zero { len }) = self.spans.last_mut() {
            *len += range.len() as u64;
        } else {
            self.push(Span::Zero { len: range.len() as u64 });
        }
    }

    /// One span more than allowed is enough to be refused at the end; the list grows no further.
    fn push(&mut self, span: Span) {
        if self.spans.len() <= SPANS_MAX {
            self.spans.push(span);
        }
    }

    fn finish(self, media_type: MediaType) -> Result<SpanPlan, Refusal> {
        if self.spans.len() > SPANS_MAX || self.new_bytes > NEW_BYTES_MAX {
            return Err(corrupt(media_type, "its metadata lies in too many pieces to be taken out"));
        }
        Ok(SpanPlan(self.spans))
    }
}
