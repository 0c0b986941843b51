//! Lists of folders, page by page. A folder is what paths have in common up to a slash; it exists as long as a file does.

use sqlx::AnyConnection;
use tintype_types::UnixMillis;

use crate::{
    Catalog,
    error::Result,
    file::{File, file_columns, select_file},
    owner::OwnerId,
    row::Columns,
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
    /// Everybody's, as the operator sees them.
    Everybody,
    /// Everybody's that are public.
    Public {
        /// Paths that are looked at for one page, public or not.
        rows_max: u32,
    },
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
    /// What to ask for as `after` for the next page; `None` where this is the last. A page of what is public ends behind as many
    /// paths as may be looked at too, with fewer entries or none: this is the last of them then, whatever it leads to.
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
        let mut from = query.after.as_deref().map_or_else(|| query.folder.clone(), behind);
        // Of what is public, others are looked at as well.
        let (batch_max, mut left) = match query.whose {
            Whose::Owner(_) | Whose::Everybody => (i64::from(query.limit) + 1, i64::MAX),
            Whose::Public { rows_max } => (i64::MAX, i64::from(rows_max.max(1))),
        };
        let mut batch = i64::from(query.limit) + 1;
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            batch = batch.min(batch_max).min(left);
            let rows = rows(&mut db, query, &from, &end, batch, now).await?;
            let is_last = (rows.len() as i64) < batch;
            left -= rows.len() as i64;
            let Some(last) = rows.last().map(|row| row.path.clone()) else {
                return Ok(FolderPage { entries, next: None });
            };
            let mut skipped = false;
            for Row { path, file } in rows {
                let folder = below(&query.folder, &path).filter(|_| !query.recursive);
                // One of many in a folder that stands in the list already.
                if folder.is_some_and(|folder| entries.last().is_some_and(|entry| entry.path() == folder)) {
                    skipped = true;
                    continue;
                }
                let Some(file) = file else { continue };
                entries.push(match folder {
                    Some(folder) => Entry::Folder(folder.to_owned()),
                    None => Entry::File(Box::new(file)),
                });
                if entries.len() > limit {
                    entries.truncate(limit);
                    let next = entries.last().map(|entry| entry.path().to_owned());
                    return Ok(FolderPage { entries, next });
                }
            }
            if is_last {
                return Ok(FolderPage { entries, next: None });
            }
            let next = match entries.last() {
                Some(Entry::Folder(folder)) if last.starts_with(folder.as_str()) => folder.clone(),
                _ => last,
            };
            if left == 0 {
                return Ok(FolderPage { entries, next: Some(next) });
            }
            from = behind(&next);
            batch = if skipped { BATCH_MIN } else { batch.saturating_mul(2) };
        }
    }
}

/// A path that was looked at.
struct Row {
    path: String,
    /// What stands there; `None` where that is not for whom the list is.
    file: Option<File>,
}

async fn rows(
    db: &mut AnyConnection,
    query: &FolderQuery,
    from: &str,
    end: &str,
    limit: i64,
    now: UnixMillis,
) -> Result<Vec<Row>> {
    let bind = |sql| sqlx::query(sql).bind(from.to_owned()).bind(end.to_owned()).bind(now.0).bind(limit);
    let found = match query.whose {
        Whose::Owner(owner) => bind(select_file!(
            "where files.path >= $1 and files.path < $2 and images.deleted_at is null \
             and (images.expires_at is null or images.expires_at > $3) and files.owner_id = $5 \
             order by files.path limit $4"
        ))
        .bind(owner.0),
        Whose::Everybody => bind(select_file!(
            "where files.path >= $1 and files.path < $2 and images.deleted_at is null \
             and (images.expires_at is null or images.expires_at > $3) order by files.path limit $4"
        )),
        // So many paths first, and then what is public among them: there may be none for long.
        Whose::Public { .. } => bind(concat!(
            "select ",
            file_columns!(),
            " from (select path, owner_id, image_id, updated_at from paths where path >= $1 and path < $2 \
             order by path limit $4) as files \
             left join images on images.sequence = files.image_id and images.deleted_at is null \
             and (images.expires_at is null or images.expires_at > $3) and images.visibility = 'public' \
             left join blobs on blobs.id = images.blob_id \
             order by files.path"
        )),
    };
    let row = |row| {
        let columns = Columns(row);
        let is_shown = columns.get::<Option<i64>>("sequence")?.is_some();
        let file = if is_shown { Some(File::from_row(row)?) } else { None };
        Ok(Row { path: columns.get("file_path")?, file })
    };
    found.fetch_all(db).await?.iter().map(row).collect()
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

/// Where a page goes on behind the last of the page before: a folder with all that is in it, or a file.
fn behind(last: &str) -> String {
    if last.ends_with('/') { past(last) } else { after(last) }
}

/// A text that is sorted behind a path and before every other: paths hold no control characters.
pub(crate) fn after(path: &str) -> String {
    format!("{path}\u{1}")
}
