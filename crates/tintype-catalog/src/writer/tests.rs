//! Groups made on purpose: a first unit holds the writer until the others wait behind it.

use tokio::{sync::oneshot, task::JoinHandle};

use crate::{Catalog, CatalogError, Constraint, Result};

struct Gate {
    catalog: Catalog,
    _folder: tempfile::TempDir,
}

impl Gate {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("tintype.db"), || "0".repeat(32)).await.unwrap();
        Self { catalog, _folder: folder }
    }

    /// Keeps the writer busy; the units that are submitted until the gate opens form the next group.
    async fn shut(&self) -> oneshot::Sender<()> {
        let (open, opened) = oneshot::channel::<()>();
        let (shut, is_shut) = oneshot::channel();
        let catalog = self.catalog.clone();
        tokio::spawn(async move {
            let hold = catalog.write(|_| {
                Box::pin(async move {
                    let _ = shut.send(());
                    let _ = opened.await;
                    Ok(())
                })
            });
            hold.await.unwrap();
        });
        is_shut.await.unwrap();
        open
    }

    /// A unit of two statements that writes `key`, then ends as `end` says.
    async fn two(&self, key: &'static str, end: Result<()>) -> JoinHandle<Result<()>> {
        let catalog = self.catalog.clone();
        let task = tokio::spawn(async move {
            let unit = catalog.write(move |db| {
                Box::pin(async move {
                    crate::meta::insert(db, key, "first").await?;
                    sqlx::query("update meta set value = 'second' where key = $1")
                        .bind(key)
                        .execute(db)
                        .await?;
                    end
                })
            });
            unit.await
        });
        tokio::task::yield_now().await;
        task
    }

    /// A unit of one statement.
    async fn one(&self, key: &'static str, value: String) -> JoinHandle<Result<()>> {
        let catalog = self.catalog.clone();
        let task = tokio::spawn(async move { catalog.put_meta(key, &value).await });
        tokio::task::yield_now().await;
        task
    }

    async fn pragma(&self, sql: &'static str) {
        // Units have no other place than a transaction; these settings are obeyed there too.
        let unit = self.catalog.write(move |db| {
            Box::pin(async move {
                sqlx::query(sql).fetch_all(db).await?;
                Ok(())
            })
        });
        // Without the right to write, the unit that takes the right away cannot end well itself.
        let _ = unit.await;
    }

    async fn has(&self, key: &str) -> bool {
        self.catalog.get_meta(key).await.unwrap().is_some()
    }
}

fn conflict() -> Result<()> {
    Err(CatalogError::Conflict(Constraint::PathTaken))
}

#[tokio::test]
async fn failing_units_take_back_their_own_writes_and_no_others() {
    let gate = Gate::new().await;
    let open = gate.shut().await;
    let before = gate.catalog.commits();
    let units = [
        (true, "a", gate.two("a", Ok(())).await),
        (false, "b", gate.two("b", conflict()).await),
        (true, "c", gate.one("c", "1".to_owned()).await),
        (false, "d", gate.two("d", conflict()).await),
        (false, "e", gate.two("e", conflict()).await),
        (true, "f", gate.two("f", Ok(())).await),
        (true, "g", gate.one("g", "1".to_owned()).await),
        (false, "h", gate.two("h", Err(CatalogError::Full)).await),
    ];
    open.send(()).unwrap();
    for (lasts, key, unit) in units {
        assert_eq!(unit.await.unwrap().is_ok(), lasts, "{key}");
        assert_eq!(gate.has(key).await, lasts, "{key}");
    }
    assert_eq!(gate.catalog.commits() - before, 2, "the gate's commit and the group's");
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_was_answered_lasts() {
    let gate = Gate::new().await;
    gate.pragma("pragma max_page_count = 60").await;
    let open = gate.shut().await;
    let units = [
        ("a", gate.two("a", Ok(())).await),
        ("b", gate.one("b", "x".repeat(1 << 20)).await),
        ("c", gate.two("c", Ok(())).await),
        ("d", gate.one("d", "1".to_owned()).await),
    ];
    open.send(()).unwrap();
    let mut full = 0;
    for (key, unit) in units {
        let answer = unit.await.unwrap();
        full += usize::from(matches!(answer, Err(CatalogError::Full)));
        assert_eq!(answer.is_ok(), gate.has(key).await, "{key}: {answer:?}");
    }
    assert!(full >= 1);
    let alone = gate.catalog.put_meta("e", &"x".repeat(1 << 20)).await;
    assert!(matches!(alone, Err(CatalogError::Full)), "{alone:?}");
    gate.catalog.put_meta("f", "1").await.unwrap();
    gate.pragma("pragma max_page_count = 1000000").await;
    gate.catalog.put_meta("e", &"x".repeat(1 << 20)).await.unwrap();
    assert_eq!(gate.catalog.integrity_check().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_written_is_said() {
    let gate = Gate::new().await;
    gate.pragma("pragma query_only = on").await;
    let answer = gate.catalog.put_meta("a", "1").await;
    assert!(matches!(answer, Err(CatalogError::ReadOnly)), "{answer:?}");
    assert!(!gate.has("a").await);
}

#[tokio::test]
async fn the_writer_has_the_settings_that_durability_rests_on() {
    let gate = Gate::new().await;
    let settings = [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")];
    for (setting, expected) in settings {
        let found = gate.catalog.write_one(move |db| {
            Box::pin(async move {
                let sql =
                    sqlx::AssertSqlSafe(format!("select cast({setting} as text) from pragma_{setting}"));
                Ok(sqlx::query_scalar::<_, String>(sql).fetch_one(db).await?)
            })
        });
        assert_eq!(found.await.unwrap(), expected, "{setting}");
    }
}
