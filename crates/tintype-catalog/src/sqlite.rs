//! The SQLite engine: how a file is opened, and which settings it must have.

use std::{fmt::Write as _, path::Path, time::Duration};

use sqlx::{
    AnyConnection, AnyPool, ConnectOptions as _, Executor as _,
    any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers},
};

use crate::{
    dialect,
    error::{CatalogError, Result},
    private,
    row::Columns,
};

/// Older releases can corrupt a file that two connections checkpoint at once (the "WAL-reset" bug of 3.7.0 to 3.51.2).
const VERSION_NEEDED: &str = "3.51.3";

/// Marks the file as ours (`file` and `sqlite3` show it): "TINT" in ASCII.
pub(crate) const APPLICATION_ID: i64 = 0x5449_4e54;

/// Connections that only read. Each is a thread and a page cache, opened when first needed.
const READERS_MAX: u32 = 4;
/// A reader that nobody needed for this long is closed, to give its memory back.
const READER_IDLE: Duration = Duration::from_secs(60);
/// How long a question waits for a reader.
const READER_WAIT: Duration = Duration::from_secs(10);

/// How often and how far apart the change to WAL is tried while another process creates the same file: SQLite answers "busy"
/// there without waiting.
const WAL_TRIES: u32 = 100;
const WAL_PAUSE: Duration = Duration::from_millis(50);

/// Opens the connection that writes, making the file where there is none, with every setting that durability rests on.
///
/// What is not a catalogue, and what a newer release wrote, is refused before anything in it changes.
pub(crate) async fn connect_writer(path: &Path, schema_known: i64) -> Result<AnyConnection> {
    private::create(path);
    let mut db = options(path, "rwc")?.connect().await?;
    check_version(&mut db).await?;
    check_is_ours(&mut db, path).await?;
    let found = user_version(&mut db).await?;
    if found > schema_known {
        return Err(CatalogError::TooNew { found, known: schema_known });
    }
    private::tighten(path);
    set_wal(&mut db).await?;
    // Zeroed as they are freed, erased titles and names leave the pages that are written anyway.
    db.execute(sqlx::raw_sql(
        "pragma synchronous = full; pragma foreign_keys = on; pragma busy_timeout = 5000; pragma mmap_size = 0; \
         pragma cache_size = -4096; pragma journal_size_limit = 16777216; pragma secure_delete = fast;",
    ))
    .await?;
    for (setting, question, needed) in
        [("synchronous", "pragma synchronous", "2"), ("foreign_keys", "pragma foreign_keys", "1")]
    {
        let found = number(&mut db, question, setting).await?.to_string();
        if found != needed {
            return Err(CatalogError::Unsafe { setting, found, needed });
        }
    }
    // By this file the laboratory asks to see data lost. A program that is built to be run does not look for it.
    #[cfg(feature = "testing")]
    if path.with_file_name("lab-without-syncs").exists() {
        db.execute(sqlx::raw_sql("pragma synchronous = off;")).await?;
    }
    Ok(db)
}

/// Prepares the connections that read; none is opened yet.
pub(crate) fn readers(path: &Path) -> Result<AnyPool> {
    let pool = AnyPoolOptions::new()
        .max_connections(READERS_MAX)
        .min_connections(0)
        .idle_timeout(READER_IDLE)
        .max_lifetime(None)
        .acquire_timeout(READER_WAIT)
        // A file does not go away between two questions: asking whether the connection lives would double the work.
        .test_before_acquire(false)
        .after_connect(|db, _| {
            Box::pin(async move {
                db.execute(sqlx::raw_sql(
                    "pragma query_only = on; pragma busy_timeout = 5000; pragma mmap_size = 0; pragma cache_size = -1024;",
                ))
                .await?;
                Ok(())
            })
        })
        .connect_lazy_with(options(path, "rw")?);
    Ok(pool)
}

/// The schema's number; 0 for a file that was just made.
pub(crate) async fn user_version(db: &mut AnyConnection) -> Result<i64> {
    number(db, "pragma user_version", "user_version").await
}

/// Moves what the log holds into the file and empties the log, so that the file alone is the catalogue.
pub(crate) async fn checkpoint(db: &mut AnyConnection) -> Result<()> {
    sqlx::query("pragma wal_checkpoint(truncate)").fetch_all(db).await?;
    Ok(())
}

fn options(path: &Path, mode: &str) -> Result<AnyConnectOptions> {
    install_default_drivers();
    let path = std::path::absolute(path).map_err(CatalogError::unavailable)?;
    let mut url = String::from("sqlite:");
    // Every byte but plain ones is escaped, the separators too: an opaque address is taken as it is, without resolving `..`.
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'.' => url.push(char::from(*byte)),
            _ => write!(url, "%{byte:02X}").expect("writing to a String does not fail"),
        }
    }
    write!(url, "?mode={mode}").expect("writing to a String does not fail");
    let options: AnyConnectOptions = url.parse()?;
    Ok(options.disable_statement_logging())
}

async fn check_version(db: &mut AnyConnection) -> Result<()> {
    let row = sqlx::query("select sqlite_version() as version").fetch_one(db).await?;
    let found: String = Columns(&row).get("version")?;
    if triple(&found) < triple(VERSION_NEEDED) {
        return Err(CatalogError::Outdated { found, needed: VERSION_NEEDED });
    }
    Ok(())
}

fn triple(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

/// Refuses a database of another program. Tables first, mark second: a file that another process is just making gets both at
/// once, so one with tables has its mark.
async fn check_is_ours(db: &mut AnyConnection, path: &Path) -> Result<()> {
    let tables = number(db, "select count(*) as tables from sqlite_schema", "tables").await?;
    if tables > 0 && number(db, "pragma application_id", "application_id").await? != APPLICATION_ID {
        return Err(CatalogError::corrupt(format!("{} is a database of another program", path.display())));
    }
    Ok(())
}

async fn set_wal(db: &mut AnyConnection) -> Result<()> {
    for _ in 1..WAL_TRIES {
        match sqlx::query("pragma journal_mode = wal").fetch_one(&mut *db).await {
            Ok(row) => {
                let found: String = Columns(&row).get("journal_mode")?;
                if found == "wal" {
                    return Ok(());
                }
                return Err(CatalogError::Unsafe { setting: "journal_mode", found, needed: "wal" });
            }
            Err(error) if dialect::is_busy(&error) => tokio::time::sleep(WAL_PAUSE).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(CatalogError::unavailable("another process keeps the catalogue locked"))
}

async fn number(db: &mut AnyConnection, question: &'static str, column: &'static str) -> Result<i64> {
    let row = sqlx::query(question).fetch_one(db).await?;
    Columns(&row).get(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(triple("3.51.3") >= triple(VERSION_NEEDED));
        assert!(triple("3.100.0") > triple(VERSION_NEEDED));
        assert!(triple("3.51.2") < triple(VERSION_NEEDED));
        assert!(triple("3.9.9") < triple(VERSION_NEEDED));
    }
}
