//! Decoders that attack, and honest ones that are let.

mod misbehave;
mod renditions;
