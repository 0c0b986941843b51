//! Where engines differ: how they name what went wrong, and how units of work begin and end.

use sqlx::error::DatabaseError;

use crate::error::{CatalogError, Constraint};

/// Begins a transaction that holds the write lock from its first statement, so that no later one can fail for want of it.
pub(crate) const BEGIN: &str = "begin immediate";
pub(crate) const COMMIT: &str = "commit";
pub(crate) const ROLLBACK: &str = "rollback";
/// Sets a mark inside the transaction, to which a unit that fails is taken back alone.
pub(crate) const SAVEPOINT: &str = "savepoint unit";
/// Sets the mark anew after a unit that went well. One question instead of two, because each is a change of threads.
pub(crate) const NEXT_SAVEPOINT: &str = "release savepoint unit; savepoint unit";
/// Takes back what happened since the mark, which stays.
pub(crate) const ROLLBACK_TO: &str = "rollback to savepoint unit";

/// Primary result codes of SQLite (<https://www.sqlite.org/rescode.html>); the low byte of an extended code.
const READONLY: i64 = 8;
const CORRUPT: i64 = 11;
const FULL: i64 = 13;
const CONSTRAINT: i64 = 19;
const NOT_A_DATABASE: i64 = 26;
/// The file stays locked longer than the busy timeout allows.
const BUSY: i64 = 5;

fn primary_code(error: &dyn DatabaseError) -> Option<i64> {
    let code: i64 = error.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// Names an engine's error by what the caller does about it; `None` for the ones that only time or an operator can mend.
pub(crate) fn classify(error: &dyn DatabaseError) -> Option<CatalogError> {
    match primary_code(error)? {
        READONLY => Some(CatalogError::ReadOnly),
        FULL => Some(CatalogError::Full),
        CORRUPT | NOT_A_DATABASE => Some(CatalogError::corrupt(error.message())),
        CONSTRAINT => Some(match constraint(error.message()) {
            Some(constraint) => CatalogError::Conflict(constraint),
            None => CatalogError::corrupt(error.message()),
        }),
        _ => None,
    }
}

/// Whether another connection held the file for too long.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(primary_code) == Some(BUSY)
}

/// SQLite names the columns of a unique index in its message, and no name for a foreign key.
fn constraint(message: &str) -> Option<Constraint> {
    if message == "FOREIGN KEY constraint failed" {
        return Some(Constraint::UnknownReference);
    }
    match message.strip_prefix("UNIQUE constraint failed: ")? {
        "tokens.name" => Some(Constraint::TokenNameTaken),
        "images.id" | "images.delete_token_hash" | "tokens.hash" | "blobs.key" => Some(Constraint::IdTaken),
        _ => None,
    }
}
