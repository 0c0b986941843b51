//! Shorthand for refusals.

use std::fmt::Display;

use tintype_types::{MediaType, Refusal, refusal::LimitKind};

/// Longest detail that a refusal carries, in characters.
const DETAIL_MAX: usize = 200;

/// The file breaks its format's rules; `detail` is cut to 200 characters and freed of control characters.
pub(crate) fn corrupt(media_type: MediaType, detail: impl Display) -> Refusal {
    let detail = detail.to_string().chars().filter(|c| !c.is_control()).take(DETAIL_MAX).collect();
    Refusal::Corrupt { media_type, detail }
}

/// The file ends before its picture does.
pub(crate) fn truncated(media_type: MediaType) -> Refusal {
    Refusal::Truncated { media_type }
}

/// The file is something else, or of a kind that is not taken in.
pub(crate) fn unsupported(looks_like: &str) -> Refusal {
    Refusal::Unsupported { looks_like: Some(looks_like.to_owned()) }
}

/// Refuses what passes a limit.
pub(crate) fn at_most(kind: LimitKind, actual: u64, max: u64) -> Result<(), Refusal> {
    if actual > max { Err(Refusal::Limit { kind, actual, max }) } else { Ok(()) }
}
