//! What attackers send.

mod cross_site;
mod host;
mod names;
mod tokens;
mod traversal;
