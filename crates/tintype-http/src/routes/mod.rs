//! The routes: `routes/<noun>/<verb>.rs`, one endpoint a file.

pub(crate) mod abuse;
pub(crate) mod bytes;
pub(crate) mod card;
pub(crate) mod dialect;
pub(crate) mod file;
pub(crate) mod image;
pub(crate) mod ops;
pub(crate) mod page;
pub(crate) mod purge;
