//! Reading rows: columns by name, parsed into the words of `tintype-types`.

use std::{fmt::Display, str::FromStr};

use sqlx::{
    Any, AnyConnection, Decode, Row as _, Type,
    any::{AnyArguments, AnyRow},
    query::Query,
};
use tintype_types::UnixMillis;

use crate::error::{CatalogError, Result};

/// One row, whose columns are asked for by name. What does not parse is [`CatalogError::Corrupt`], named by its column.
pub(crate) struct Columns<'r>(pub(crate) &'r AnyRow);

impl<'r> Columns<'r> {
    pub(crate) fn get<T: Decode<'r, Any> + Type<Any>>(&self, column: &'static str) -> Result<T> {
        Ok(self.0.try_get(column)?)
    }

    /// A whole number in the range of `T`.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T> {
        let number: i64 = self.get(column)?;
        T::try_from(number).map_err(|_| invalid(column, number))
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool> {
        Ok(self.get::<i64>(column)? != 0)
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<UnixMillis> {
        Ok(UnixMillis(self.get(column)?))
    }

    pub(crate) fn optional_time(&self, column: &'static str) -> Result<Option<UnixMillis>> {
        Ok(self.get::<Option<i64>>(column)?.map(UnixMillis))
    }

    pub(crate) fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T> {
        let text: &str = self.get(column)?;
        text.parse().map_err(|_| invalid(column, text))
    }

    pub(crate) fn digest(&self, column: &'static str) -> Result<[u8; 32]> {
        let bytes: &[u8] = self.get(column)?;
        bytes.try_into().map_err(|_| invalid(column, format_args!("{} bytes", bytes.len())))
    }
}

/// The error of a column that holds what the program never writes.
pub(crate) fn invalid(column: &'static str, found: impl Display) -> CatalogError {
    CatalogError::corrupt(format!("column {column} holds {found}"))
}

/// The row that a write returns, if it wrote one.
///
/// The statement is read to its end, so that what the engine has to say after the row is heard too: asked for one row, sqlx
/// leaves a statement as soon as it has that row.
pub(crate) async fn written(
    db: &mut AnyConnection,
    write: Query<'_, Any, AnyArguments>,
) -> Result<Option<AnyRow>> {
    Ok(write.fetch_all(db).await?.pop())
}

/// The number that a newly inserted row was given, from `insert … returning id`.
pub(crate) async fn inserted(db: &mut AnyConnection, write: Query<'_, Any, AnyArguments>) -> Result<i64> {
    let row = written(db, write).await?.ok_or_else(|| CatalogError::corrupt("an insert returned no row"))?;
    Columns(&row).get("id")
}
