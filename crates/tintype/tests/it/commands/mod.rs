//! Commands of the program beside `serve`.

mod config;
mod image;
mod upload;
