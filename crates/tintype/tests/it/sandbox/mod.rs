//! Decoders that attack.

mod misbehave;
