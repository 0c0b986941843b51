//! Commands of the program beside `serve`.

mod backup;
mod config;
mod image;
mod upload;
