//! `/api/v1/images`, `/new` and `/d/{delete token}`.

mod change;
mod delete;
mod delete_token;
mod duplicates;
mod idempotency;
mod list;
mod owners;
mod read;
mod upload;
mod upload_fields;
mod upload_json;
