//! HTTPS by itself.

mod acme;
mod fake;
mod files;
mod front;
mod greedy;
mod http2;
mod own;
mod proxy;
mod redirect;
mod renewal;
mod support;
