//! The catalogue: who owns what, which bytes stand behind it, and every word of SQL in the program.
//!
//! One function per question, grouped by noun. A write is a unit of work that is handed over whole and is durable when it is
//! answered; units that wait together share one commit ([`Catalog::commits`] counts them). References to stored bytes are
//! rows, never counters, and whatever releases the last one says so in the same transaction. The catalogue never touches
//! the store: which file to write or to remove, and in which order, is the caller's, with the help of [`Intent`]s.
//!
//! SQL is lower case and in the subset that SQLite and PostgreSQL share; where engines differ stands in `dialect` and, for
//! what a file needs, in `sqlite`.
#![forbid(unsafe_code)]

mod abuse;
mod catalog;
mod certificate;
mod check;
mod dialect;
mod direct;
mod error;
mod file;
mod folder;
mod idempotency;
mod image;
mod job;
mod list;
mod meta;
mod migrate;
mod owner;
mod path;
mod private;
mod publish;
mod purge;
mod row;
mod sqlite;
mod sweep;
mod token;
mod trash;
mod upload;
mod writer;

pub use abuse::{Ban, BanKind, NewReport, Report};
pub use catalog::Catalog;
pub use certificate::{Certificate, Issued};
pub use check::{Blob, BlobState, Counts};
pub use direct::{DirectUpload, NewDirectUpload};
pub use error::{CatalogError, Cause, Constraint, Result};
pub use file::{File, MoveWish, Moved, PathCondition, Removed, Tags};
pub use folder::{Entry, FolderPage, FolderQuery, Whose};
pub use image::{DeletedReason, Image, ImageChanges, StoredBlob};
pub use job::Job;
pub use list::{Cursor, InvalidCursor, ListQuery, Order, Page};
pub use owner::OwnerId;
pub use path::{AliasKind, PathsOf};
pub use publish::{Duplicates, NewImage, Published};
pub use purge::{CacheState, InvalidPurgeSubject, Purge, PurgeOutcome, PurgePage, PurgeStep, PurgeSubject};
pub use sweep::BlobId;
pub use token::{Life, NewSecret, NewToken, Token};
pub use trash::Restored;
pub use upload::{Intent, IntentId};
