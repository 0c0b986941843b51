//! Reports and bans.

mod bans;
mod reports;
