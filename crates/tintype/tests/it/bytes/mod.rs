//! `/i/…`, `/images/…` and named paths.

mod expiring;
mod large;
mod named;
mod original;
mod private;
mod variant;
