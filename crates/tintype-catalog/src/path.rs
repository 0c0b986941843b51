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

/// Whose named paths a wish may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathsOf {
    /// One owner's, and those that nobody holds.
    Owner(OwnerId),
    /// Everybody's: the wish is the operator's.
    Everybody,
}

impl PathsOf {
    /// Whether a path of this owner is among them.
    pub fn include(self, owner: OwnerId) -> bool {
        match self {
            Self::Owner(own) => own == owner,
            Self::Everybody => true,
        }
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
                refuse_taken(db, &path, image.owner, now).await?;
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

/// What somebody has at a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// Who.
    pub(crate) owner: OwnerId,
    /// The image that the path itself leads to; `None` for a redirect and an imported address.
    pub(crate) image: Option<i64>,
    /// Whether it keeps others away: all but images that are deleted or over.
    pub(crate) holds: bool,
}

/// All that stands at a path, inside the caller's transaction; what the path itself leads to comes first.
pub(crate) async fn claims(db: &mut AnyConnection, path: &str, now: UnixMillis) -> Result<Vec<Claim>> {
    let sql = "select 1 as place, paths.owner_id, paths.image_id, \
               case when images.deleted_at is null and (images.expires_at is null or images.expires_at > $2) \
               then 1 else 0 end as holds \
               from paths join images on images.sequence = paths.image_id where paths.path = $1 \
               union all select 2 as place, owner_id, cast(null as bigint) as image_id, 1 as holds \
               from path_redirects where path = $1 \
               union all select 3 as place, images.owner_id, cast(null as bigint) as image_id, \
               case when images.deleted_at is null and (images.expires_at is null or images.expires_at > $2) \
               then 1 else 0 end as holds \
               from aliases join images on images.sequence = aliases.image_id \
               where aliases.kind = 'path' and aliases.name = $1 order by place";
    let rows = sqlx::query(sql).bind(path).bind(now.0).fetch_all(db).await?;
    let claim = |row| {
        let row = Columns(row);
        Ok(Claim {
            owner: OwnerId(row.get("owner_id")?),
            image: row.get("image_id")?,
            holds: row.flag("holds")?,
        })
    };
    rows.iter().map(claim).collect()
}

/// Refuses a path that another owner holds, inside the caller's transaction. Where an image was deleted or is over, nobody does.
///
/// # Errors
/// [`Constraint::PathTaken`].
pub(crate) async fn refuse_taken(
    db: &mut AnyConnection,
    path: &str,
    owner: OwnerId,
    now: UnixMillis,
) -> Result<()> {
    match claims(db, path, now).await?.iter().any(|claim| claim.holds && claim.owner != owner) {
        true => Err(CatalogError::Conflict(Constraint::PathTaken)),
        false => Ok(()),
    }
}

/// Changes what a path answers, inside the caller's transaction, which has seen that `owner` may have it. Whatever is done to a
/// path goes through here, so that what has to follow (caches in front that hold the earlier answer) follows in the same
/// transaction.
///
/// # Errors
/// [`Constraint::PathTaken`] where somebody else came to the path meanwhile.
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

/// Leads a path to an image; a redirect makes way.
async fn lead(
    db: &mut AnyConnection,
    path: &str,
    owner: OwnerId,
    sequence: i64,
    now: UnixMillis,
) -> Result<()> {
    let claims = claims(db, path, now).await?;
    // One that led nowhere is in no cache.
    let changes = claims.iter().any(|claim| claim.image != Some(sequence));
    let before = claims.iter().find(|claim| claim.image.is_some()).map_or(owner, |claim| claim.owner);
    if claims.iter().any(|claim| claim.image.is_none()) {
        sqlx::query("delete from path_redirects where path = $1").bind(path).execute(&mut *db).await?;
    }
    if before != owner {
        // Links that lead to what somebody else had here do not lead to this.
        let sql = "delete from path_redirects where target = $1 and owner_id <> $2 returning path";
        for row in sqlx::query(sql).bind(path).bind(owner.0).fetch_all(&mut *db).await? {
            purge::queue_path(db, Columns(&row).get("path")?, now).await?;
        }
    }
    let sql = "insert into paths (path, owner_id, image_id, created_at, updated_at) values ($1, $2, $3, $4, $4) \
               on conflict (path) do update set owner_id = excluded.owner_id, image_id = excluded.image_id, \
               updated_at = excluded.updated_at \
               where paths.owner_id = excluded.owner_id or paths.owner_id = $5 returning path";
    let write = sqlx::query(sql).bind(path).bind(owner.0).bind(sequence).bind(now.0).bind(before.0);
    match written(db, write).await? {
        Some(_) if changes => purge::queue_path(db, path, now).await,
        Some(_) => Ok(()),
        None => Err(CatalogError::Conflict(Constraint::PathTaken)),
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
