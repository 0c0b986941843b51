//! Named paths, and aliases: the addresses that replaced systems gave out.

use sqlx::AnyConnection;
use tintype_types::{ImageId, UnixMillis};

use crate::{
    Catalog,
    error::{CatalogError, Constraint, Result},
    image::{self, Image, select_image},
    owner::OwnerId,
    purge,
    row::{Columns, invalid, written},
};

/// Under which of our addresses an alias is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AliasKind {
    /// Below `/images/`.
    Images,
    /// Below `/i/`.
    I,
    /// At the root, where named paths are.
    Path,
}

impl AliasKind {
    /// The word of the catalogue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::I => "i",
            Self::Path => "path",
        }
    }

    fn from_column(text: &str) -> Result<Self> {
        [Self::Images, Self::I, Self::Path]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| invalid("kind", text))
    }
}

impl Catalog {
    /// The image that a named path leads to, whatever its state.
    ///
    /// # Errors
    /// As every question.
    pub async fn image_at_path(&self, path: &str) -> Result<Option<Image>> {
        let sql = select_image!("where images.sequence = (select image_id from paths where paths.path = $1)");
        let row = sqlx::query(sql).bind(path).fetch_optional(&mut *self.reader().await?).await?;
        row.as_ref().map(Image::from_row).transpose()
    }

    /// The image that a named path leads to, or another path to which its owner moved it, whatever its state; and that path. All
    /// of one moment, so that a path that is being moved is never nowhere.
    ///
    /// # Errors
    /// As every question.
    pub async fn image_by_way_of(&self, path: &str) -> Result<Option<(Image, Option<String>)>> {
        let sql = concat!(
            "select (select target from path_redirects where path = $1) as moved_to, ",
            image::image_columns!(),
            " from images left join blobs on blobs.id = images.blob_id where images.sequence = (select image_id \
             from paths where paths.path = coalesce((select target from path_redirects where path = $1), $1))"
        );
        let row = sqlx::query(sql).bind(path).fetch_optional(&mut *self.reader().await?).await?;
        row.map(|row| Ok((Image::from_row(&row)?, Columns(&row).get("moved_to")?))).transpose()
    }

    /// Leads a path to an image and answers the image; `None` where there is none of that id, or it is deleted.
    ///
    /// # Errors
    /// [`Constraint::PathTaken`] where the path is another owner's; otherwise as every write.
    pub async fn put_path(&self, path: &str, id: ImageId, now: UnixMillis) -> Result<Option<Image>> {
        let path = path.to_owned();
        self.write(move |db| {
            Box::pin(async move {
                let Some(image) = image::by_id(db, id).await?.filter(|image| image.deleted_at.is_none())
                else {
                    return Ok(None);
                };
                set(db, &path, image.owner, Meaning::Image(image.sequence), now).await?;
                image::by_id(db, id).await
            })
        })
        .await
    }

    /// Where a path leads that its owner moved: another path, at which something may stand or not.
    ///
    /// # Errors
    /// As every question.
    pub async fn redirect_of(&self, path: &str) -> Result<Option<String>> {
        let query = sqlx::query("select target from path_redirects where path = $1").bind(path);
        let row = query.fetch_optional(&mut *self.reader().await?).await?;
        row.map(|row| Columns(&row).get("target")).transpose()
    }

    /// Every named path of an image, in alphabetical order.
    ///
    /// # Errors
    /// As every question.
    pub async fn paths_of(&self, id: ImageId) -> Result<Vec<String>> {
        let sql = "select paths.path from paths join images on images.sequence = paths.image_id \
                   where images.id = $1 order by paths.path";
        let rows = sqlx::query(sql).bind(id.as_str()).fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(|row| Columns(row).get("path")).collect()
    }

    /// Every path that was moved and leads to a named path of an image, in alphabetical order.
    ///
    /// # Errors
    /// As every question.
    pub async fn redirects_to(&self, id: ImageId) -> Result<Vec<String>> {
        let sql = "select path_redirects.path from path_redirects join paths on paths.path = path_redirects.target \
                   join images on images.sequence = paths.image_id where images.id = $1 order by path_redirects.path";
        let rows = sqlx::query(sql).bind(id.as_str()).fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(|row| Columns(row).get("path")).collect()
    }

    /// Every address of replaced systems that leads to an image.
    ///
    /// # Errors
    /// As every question.
    pub async fn aliases_of(&self, id: ImageId) -> Result<Vec<(AliasKind, String)>> {
        let sql = "select aliases.kind, aliases.name from aliases join images on images.sequence = aliases.image_id \
                   where images.id = $1 order by aliases.kind, aliases.name";
        let rows = sqlx::query(sql).bind(id.as_str()).fetch_all(&mut *self.reader().await?).await?;
        rows.iter()
            .map(|row| Ok((AliasKind::from_column(Columns(row).get("kind")?)?, Columns(row).get("name")?)))
            .collect()
    }

    /// The image that an address of a replaced system leads to, whatever its state. `name` is what follows the kind's prefix.
    ///
    /// # Errors
    /// As every question.
    pub async fn image_at_alias(&self, kind: AliasKind, name: &str) -> Result<Option<Image>> {
        let sql = select_image!(
            "where images.sequence = (select image_id from aliases where aliases.kind = $1 and aliases.name = $2)"
        );
        let query = sqlx::query(sql).bind(kind.as_str()).bind(name);
        let row = query.fetch_optional(&mut *self.reader().await?).await?;
        row.as_ref().map(Image::from_row).transpose()
    }

    /// Leads an address of a replaced system to an image; `false` where there is no image of that id.
    ///
    /// # Errors
    /// [`Constraint::AliasTaken`] where it leads to another image; otherwise as every write.
    pub async fn put_alias(&self, kind: AliasKind, name: &str, id: ImageId, now: UnixMillis) -> Result<bool> {
        let name = name.to_owned();
        self.write(move |db| Box::pin(put_alias(db, kind, name, id, now))).await
    }
}

/// What a path is to answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning<'a> {
    /// The image of this sequence.
    Image(i64),
    /// A redirect to this path.
    Moved(&'a str),
    /// That nothing is there. What was moved away from it, or to it, is forgotten too.
    Nothing,
}

/// Changes what a path answers, inside the caller's transaction. Whatever an owner does to a path goes through here, so that
/// what has to follow (caches in front that hold the earlier answer) follows in the same transaction.
///
/// # Errors
/// [`Constraint::PathTaken`] where the path is another owner's, or was until that owner moved it.
pub(crate) async fn set(
    db: &mut AnyConnection,
    path: &str,
    owner: OwnerId,
    meaning: Meaning<'_>,
    now: UnixMillis,
) -> Result<()> {
    match meaning {
        Meaning::Image(sequence) => lead(db, path, owner, sequence, now).await,
        Meaning::Moved(to) => {
            sqlx::query("delete from paths where path = $1").bind(path).execute(&mut *db).await?;
            // What led here leads on at once: a reader is redirected once, however often a picture was moved.
            let onward = "update path_redirects set target = $2 where target = $1 returning path";
            for row in sqlx::query(onward).bind(path).bind(to).fetch_all(&mut *db).await? {
                purge::queue_path(db, Columns(&row).get("path")?, now).await?;
            }
            let sql =
                "insert into path_redirects (path, owner_id, target, created_at) values ($1, $2, $3, $4)";
            sqlx::query(sql).bind(path).bind(owner.0).bind(to).bind(now.0).execute(&mut *db).await?;
            purge::queue_path(db, path, now).await
        }
        Meaning::Nothing => {
            sqlx::query("delete from paths where path = $1").bind(path).execute(&mut *db).await?;
            forget_redirects(db, path, now).await?;
            purge::queue_path(db, path, now).await
        }
    }
}

/// Forgets the redirect at a path and those that lead to it, inside the caller's transaction.
pub(crate) async fn forget_redirects(db: &mut AnyConnection, path: &str, now: UnixMillis) -> Result<()> {
    let sql = "delete from path_redirects where path = $1 or target = $1 returning path";
    for row in sqlx::query(sql).bind(path).fetch_all(&mut *db).await? {
        purge::queue_path(db, Columns(&row).get("path")?, now).await?;
    }
    Ok(())
}

/// Leads a path to an image; a redirect of the same owner makes way.
async fn lead(
    db: &mut AnyConnection,
    path: &str,
    owner: OwnerId,
    sequence: i64,
    now: UnixMillis,
) -> Result<()> {
    let taken = CatalogError::Conflict(Constraint::PathTaken);
    // One that led nowhere is in no cache.
    let led = "select image_id from paths where path = $1 and image_id <> $2";
    let mut changes = sqlx::query(led).bind(path).bind(sequence).fetch_optional(&mut *db).await?.is_some();
    let moved = sqlx::query("select owner_id from path_redirects where path = $1").bind(path);
    if let Some(row) = moved.fetch_optional(&mut *db).await? {
        if Columns(&row).get::<i64>("owner_id")? != owner.0 {
            return Err(taken);
        }
        sqlx::query("delete from path_redirects where path = $1").bind(path).execute(&mut *db).await?;
        changes = true;
    }
    let alias = sqlx::query(
        "select images.owner_id from aliases join images on images.sequence = aliases.image_id \
         where aliases.kind = 'path' and aliases.name = $1",
    );
    if let Some(row) = alias.bind(path).fetch_optional(&mut *db).await? {
        if Columns(&row).get::<i64>("owner_id")? != owner.0 {
            return Err(taken);
        }
        changes = true;
    }
    let sql = "insert into paths (path, owner_id, image_id, created_at, updated_at) values ($1, $2, $3, $4, $4) \
               on conflict (path) do update set image_id = excluded.image_id, updated_at = excluded.updated_at \
               where paths.owner_id = excluded.owner_id returning path";
    let write = sqlx::query(sql).bind(path).bind(owner.0).bind(sequence).bind(now.0);
    match written(db, write).await? {
        Some(_) if changes => purge::queue_path(db, path, now).await,
        Some(_) => Ok(()),
        None => Err(taken),
    }
}

async fn put_alias(
    db: &mut AnyConnection,
    kind: AliasKind,
    name: String,
    id: ImageId,
    now: UnixMillis,
) -> Result<bool> {
    let Some(image) = image::by_id(db, id).await? else { return Ok(false) };
    let sql = "insert into aliases (kind, name, image_id, created_at) values ($1, $2, $3, $4) \
               on conflict (kind, name) do update set image_id = excluded.image_id \
               where aliases.image_id = excluded.image_id returning name";
    let write = sqlx::query(sql).bind(kind.as_str()).bind(name).bind(image.sequence).bind(now.0);
    match written(db, write).await? {
        Some(_) => Ok(true),
        None => Err(CatalogError::Conflict(Constraint::AliasTaken)),
    }
}
