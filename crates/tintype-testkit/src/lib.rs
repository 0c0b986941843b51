//! Pictures for tests, made by code, so that each says what it is: valid ones ([`build`]), ones that carry private
//! data ([`metadata`]), ones that mean harm ([`hostile`]); names that mean harm ([`names`]); and the folder of real
//! files ([`fixtures`]).
//!
//! For development only: the program never depends on this crate. [`engine`] starts a real S3 engine, and [`badnet`] stands
//! between it and the program. Everything else is a pure function of its arguments;
//! the same arguments give the same bytes. Wrong arguments panic, because a test is the only caller.

pub mod badnet;
pub mod bucket;
pub mod build;
pub mod engine;
pub mod fixtures;
pub mod hostile;
pub mod metadata;
pub mod names;
pub mod pixels;
pub mod ports;
pub mod raw;
pub mod wait;
