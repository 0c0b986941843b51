//! What operators and programs ask of the server itself.

pub(crate) mod config;
pub(crate) mod health;
pub(crate) mod openapi;
pub(crate) mod version;
