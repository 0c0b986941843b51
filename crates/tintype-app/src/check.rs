//! Comparing the catalogue with the store, in both directions.
//!
//! A check changes nothing. A repair moves files that nothing names into `quarantine/` and marks rows whose bytes are
//! missing or wrong, so that the same bytes uploaded again are stored anew; it deletes nothing.

use std::{collections::HashSet, path::PathBuf};

use tintype_blob::{BlobError, BlobStore, Entry};
use tintype_catalog::{BlobState, Catalog};
use tintype_types::{BlobKey, UnixMillis};

use crate::Trouble;

/// Rows read at a time.
const PAGE: u32 = 500;

/// How to check.
#[derive(Clone, Copy, Debug)]
pub struct CheckOptions {
    /// Whether every blob is read and hashed, or only looked for and measured.
    pub rehash: bool,
    /// Age in seconds below which a file without a row is an upload that may still be under way.
    pub grace: i64,
    /// The time.
    pub now: UnixMillis,
}

/// One difference between catalogue and store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The catalogue itself is damaged.
    Catalogue(String),
    /// A row whose file is not there.
    Missing(BlobKey),
    /// A file whose length is not the row's.
    WrongSize {
        /// The blob.
        key: BlobKey,
        /// What the row says.
        expected: u64,
        /// What the file has.
        actual: u64,
    },
    /// A file whose bytes are not those that were stored.
    WrongHash(BlobKey),
    /// A file that could not be read.
    Unreadable(BlobKey, String),
    /// A file that no row names.
    Unreferenced(BlobKey),
    /// A file that is none of ours.
    Stray(PathBuf),
}

impl Finding {
    /// A word for the kind of finding, stable for scripts.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Catalogue(_) => "catalogue_damaged",
            Self::Missing(_) => "missing",
            Self::WrongSize { .. } => "wrong_size",
            Self::WrongHash(_) => "wrong_hash",
            Self::Unreadable(..) => "unreadable",
            Self::Unreferenced(_) => "unreferenced",
            Self::Stray(_) => "stray",
        }
    }

    /// What the finding is about.
    pub fn subject(&self) -> String {
        match self {
            Self::Catalogue(detail) => detail.clone(),
            Self::Missing(key) | Self::WrongHash(key) | Self::Unreferenced(key) => key.to_string(),
            Self::WrongSize { key, expected, actual } => format!("{key}: {actual} bytes, not {expected}"),
            Self::Unreadable(key, error) => format!("{key}: {error}"),
            Self::Stray(path) => path.display().to_string(),
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Rows and files compared.
    pub blobs: u64,
    /// Bytes read and hashed.
    pub bytes_hashed: u64,
    /// Files without a row that are younger than the grace period: uploads that may be under way.
    pub pending: u64,
    /// Differences.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether catalogue and store agree.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Compares catalogue and store. `progress` hears the number of blobs done after each page.
///
/// # Errors
/// Where the catalogue or the folder cannot be read at all; what is wrong with single files is a finding.
pub async fn check(
    catalog: &Catalog,
    blobs: &BlobStore,
    options: CheckOptions,
    mut progress: impl FnMut(u64),
) -> Result<Report, Trouble> {
    let mut report = Report::default();
    report.findings.extend(catalog.integrity_check().await?.into_iter().map(Finding::Catalogue));
    // Files before rows: a row written meanwhile has its file, and a file seen first has its row by the time it is asked for.
    files_without_rows(catalog, blobs, options, &mut report).await?;
    let mut after = None;
    loop {
        let page = catalog.blobs_after(after, PAGE).await?;
        for row in
            page.iter().filter(|row| row.state != BlobState::Deleting && row.state != BlobState::Damaged)
        {
            report.blobs += 1;
            if let Some(finding) = examine(blobs, row.key, row.bytes, options.rehash, &mut report).await {
                // A delete may have passed between the row and its file.
                if catalog.blob_by_key(row.key).await?.is_some_and(|now| now.state == row.state) {
                    report.findings.push(finding);
                }
            }
        }
        progress(report.blobs);
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = Some(last.key),
            _ => return Ok(report),
        }
    }
}

async fn examine(
    blobs: &BlobStore,
    key: BlobKey,
    bytes: u64,
    rehash: bool,
    report: &mut Report,
) -> Option<Finding> {
    let actual = match blobs.blob_len(key).await {
        Ok(len) => len,
        Err(BlobError::NotFound) => return Some(Finding::Missing(key)),
        Err(error) => return Some(Finding::Unreadable(key, error.to_string())),
    };
    if actual != bytes {
        return Some(Finding::WrongSize { key, expected: bytes, actual });
    }
    if !rehash {
        return None;
    }
    match blobs.hash(key).await {
        Ok((hash, len)) => {
            report.bytes_hashed += len;
            (hash != key.hash).then_some(Finding::WrongHash(key))
        }
        Err(BlobError::NotFound) => Some(Finding::Missing(key)),
        Err(error) => Some(Finding::Unreadable(key, error.to_string())),
    }
}

async fn files_without_rows(
    catalog: &Catalog,
    blobs: &BlobStore,
    options: CheckOptions,
    report: &mut Report,
) -> Result<(), Trouble> {
    let intents: HashSet<BlobKey> = catalog.intents().await?.into_iter().map(|intent| intent.key).collect();
    let mut entries = blobs.list();
    while let Some(item) = entries.next().await {
        let item = item?;
        let young = options.now.0 - item.modified.0 < options.grace * 1000;
        match item.entry {
            Entry::Stray(path) => report.findings.push(Finding::Stray(path)),
            Entry::Blob(key) if catalog.blob_by_key(key).await?.is_some() => {}
            Entry::Blob(key) if young || intents.contains(&key) => {
                tracing::debug!(%key, "no row yet");
                report.pending += 1;
            }
            Entry::Blob(key) => report.findings.push(Finding::Unreferenced(key)),
        }
    }
    Ok(())
}

/// What a repair may touch.
#[derive(Clone, Copy, Debug)]
pub struct RepairOptions {
    /// Repairs more findings than the share allows; must equal their number.
    pub force_count: Option<usize>,
    /// Day that names the quarantine folder, such as `2026-11-21`.
    pub day: [u8; 10],
}

/// Why nothing was repaired.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// More findings than a repair takes on by itself: the store or the catalogue may be the wrong one.
    #[error(
        "{found} findings are more than 1 % of {blobs} blobs or more than 1000; if this store and this catalogue belong together, repeat with --force-count {found}"
    )]
    TooMany {
        /// Findings.
        found: usize,
        /// Blobs compared.
        blobs: u64,
    },
    /// The server's own trouble.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Findings that may always be repaired, however small the store.
const REPAIR_FREE: usize = 10;
/// Findings above which a repair needs to be told their number.
const REPAIR_MAX: usize = 1_000;

/// Mends what is safe to mend and gives the number of findings mended.
///
/// # Errors
/// [`RepairError::TooMany`] before anything is touched; trouble on the way, with what was done staying done.
pub async fn repair(
    catalog: &Catalog,
    blobs: &BlobStore,
    report: &Report,
    options: RepairOptions,
    now: UnixMillis,
) -> Result<usize, RepairError> {
    let found = report.findings.len();
    let share = usize::try_from(report.blobs / 100).unwrap_or(usize::MAX).clamp(REPAIR_FREE, REPAIR_MAX);
    if found > share && options.force_count != Some(found) {
        return Err(RepairError::TooMany { found, blobs: report.blobs });
    }
    let day = std::str::from_utf8(&options.day).unwrap_or("unknown");
    let mut mended = 0;
    for finding in &report.findings {
        match finding {
            Finding::Catalogue(_) => continue,
            Finding::Missing(key)
            | Finding::WrongSize { key, .. }
            | Finding::WrongHash(key)
            | Finding::Unreadable(key, _) => {
                catalog.mark_damaged(*key, now).await.map_err(Trouble::from)?;
            }
            Finding::Unreferenced(key) => {
                blobs.quarantine(&Entry::Blob(*key), day).await.map_err(Trouble::from)?;
            }
            Finding::Stray(path) => {
                blobs.quarantine(&Entry::Stray(path.clone()), day).await.map_err(Trouble::from)?;
            }
        }
        mended += 1;
    }
    Ok(mended)
}
