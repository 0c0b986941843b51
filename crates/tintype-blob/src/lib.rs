//! Stored bytes: originals that outlast a power cut, and variants that may be lost.
//!
//! Synced writes, reads of ranges, deletes and lists over a folder of the file system, or over an S3-compatible service for
//! the originals (`remote/mod.rs` has its layout). No SQL, no images, no HTTP; the
//! clock and the choice of keys are the caller's.
//!
//! # The data folder
//! ```text
//! store.json                         which catalogue the folder belongs to: {"format":1,"identity":"<32 hex digits>"}
//! originals/00 … ff/                 256 folders, made and synced at the first start
//!   ab/<sha256>-<64 random bits>     an original; the folder is named after the hash's first two digits
//! incoming/<sha256 of the id>        what a direct upload sent and nobody has published yet
//! staging/                           temporary names, only where the file system has no files without names
//! quarantine/2026-01-31/             what a repair put aside that day: blobs under their names, others as stray-<name>
//! variants/                          a cache: safe to delete at any time
//!   staging/                         variants being written
//!   9f/<image id>/<recipe>.<epoch>   a variant, its length and its checksum
//! ```
//! Files have mode 0600 and folders 0700. All but `variants` lie on one file system; `variants` may
//! lie on another.
//!
//! # What a put promises
//! [`BlobStore::link`] returns when the bytes are synced, named, and the name is synced too. Before that a crash leaves
//! nothing, or a whole blob that the catalogue does not know; never a torn one. The steps and what a crash leaves at
//! each stand in `folder/mod.rs`, at `link`. An fsync that fails is final: that upload fails, and the store takes no
//! writes until the process is started anew ([`BlobError::Poisoned`]).

mod batch;
mod blob;
mod blocking;
mod error;
#[cfg(feature = "testing")]
mod faults;
mod folder;
mod list;
mod moving;
mod remote;
mod rewrite;
mod staging;
mod step;
mod store;

pub use blob::Blob;
pub use error::BlobError;
#[cfg(feature = "testing")]
pub use faults::Faults;
pub use list::{Entry, Listed, Listing};
pub use moving::{Direction, Move};
pub use remote::{
    ByteStream, Checked, Outcome, PublicHeaders, S3Options, SignedPut, Signing, StoredCatalogue, Vault,
    examine,
};
pub use staging::{Staged, Staging};
pub use step::Step;
pub use store::BlobStore;
