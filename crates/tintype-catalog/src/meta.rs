//! Single values about the catalogue as a whole.

use sqlx::AnyConnection;

use crate::{
    Catalog,
    error::{CatalogError, Constraint, Result},
    row::Columns,
};

/// The key of the store's identity, which never changes.
pub(crate) const IDENTITY: &str = "store_identity";

impl Catalog {
    /// The value of a key.
    ///
    /// # Errors
    /// As every question.
    pub async fn get_meta(&self, key: &str) -> Result<Option<String>> {
        get(&mut *self.reader().await?, key).await
    }

    /// Sets a key, new or known.
    ///
    /// # Errors
    /// [`Constraint::IdentityFixed`] for `store_identity`; otherwise as every write.
    pub async fn put_meta(&self, key: &str, value: &str) -> Result<()> {
        if key == IDENTITY {
            return Err(CatalogError::Conflict(Constraint::IdentityFixed));
        }
        let (key, value) = (key.to_owned(), value.to_owned());
        self.write_one(|db| {
            Box::pin(async move {
                let sql = "insert into meta (key, value) values ($1, $2) \
                           on conflict (key) do update set value = excluded.value";
                sqlx::query(sql).bind(key).bind(value).execute(db).await?;
                Ok(())
            })
        })
        .await
    }
}

pub(crate) async fn get(db: &mut AnyConnection, key: &str) -> Result<Option<String>> {
    let row = sqlx::query("select value from meta where key = $1").bind(key).fetch_optional(db).await?;
    row.map(|row| Columns(&row).get("value")).transpose()
}

pub(crate) async fn insert(db: &mut AnyConnection, key: &str, value: &str) -> Result<()> {
    sqlx::query("insert into meta (key, value) values ($1, $2)").bind(key).bind(value).execute(db).await?;
    Ok(())
}
