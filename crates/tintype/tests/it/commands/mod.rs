//! Commands of the program beside `serve`.

mod backup;
mod config;
mod doctor;
mod image;
mod sync;
mod tasks;
mod upload;
