//! `/api/v1/files/{path}`.

mod put;
