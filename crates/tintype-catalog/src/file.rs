//! Images at named paths, one by one: what stands there, removing it, moving it or the folder it is in.

use sqlx::{AnyConnection, any::AnyRow};
use tintype_types::{ContentHash, ImageId, UnixMillis};

use crate::{
    Catalog,
    error::{CatalogError, Constraint, Result},
    folder,
    image::Image,
    owner::OwnerId,
    path::{self, Meaning, PathsOf},
    purge,
    row::Columns,
    trash,
};

/// An image at a named path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The path, without a slash at its beginning.
    pub path: String,
    /// Whose path it is.
    pub owner: OwnerId,
    /// When the path was led to this image.
    pub updated_at: UnixMillis,
    /// The image.
    pub image: Image,
}

/// What has to stand at a path for a write to be done (RFC 9110, 13.1). Nothing has to, by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathCondition {
    /// One of these has to stand there.
    pub matches: Option<Tags>,
    /// None of these may stand there.
    pub differs: Option<Tags>,
}

/// Which files a condition speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tags {
    /// Any file.
    Any,
    /// Files whose published SHA-256 in hex begins with one of these.
    Of(Vec<String>),
}

/// What became of the wish to remove a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// No other path led to the image: it was deleted, and keeps the path for the case that it is restored.
    Image(ImageId),
    /// The path is free. The image lives on at its other paths; or there was a redirect, and no image.
    Path,
    /// There was nothing.
    Nothing,
}

/// What became of the wish to move a file or a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// So many files stand at their new paths, and their old ones redirect there.
    Yes(usize),
    /// There was nothing to move.
    Nothing,
    /// More files than may be moved at once. Nothing was moved.
    TooMany,
    /// A new path belongs to another owner. Nothing was moved.
    Taken(String),
    /// An image stands at a new path that might be replaced. Nothing was moved.
    Occupied(String),
}

/// Everything of a file, where its row of `paths` is called `files`.
macro_rules! file_columns {
    () => {
        concat!(
            "files.path as file_path, files.owner_id as file_owner, files.updated_at as file_updated_at, ",
            $crate::image::image_columns!()
        )
    };
}
pub(crate) use file_columns;

/// Everything of a file in one statement.
macro_rules! select_file {
    ($($rest:literal),+ $(,)?) => {
        concat!(
            "select ",
            $crate::file::file_columns!(),
            " from paths as files join images on images.sequence = files.image_id \
             left join blobs on blobs.id = images.blob_id ",
            $($rest),+
        )
    };
}
pub(crate) use select_file;

impl File {
    pub(crate) fn from_row(row: &AnyRow) -> Result<Self> {
        let columns = Columns(row);
        Ok(Self {
            path: columns.get("file_path")?,
            owner: OwnerId(columns.get("file_owner")?),
            updated_at: columns.time("file_updated_at")?,
            image: Image::from_row(row)?,
        })
    }

    /// Whether readers get it at `now`.
    fn is_live(&self, now: UnixMillis) -> bool {
        self.image.deleted_at.is_none() && self.image.expires_at.is_none_or(|end| end > now)
    }
}

impl PathCondition {
    /// Whether it is met where a file with this published hash stands, or none.
    pub fn is_met(&self, current: Option<ContentHash>) -> bool {
        let among = |tags: &Tags| match (tags, current) {
            (_, None) => false,
            (Tags::Any, Some(_)) => true,
            (Tags::Of(beginnings), Some(hash)) => {
                let hash = hash.to_hex();
                beginnings.iter().any(|beginning| hash.starts_with(beginning.as_str()))
            }
        };
        self.matches.as_ref().is_none_or(among) && !self.differs.as_ref().is_some_and(among)
    }
}

impl Catalog {
    /// What stands at a named path, whatever the image's state.
    ///
    /// # Errors
    /// As every question.
    pub async fn file(&self, path: &str) -> Result<Option<File>> {
        at(&mut *self.reader().await?, path).await
    }

    /// Asks before the bytes come, of somebody who may use the paths of `whose`, whether a condition is met; publishing asks again.
    ///
    /// # Errors
    /// [`Constraint::PathTaken`] where the path is another owner's, [`Constraint::PathChanged`] where the condition is not met;
    /// otherwise as every question.
    pub async fn expect_at_path(
        &self,
        path: &str,
        whose: PathsOf,
        condition: &PathCondition,
        now: UnixMillis,
    ) -> Result<()> {
        expect(&mut *self.reader().await?, path, whose, condition, now).await
    }

    /// Removes what stands at a path that is among `whose`: the image, where no other path leads to it, so that it can be restored; else the
    /// path alone; or the redirect that a move left.
    ///
    /// # Errors
    /// [`Constraint::PathChanged`] where the condition is not met; otherwise as every write.
    pub async fn remove_file(
        &self,
        path: &str,
        whose: PathsOf,
        condition: PathCondition,
        now: UnixMillis,
    ) -> Result<Removed> {
        let path = path.to_owned();
        self.write(move |db| Box::pin(remove(db, path, whose, condition, now))).await
    }

    /// Moves what stands at the path `from` to the path `to`, or where both end in a slash all files below the folder
    /// `from` to the folder `to`, as far as they are among `whose`; neither folder may lie in the other. The old paths redirect
    /// to the new ones, and so does whatever redirected to them. Deleted images stay where they are. What is moved keeps its
    /// owner, who has the new path from then on. An image at a new path is replaced where `overwrite`.
    ///
    /// # Errors
    /// [`Constraint::PathChanged`] where the condition is not met; otherwise as every write.
    pub async fn move_files(&self, wish: MoveWish, now: UnixMillis) -> Result<Moved> {
        self.write(move |db| Box::pin(move_all(db, wish, now))).await
    }
}

/// What is to be moved.
#[derive(Clone, Debug)]
pub struct MoveWish {
    /// Whose files, and whose may be replaced.
    pub whose: PathsOf,
    /// A path, or a folder with a slash at its end.
    pub from: String,
    /// The same.
    pub to: String,
    /// Whether images at new paths are replaced.
    pub overwrite: bool,
    /// Most files at once.
    pub max: u32,
    /// What has to stand at `from`. A folder has no tag, and is no file that is known by one.
    pub condition: PathCondition,
}

async fn at(db: &mut AnyConnection, path: &str) -> Result<Option<File>> {
    let row = sqlx::query(select_file!("where files.path = $1")).bind(path).fetch_optional(db).await?;
    row.as_ref().map(File::from_row).transpose()
}

/// Refuses where another file stands at a path than expected, inside the caller's transaction. What stands at a path that is not
/// among `whose` is nothing that a condition may be asked of.
pub(crate) async fn expect(
    db: &mut AnyConnection,
    path: &str,
    whose: PathsOf,
    condition: &PathCondition,
    now: UnixMillis,
) -> Result<()> {
    if *condition == PathCondition::default() {
        return Ok(());
    }
    if let PathsOf::Owner(owner) = whose {
        path::refuse_taken(db, path, owner, now).await?;
    }
    let current = at(db, path).await?.filter(|file| file.is_live(now));
    let hash = current.and_then(|file| file.image.blob).map(|blob| blob.hash);
    if condition.is_met(hash) { Ok(()) } else { Err(CatalogError::Conflict(Constraint::PathChanged)) }
}

async fn remove(
    db: &mut AnyConnection,
    path: String,
    whose: PathsOf,
    condition: PathCondition,
    now: UnixMillis,
) -> Result<Removed> {
    let Some(file) = at(db, &path).await?.filter(|file| whose.include(file.owner)) else {
        let sql = "select owner_id from path_redirects where path = $1";
        let row = sqlx::query(sql).bind(&path).fetch_optional(&mut *db).await?;
        let owner = row.map(|row| Columns(&row).get("owner_id")).transpose()?.map(OwnerId);
        if !owner.is_some_and(|owner| whose.include(owner)) {
            return Ok(Removed::Nothing);
        }
        // A redirect is no file.
        if !condition.is_met(None) {
            return Err(CatalogError::Conflict(Constraint::PathChanged));
        }
        sqlx::query("delete from path_redirects where path = $1").bind(&path).execute(&mut *db).await?;
        purge::queue_path(db, &path, now).await?;
        return Ok(Removed::Path);
    };
    if file.image.deleted_at.is_some() {
        return Ok(Removed::Nothing);
    }
    expect(db, &path, whose, &condition, now).await?;
    let sql = "select count(*) as paths from paths where image_id = $1";
    let row = sqlx::query(sql).bind(file.image.sequence).fetch_one(&mut *db).await?;
    if Columns(&row).get::<i64>("paths")? > 1 {
        path::set(db, &path, file.owner, Meaning::Nothing, now).await?;
        return Ok(Removed::Path);
    }
    trash::trash(db, file.image.id, now).await?;
    Ok(Removed::Image(file.image.id))
}

async fn move_all(db: &mut AnyConnection, wish: MoveWish, now: UnixMillis) -> Result<Moved> {
    let found = to_move(db, &wish, now).await?;
    if found.is_empty() {
        return Ok(Moved::Nothing);
    }
    if found.len() > wish.max as usize {
        return Ok(Moved::TooMany);
    }
    if !wish.from.ends_with('/') {
        expect(db, &wish.from, wish.whose, &wish.condition, now).await?;
    } else if wish.condition.differs.is_some() || matches!(wish.condition.matches, Some(Tags::Of(_))) {
        return Err(CatalogError::Conflict(Constraint::PathChanged));
    }
    let new_path = |path: &str| format!("{}{}", wish.to, path.strip_prefix(&wish.from).unwrap_or_default());
    // All of them are looked at before any is moved: a unit of work that answers has been done.
    for found in &found {
        let to = new_path(&found.path);
        for claim in path::claims(db, &to, now).await?.into_iter().filter(|claim| claim.holds) {
            if !wish.whose.include(claim.owner) {
                return Ok(Moved::Taken(to));
            }
            if claim.image.is_some() && !wish.overwrite {
                return Ok(Moved::Occupied(to));
            }
        }
    }
    for Found { path, owner, sequence } in &found {
        let to = new_path(path);
        path::set(db, path, *owner, Meaning::Moved(&to), now).await?;
        path::set(db, &to, *owner, Meaning::Image(*sequence), now).await?;
    }
    Ok(Moved::Yes(found.len()))
}

/// A path that is to be moved, whose it is and to which image it leads.
struct Found {
    path: String,
    owner: OwnerId,
    sequence: i64,
}

/// What a wish speaks of; one more than may be moved, to see that there are too many.
async fn to_move(db: &mut AnyConnection, wish: &MoveWish, now: UnixMillis) -> Result<Vec<Found>> {
    let (first, end) = if wish.from.ends_with('/') {
        (wish.from.clone(), folder::past(&wish.from))
    } else {
        (wish.from.clone(), folder::after(&wish.from))
    };
    /// Statement and values, but for whose files they are.
    macro_rules! select_found {
        ($whose:literal) => {
            concat!(
                "select paths.path, paths.owner_id, paths.image_id \
                 from paths join images on images.sequence = paths.image_id \
                 where paths.path >= $1 and paths.path < $2 and images.deleted_at is null \
                 and (images.expires_at is null or images.expires_at > $3)",
                $whose,
                " order by paths.path limit $4"
            )
        };
    }
    let bind = |sql| sqlx::query(sql).bind(first).bind(end).bind(now.0).bind(i64::from(wish.max) + 1);
    let query = match wish.whose {
        PathsOf::Owner(owner) => bind(select_found!(" and paths.owner_id = $5")).bind(owner.0),
        PathsOf::Everybody => bind(select_found!("")),
    };
    let found = |row| {
        let row = Columns(row);
        Ok(Found {
            path: row.get("path")?,
            owner: OwnerId(row.get("owner_id")?),
            sequence: row.get("image_id")?,
        })
    };
    query.fetch_all(db).await?.iter().map(found).collect()
}
