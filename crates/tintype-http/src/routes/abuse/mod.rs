//! Reports and bans, for the operator.

pub(crate) mod bans;
pub(crate) mod reports;
