//! HTTPS by itself.

mod acme;
mod fake;
mod files;
mod greedy;
mod http2;
mod proxy;
mod redirect;
mod renewal;
mod support;
