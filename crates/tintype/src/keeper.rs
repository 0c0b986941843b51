//! The catalogue's backup in a bucket, kept up by the server itself: for machines whose disk does not outlast them.
//!
//! One server at a time writes there. Who that is stands in a note of its own (`tintype.holder`). A platform starts the next
//! server before it stops the one that runs: the next one writes its name into the note, the one that runs sees that within
//! [`LOOK`], refuses writes from then on, stores the catalogue for the last time and says so (`tintype.released`); only then
//! does the next one take the catalogue from there. So nothing that was acknowledged is lost on the way. A server that ends
//! without a word is waited for in vain ([`PATIENCE`]); then what was acknowledged after its last backup is lost.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use tintype_blob::{S3Options, Vault};
use tintype_catalog::Catalog;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{backup, data};

/// How often a server looks whether another one has taken over.
const LOOK: Duration = Duration::from_secs(3);
/// How long the next server waits for the one before it.
const PATIENCE: Duration = Duration::from_secs(15);
/// Where a data folder remembers the name under which it was served last.
const NOTE: &str = "tintype.holder";
const CATALOGUE: &str = "tintype.db";

/// The right to back the catalogue up to a place.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    vault: Vault,
    /// Where people see the place.
    place: String,
    /// The name of this server: that of its data folder, made once.
    name: String,
    dir: PathBuf,
}

/// The name under which a data folder was served last; empty where it never was with a place for backups.
pub(crate) fn writer(dir: &Path) -> String {
    fs::read_to_string(dir.join(NOTE)).unwrap_or_default()
}

impl Keeper {
    /// Takes the place over from whoever had it, and its catalogue where the data folder has none.
    pub(crate) async fn take(dir: &Path, place: &S3Options) -> Result<Self> {
        let vault = Vault::connect(place)?;
        let name = Some(writer(dir)).filter(|name| !name.is_empty()).unwrap_or_else(data::identity);
        let keeper = Self { vault, place: place.shown(), name, dir: dir.to_owned() };
        keeper.begin().await.with_context(|| format!("cannot take the catalogue from {}", keeper.place))?;
        Ok(keeper)
    }

    async fn begin(&self) -> Result<()> {
        let earlier = self.superseder().await?;
        self.vault.set_holder(Some(&self.name)).await?;
        if let Some(earlier) = earlier {
            self.wait_for(&earlier).await?;
        }
        let catalogue = self.dir.join(CATALOGUE);
        if catalogue.exists() {
            if let Some(writer) = self.vault.catalogue_writer().await?.filter(|writer| *writer != self.name) {
                bail!(
                    "another server ({writer}) has backed its catalogue up there since this folder was served last, so that \
                     the one in {} may lack what that one acknowledged: move {} away to take the backup, or unset \
                     catalog.restore_from to go on without it",
                    self.dir.display(),
                    catalogue.display()
                );
            }
        } else {
            let fetched = self.dir.join("tintype.db.restoring");
            backup::remove_catalogue(&fetched)?;
            backup::remove_log(&catalogue)?;
            if self.vault.get_catalogue(&fetched).await? {
                fs::rename(&fetched, &catalogue).context("cannot name the catalogue")?;
                tracing::info!(from = self.place, "restored the catalogue");
            }
        }
        fs::write(self.dir.join(NOTE), &self.name).context("cannot write to the data folder")
    }

    /// Waits until an earlier server has stored its catalogue for the last time.
    async fn wait_for(&self, earlier: &str) -> Result<()> {
        let begun = Instant::now();
        tracing::info!(from = self.place, "waiting for the server before this one to store its catalogue");
        while begun.elapsed() < PATIENCE {
            // One that was stopped has removed its name, but ours stands there by now: it says that it is done as well.
            if self.vault.released().await?.as_deref() == Some(earlier) {
                return Ok(());
            }
            tokio::time::sleep(LOOK / 6).await;
        }
        tracing::warn!(
            from = self.place,
            "the server before this one did not answer: what it acknowledged after its last backup is lost"
        );
        Ok(())
    }

    /// Backs the catalogue up, after changes and no more often than every `interval`, until `stop` or until another server
    /// takes over; true is answered where that happened.
    pub(crate) fn keep(
        &self,
        catalog: Catalog,
        interval: Duration,
        stop: CancellationToken,
    ) -> JoinHandle<bool> {
        let keeper = self.clone();
        tokio::spawn(async move {
            let (mut stored, mut stored_at) = (None, Instant::now());
            loop {
                tokio::select! {
                    () = stop.cancelled() => return false,
                    () = tokio::time::sleep(LOOK.min(interval)) => {}
                }
                match keeper.superseder().await {
                    Ok(Some(_)) => {
                        keeper.give_up(&catalog).await;
                        return true;
                    }
                    Ok(None) => {}
                    Err(error) => keeper.warn(&error),
                }
                let commits = catalog.commits();
                if stored == Some(commits) || (stored.is_some() && stored_at.elapsed() < interval) {
                    continue;
                }
                match keeper.store(&catalog).await {
                    Ok(()) => stored = Some(commits),
                    Err(error) => keeper.warn(&error),
                }
                stored_at = Instant::now();
            }
        })
    }

    /// Another server that has the place, or had it when it ended without a word.
    async fn superseder(&self) -> Result<Option<String>> {
        Ok(self.vault.holder().await?.filter(|holder| *holder != self.name))
    }

    /// Whether another server has taken over and stored its catalogue, which must not be replaced: it did not wait any longer.
    async fn is_too_late(&self) -> Result<bool> {
        let superseder = self.superseder().await?;
        Ok(superseder.is_some() && superseder == self.vault.catalogue_writer().await?)
    }

    async fn store(&self, catalog: &Catalog) -> Result<()> {
        self.vault.claim(catalog.store_identity()).await?;
        let next = self.dir.join("tintype.db.next");
        backup::copy_catalogue(catalog, &next).await?;
        if self.is_too_late().await? {
            bail!("another server has taken over without it");
        }
        self.vault.put_catalogue(&next, &self.name).await?;
        fs::remove_file(&next).context("cannot remove the catalogue's copy")
    }

    /// Another server has taken over: nothing is written any more, and what was written goes to the bucket.
    async fn give_up(&self, catalog: &Catalog) {
        let outcome = async {
            catalog.seal().await.context("cannot refuse writes")?;
            self.store(catalog).await?;
            self.vault.set_released(&self.name).await?;
            anyhow::Ok(())
        };
        match outcome.await {
            Ok(()) => tracing::warn!(
                to = self.place,
                "another server has taken over: this one shows pictures and takes nothing in until it is stopped"
            ),
            Err(error) => self.warn(&error),
        }
    }

    /// Stores a catalogue that is closed, and gives the place up.
    pub(crate) async fn finish(&self) -> Result<()> {
        let outcome = async {
            if self.is_too_late().await? {
                bail!("another server has taken over without it");
            }
            self.vault.put_catalogue(&self.dir.join(CATALOGUE), &self.name).await?;
            self.vault.set_released(&self.name).await?;
            if self.superseder().await?.is_none() {
                self.vault.set_holder(None).await?;
            }
            anyhow::Ok(())
        };
        outcome.await.with_context(|| {
            format!("the catalogue's last backup to {} failed: what was acknowledged since the one before is not in it", self.place)
        })
    }

    fn warn(&self, error: &anyhow::Error) {
        tracing::error!(
            to = self.place,
            error = format!("{error:#}"),
            "the catalogue was not backed up; it is tried again"
        );
    }
}
