//! Tests of the running program, over HTTP. The tree mirrors the routes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod abuse;
mod api;
mod bad_input;
mod bytes;
mod cards;
mod cdn;
mod commands;
mod dialects;
mod files;
mod images;
mod keeping;
mod overload;
mod sandbox;
mod security;
mod storage;
mod sub_path;
mod support;
mod tls;
