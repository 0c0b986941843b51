//! Commands of the program beside `serve`.

mod config;
