//! How the published bytes of an image follow from the received ones: which ranges stay, and what little is new.

/// One piece of the published file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// `len` bytes of the received file from `offset`.
    Keep {
        /// First byte, from the start of the received file.
        offset: u64,
        /// Number of bytes.
        len: u64,
    },
    /// Bytes that the received file does not have.
    New(Vec<u8>),
    /// `len` zero bytes, where a format's offsets forbid that anything moves.
    Zero {
        /// Number of bytes.
        len: u64,
    },
}

/// Most new bytes in a plan.
pub const NEW_BYTES_MAX: usize = 1 << 20;
/// Most spans in a plan.
pub const SPANS_MAX: usize = 65_536;

/// The published file, piece by piece, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanPlan(pub Vec<Span>);

/// A plan that does not fit the received file or passes a limit. Plans come from an untrusted worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// A kept range begins or ends beyond the received file.
    #[error("a kept range lies outside the file")]
    OutOfRange,
    /// Kept ranges overlap or go backwards.
    #[error("kept ranges are not in order")]
    OutOfOrder,
    /// More than [`NEW_BYTES_MAX`] new bytes or [`SPANS_MAX`] spans, or more output than input and new bytes.
    #[error("the plan is too large")]
    TooLarge,
    /// Nothing would be published.
    #[error("the plan keeps nothing")]
    Empty,
}

impl SpanPlan {
    /// A plan that keeps a whole file of `len` bytes.
    pub fn whole(len: u64) -> Self {
        Self(vec![Span::Keep { offset: 0, len }])
    }

    /// Whether the published file equals the received one of `received_len` bytes.
    pub fn is_whole(&self, received_len: u64) -> bool {
        self.0 == [Span::Keep { offset: 0, len: received_len }]
    }

    /// Bytes of the published file.
    pub fn len(&self) -> u64 {
        self.0
            .iter()
            .map(|span| match span {
                Span::Keep { len, .. } | Span::Zero { len } => *len,
                Span::New(bytes) => bytes.len() as u64,
            })
            .fold(0, u64::saturating_add)
    }

    /// Whether the published file would have no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks the plan against a received file of `received_len` bytes.
    ///
    /// # Errors
    /// [`InvalidPlan`] where it reaches outside the file, goes backwards, or passes a limit.
    pub fn validate(&self, received_len: u64) -> Result<(), InvalidPlan> {
        if self.0.len() > SPANS_MAX {
            return Err(InvalidPlan::TooLarge);
        }
        let (mut at, mut new, mut total) = (0u64, 0usize, 0u64);
        for span in &self.0 {
            let len = match span {
                Span::Keep { offset, len } => {
                    let end = offset.checked_add(*len).ok_or(InvalidPlan::OutOfRange)?;
                    if end > received_len {
                        return Err(InvalidPlan::OutOfRange);
                    }
                    if *offset < at {
                        return Err(InvalidPlan::OutOfOrder);
                    }
                    at = end;
                    *len
                }
                Span::Zero { len } => *len,
                Span::New(bytes) => {
                    new += bytes.len();
                    bytes.len() as u64
                }
            };
            total = total.saturating_add(len);
        }
        if new > NEW_BYTES_MAX || total > received_len.saturating_add(NEW_BYTES_MAX as u64) {
            return Err(InvalidPlan::TooLarge);
        }
        if total == 0 { Err(InvalidPlan::Empty) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spans: Vec<Span>, expected: Result<(), InvalidPlan>) {
        assert_eq!(SpanPlan(spans).validate(100), expected);
    }

    #[test]
    fn plans_are_checked_against_the_file() {
        let keep = |offset, len| Span::Keep { offset, len };
        check(vec![keep(0, 100)], Ok(()));
        check(vec![keep(0, 10), Span::New(vec![1; 3]), keep(20, 80)], Ok(()));
        check(vec![keep(0, 101)], Err(InvalidPlan::OutOfRange));
        check(vec![keep(u64::MAX, 2)], Err(InvalidPlan::OutOfRange));
        check(vec![keep(50, 10), keep(40, 5)], Err(InvalidPlan::OutOfOrder));
        check(vec![Span::New(vec![0; NEW_BYTES_MAX + 1])], Err(InvalidPlan::TooLarge));
        check(vec![Span::Zero { len: u64::MAX }], Err(InvalidPlan::TooLarge));
        check(vec![], Err(InvalidPlan::Empty));
    }
}
