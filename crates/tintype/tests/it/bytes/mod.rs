//! `/i/…`, `/images/…` and named paths.

mod expiring;
mod folder;
mod large;
mod named;
mod original;
mod private;
mod variant;
