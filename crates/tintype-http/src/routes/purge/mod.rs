//! What caches in front have yet to forget, for the operator.

pub(crate) mod add;
pub(crate) mod list;
pub(crate) mod retry;
