//! Lists of an owner's images, page by page.

use std::{fmt, str::FromStr};

use sqlx::AnyConnection;
use tintype_types::UnixMillis;

use crate::{
    Catalog,
    error::Result,
    image::{Image, select_image},
    owner::OwnerId,
    row::Columns,
};

/// Which page of a list.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// Most images of a page.
    pub limit: u32,
    /// Where the page before ended; `None` for the first.
    pub after: Option<Cursor>,
    /// Which end of the list comes first.
    pub order: Order,
    /// Only images of this label.
    pub label: Option<String>,
}

/// Which images of a list come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Those that came last.
    #[default]
    Newest,
    /// Those that came first.
    Oldest,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The images.
    pub images: Vec<Image>,
    /// Where the next page begins; `None` where this is the last.
    pub next: Option<Cursor>,
    /// How many images the whole list has.
    pub total: i64,
}

/// A place in a list: that of one image, by when it came. Images that come or go elsewhere do not move it, so no image is
/// shown twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) created_at: i64,
    pub(crate) sequence: i64,
}

/// The text is not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: send next_cursor of the page before as it is, or leave it out for the first page")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.created_at, self.sequence)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (created_at, sequence) = text.split_once('-').ok_or(InvalidCursor)?;
        let number = |text: &str| {
            // `from_str_radix` takes signs, which no cursor has.
            let plain =
                !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if plain { i64::from_str_radix(text, 16).ok() } else { None }
        };
        match (number(created_at), number(sequence)) {
            (Some(created_at), Some(sequence)) => Ok(Self { created_at, sequence }),
            _ => Err(InvalidCursor),
        }
    }
}

impl Catalog {
    /// One page of an owner's images; deleted and expired ones are left out.
    ///
    /// # Errors
    /// As every question.
    pub async fn images_of(&self, owner: OwnerId, query: ListQuery, now: UnixMillis) -> Result<Page> {
        let mut db = self.reader().await?;
        let total = match &query.label {
            Some(label) => count_labelled(&mut db, owner, label, now).await?,
            None => count(&mut db, owner, now).await?,
        };
        let mut images = page(&mut db, owner, &query, now).await?;
        let limit = query.limit as usize;
        let next =
            if images.len() > limit { images.get(limit.saturating_sub(1)).map(Cursor::of) } else { None };
        images.truncate(limit);
        Ok(Page { images, next, total })
    }
}

impl Catalog {
    /// The newest images of everybody, deleted ones too.
    ///
    /// # Errors
    /// As every question.
    pub async fn newest_images(&self, limit: u32) -> Result<Vec<Image>> {
        let sql = select_image!("order by images.sequence desc limit $1");
        let rows = sqlx::query(sql).bind(i64::from(limit)).fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(Image::from_row).collect()
    }

    /// Everybody's images that are not private, newest first.
    ///
    /// # Errors
    /// As every question.
    pub async fn shared_images(&self, limit: u32, now: UnixMillis) -> Result<Vec<Image>> {
        let sql = select_image!(
            "where images.deleted_at is null and images.visibility <> 'private' \
             and (images.expires_at is null or images.expires_at > $1) order by images.sequence desc limit $2"
        );
        let query = sqlx::query(sql).bind(now.0).bind(i64::from(limit));
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(Image::from_row).collect()
    }
}

impl Cursor {
    fn of(image: &Image) -> Self {
        Self { created_at: image.created_at.0, sequence: image.sequence }
    }
}

/// What a page asks for: images beyond a place, in the order that the index holds them.
macro_rules! select_page {
    ($beyond:literal, $direction:literal, $also:literal) => {
        select_image!(
            "where images.owner_id = $1 and images.deleted_at is null and (images.created_at, images.sequence) ",
            $beyond,
            " ($2, $3) and (images.expires_at is null or images.expires_at > $4) ",
            $also,
            " order by images.created_at ",
            $direction,
            ", images.sequence ",
            $direction,
            " limit $5"
        )
    };
}

/// One image more than the limit, to see whether another page follows.
async fn page(
    db: &mut AnyConnection,
    owner: OwnerId,
    query: &ListQuery,
    now: UnixMillis,
) -> Result<Vec<Image>> {
    let end = match query.order {
        Order::Newest => i64::MAX,
        Order::Oldest => i64::MIN,
    };
    let after = query.after.unwrap_or(Cursor { created_at: end, sequence: end });
    let sql = match (query.order, query.label.is_some()) {
        (Order::Newest, false) => select_page!("<", "desc", ""),
        (Order::Newest, true) => select_page!("<", "desc", "and images.label = $6"),
        (Order::Oldest, false) => select_page!(">", "asc", ""),
        (Order::Oldest, true) => select_page!(">", "asc", "and images.label = $6"),
    };
    let mut question = sqlx::query(sql)
        .bind(owner.0)
        .bind(after.created_at)
        .bind(after.sequence)
        .bind(now.0)
        .bind(i64::from(query.limit) + 1);
    if let Some(label) = &query.label {
        question = question.bind(label.as_str());
    }
    let rows = question.fetch_all(db).await?;
    rows.iter().map(Image::from_row).collect()
}

/// The owner's counter, less what has expired and waits for the sweep.
async fn count(db: &mut AnyConnection, owner: OwnerId, now: UnixMillis) -> Result<i64> {
    let sql = "select owners.images - (select count(*) from images where images.owner_id = owners.id \
               and images.deleted_at is null and images.expires_at is not null and images.expires_at <= $2) as total \
               from owners where owners.id = $1";
    let row = sqlx::query(sql).bind(owner.0).bind(now.0).fetch_optional(db).await?;
    row.map_or(Ok(0), |row| Columns(&row).get("total"))
}

async fn count_labelled(db: &mut AnyConnection, owner: OwnerId, label: &str, now: UnixMillis) -> Result<i64> {
    let sql = "select count(*) as total from images where owner_id = $1 and label = $2 and deleted_at is null \
               and (expires_at is null or expires_at > $3)";
    let row = sqlx::query(sql).bind(owner.0).bind(label).bind(now.0).fetch_one(db).await?;
    Columns(&row).get("total")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        let cursor = Cursor { created_at: 1_795_000_000_123, sequence: 42 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in
            ["", "-", "1", "1-", "-1", "+1-2", "1-+2", "1-2-3", "g-1", "A-1", "ffffffffffffffff-1", "1-2 "]
        {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text}");
        }
    }
}
