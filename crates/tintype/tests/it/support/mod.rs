//! The program under test, started on a folder of its own, and clients that can do only what theirs may.

mod base64;
mod bucket;
mod client;
mod mount;
mod multipart;
pub(crate) mod picture;
mod raw;
mod server;

pub(crate) use base64::base64;
pub(crate) use bucket::{environment, path_of, send_direct};
pub(crate) use client::{Client, Reply};
pub(crate) use mount::{Mount, lacking, skipped};
pub(crate) use multipart::Form;
pub(crate) use raw::Raw;
pub(crate) use server::{Server, count_files, tintype};
