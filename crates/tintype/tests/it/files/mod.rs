//! `/api/v1/files/{path}`.

mod curl;
mod delete;
mod list;
mod moving;
mod put;
mod read;
