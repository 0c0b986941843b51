//! Lists of folders, page by page. A folder is what paths have in common up to a slash; it exists as long as a file does.

use sqlx::AnyConnection;
use tintype_types::UnixMillis;

use crate::{
    Catalog,
    error::Result,
    file::{File, select_file},
    owner::OwnerId,
};

/// Which page of a folder's list.
#[derive(Clone, Debug)]
pub struct FolderQuery {
    /// Whose files.
    pub whose: Whose,
    /// The folder, with a slash at its end; empty for the root.
    pub folder: String,
    /// Whether files in folders below are listed too, in place of those folders.
    pub recursive: bool,
    /// Where the page before ended; `None` for the first.
    pub after: Option<String>,
    /// Most entries of a page.
    pub limit: u32,
}

/// Whose files a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One owner's.
    Owner(OwnerId),
    /// Everybody's that are public.
    Public,
}

/// What stands in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A folder below, with a slash at its end.
    Folder(String),
    /// An image.
    File(Box<File>),
}

/// A page of a folder's list, in the order of the paths' bytes.
#[derive(Clone, Debug)]
pub struct FolderPage {
    /// What stands there; deleted and expired images are left out.
    pub entries: Vec<Entry>,
    /// What to ask for as `after` for the next page; `None` where this is the last.
    pub next: Option<String>,
}

/// Rows of one question, once a folder below was met: most of what comes next may lie in that folder.
const BATCH_MIN: i64 = 16;

impl Entry {
    /// Its path.
    pub fn path(&self) -> &str {
        match self {
            Self::Folder(path) => path,
            Self::File(file) => &file.path,
        }
    }
}

impl Catalog {
    /// One page of what stands in a folder.
    ///
    /// # Errors
    /// As every question.
    pub async fn folder(&self, query: &FolderQuery, now: UnixMillis) -> Result<FolderPage> {
        let mut db = self.reader().await?;
        let limit = query.limit as usize;
        let end = past(&query.folder);
        let mut from = match query.after.as_deref() {
            Some(last) if last.ends_with('/') => past(last),
            Some(last) => after(last),
            None => query.folder.clone(),
        };
        let mut batch = i64::from(query.limit) + 1;
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let rows = rows(&mut db, query, &from, &end, batch, now).await?;
            let is_last = (rows.len() as i64) < batch;
            let mut skipped = false;
            for file in rows {
                match below(&query.folder, &file.path).filter(|_| !query.recursive) {
                    // One of many in a folder that stands in the list already.
                    Some(folder) if entries.last().is_some_and(|entry| entry.path() == folder) => {
                        skipped = true;
                    }
                    Some(folder) => entries.push(Entry::Folder(folder.to_owned())),
                    None => entries.push(Entry::File(Box::new(file))),
                }
                if entries.len() > limit {
                    entries.truncate(limit);
                    let next = entries.last().map(|entry| entry.path().to_owned());
                    return Ok(FolderPage { entries, next });
                }
            }
            let Some(last) = entries.last().filter(|_| !is_last) else {
                return Ok(FolderPage { entries, next: None });
            };
            from = match last {
                Entry::Folder(folder) => past(folder),
                Entry::File(file) => after(&file.path),
            };
            batch = if skipped { BATCH_MIN } else { (batch * 2).min(i64::from(query.limit) + 1) };
        }
    }
}

async fn rows(
    db: &mut AnyConnection,
    query: &FolderQuery,
    from: &str,
    end: &str,
    limit: i64,
    now: UnixMillis,
) -> Result<Vec<File>> {
    let bind = |sql| sqlx::query(sql).bind(from.to_owned()).bind(end.to_owned()).bind(now.0).bind(limit);
    let found = match query.whose {
        Whose::Owner(owner) => bind(select_file!(
            "where files.path >= $1 and files.path < $2 and images.deleted_at is null \
             and (images.expires_at is null or images.expires_at > $3) and files.owner_id = $5 \
             order by files.path limit $4"
        ))
        .bind(owner.0),
        Whose::Public => bind(select_file!(
            "where files.path >= $1 and files.path < $2 and images.deleted_at is null \
             and (images.expires_at is null or images.expires_at > $3) and images.visibility = 'public' \
             order by files.path limit $4"
        )),
    };
    found.fetch_all(db).await?.iter().map(File::from_row).collect()
}

/// The folder directly below `folder` in which a path lies, if it lies in one.
fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    let slash = path[folder.len()..].find('/')?;
    Some(&path[..=folder.len() + slash])
}

/// The first text that is sorted behind everything in a folder.
pub(crate) fn past(folder: &str) -> String {
    match folder.strip_suffix('/') {
        // What follows the slash in ASCII.
        Some(name) => format!("{name}0"),
        None => char::MAX.to_string(),
    }
}

/// A text that is sorted behind a path and before every other: paths hold no control characters.
pub(crate) fn after(path: &str) -> String {
    format!("{path}\u{1}")
}
