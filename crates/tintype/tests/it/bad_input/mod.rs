//! Bodies and senders that are no use.

mod bodies;
mod hostile;
mod senders;
mod too_large;
