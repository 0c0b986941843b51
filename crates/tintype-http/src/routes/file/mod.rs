//! Files at named paths.

pub(crate) mod put;
