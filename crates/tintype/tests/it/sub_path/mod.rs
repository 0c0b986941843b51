//! Hosting under a sub-path: whether the proxy in front takes the path away or not.

mod declared;
mod forwarded;
