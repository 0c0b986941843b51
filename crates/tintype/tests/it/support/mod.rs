//! The program under test, started on a folder of its own, and clients that can do only what theirs may.

mod client;
mod multipart;
mod server;

pub(crate) use client::{Client, Reply};
pub(crate) use multipart::Form;
pub(crate) use server::{Server, tintype};
