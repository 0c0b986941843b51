//! What attackers send.

mod cross_site;
mod host;
mod matrix;
mod media;
mod names;
mod tokens;
mod traversal;
