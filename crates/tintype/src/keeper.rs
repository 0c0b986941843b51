//! The catalogue's backup in a bucket, kept up by the server itself: for machines whose disk does not outlast them.
//!
//! One server at a time writes there: the one whose name stands in `tintype.holder`. A platform starts the next server before it
//! stops the one that runs. The next one writes its name into the note; the one that runs sees that within [`LOOK`], refuses
//! writes from then on, stores the catalogue for the last time and says so in `tintype.released`; only then does the next one
//! take the catalogue from there. So nothing that was acknowledged is lost on the way. Where the next one gives up before it
//! has served, it puts the name back, and the one that runs goes on.
//!
//! A server that ends without a word is waited for in vain ([`PATIENCE`]); what it acknowledged after its last backup is lost.
//! Every stored catalogue has a version of its own, and a data folder knows those that it has stored or taken: one that does
//! not know what is there would replace what another server has acknowledged, and is refused.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, bail};
use tintype_app::App;
use tintype_blob::{S3Options, StoredCatalogue, Vault};
use tintype_catalog::Catalog;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{backup, data};

/// How often a server looks whether another one has taken over.
const LOOK: Duration = Duration::from_secs(4);
/// How long the next server waits for one that says nothing.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it waits for one that says that it is storing its catalogue.
const PATIENCE_WHILE_STORING: Duration = Duration::from_secs(600);
/// What stands in `tintype.released` before the name of a server that is storing its catalogue for the last time.
const STORING: &str = "storing ";
/// Versions that a data folder remembers.
const REMEMBERED: usize = 20;
/// Where a data folder keeps its name, and the versions that it has stored or taken, a line each.
const NOTE: &str = "tintype.holder";
const CATALOGUE: &str = "tintype.db";

/// What a data folder knows of the place that its catalogue is backed up to.
#[derive(Debug)]
pub(crate) struct Note {
    path: PathBuf,
    /// The folder's name.
    pub(crate) folder: String,
    versions: Vec<String>,
}

impl Note {
    /// Reads the note, or makes one with a new name, which is not written yet.
    pub(crate) fn read(dir: &Path) -> Self {
        let path = dir.join(NOTE);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut lines = text.lines().map(ToOwned::to_owned);
        let folder = lines.next().filter(|name| !name.is_empty()).unwrap_or_else(data::identity);
        Self { path, folder, versions: lines.collect() }
    }

    /// Whether the folder has stored or taken this catalogue.
    fn knows(&self, stored: &StoredCatalogue) -> bool {
        self.versions.contains(&stored.version)
    }

    /// Remembers a version before it is stored: a crash in between must not make the folder a stranger to its own backup.
    pub(crate) fn remember(&mut self, version: String) -> Result<()> {
        self.versions.push(version);
        let first = self.versions.len().saturating_sub(REMEMBERED);
        self.versions.drain(..first);
        let text = format!("{}\n{}\n", self.folder, self.versions.join("\n"));
        let next = self.path.with_extension("holder.next");
        let written =
            OpenOptions::new().create(true).truncate(true).write(true).open(&next).and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            });
        written.and_then(|()| fs::rename(&next, &self.path)).context("cannot write to the data folder")
    }

    /// A version for the next catalogue that this folder stores.
    pub(crate) fn next(&mut self) -> Result<StoredCatalogue> {
        let version = data::identity();
        self.remember(version.clone())?;
        Ok(StoredCatalogue { writer: self.folder.clone(), version })
    }
}

/// How far a server has come with the place that it backs its catalogue up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It is this server's.
    Holding,
    /// Another one has taken it, and this one takes nothing in any more.
    Sealed,
    /// The catalogue is stored for the last time.
    Released,
    /// Another server went on without it.
    Lost,
}

/// What tells one state of a catalogue from another: when its file and its log were written last, and how long they are. The
/// operator's commands write it as well, beside the server.
fn state_of(dir: &Path) -> Vec<Option<(SystemTime, u64)>> {
    let of = |name: &str| {
        let about = fs::metadata(dir.join(name)).ok()?;
        Some((about.modified().ok()?, about.len()))
    };
    [CATALOGUE, "tintype.db-wal"].map(of).to_vec()
}

/// The right to back the catalogue up to a place.
#[derive(Debug)]
pub(crate) struct Keeper {
    vault: Vault,
    /// Where people see the place.
    place: String,
    /// The name of this run: the folder's, and something new.
    name: String,
    note: Note,
    dir: PathBuf,
    /// Who had the place before.
    earlier: Option<String>,
    phase: Phase,
}

impl Keeper {
    /// Takes the place over from whoever has it, and its catalogue where the data folder has none.
    pub(crate) async fn take(dir: &Path, place: &S3Options) -> Result<Self> {
        let note = Note::read(dir);
        let mut keeper = Self {
            vault: Vault::connect(place)?,
            place: place.shown(),
            name: format!("{}-{}", note.folder, &data::identity()[..8]),
            note,
            dir: dir.to_owned(),
            earlier: None,
            phase: Phase::Holding,
        };
        let taken = keeper.begin().await;
        if taken.is_err() {
            keeper.give_back().await;
        }
        taken.with_context(|| format!("cannot take the catalogue from {}", keeper.place))?;
        Ok(keeper)
    }

    async fn begin(&mut self) -> Result<()> {
        let catalogue = self.dir.join(CATALOGUE);
        if catalogue.exists() {
            self.refuse_unknown().await?;
        }
        self.earlier = self.vault.holder().await?;
        self.vault.set_holder(Some(&self.name)).await?;
        // An earlier run on this folder has ended: the folder's lock is ours.
        let of_this_folder = format!("{}-", self.note.folder);
        if let Some(earlier) = self.earlier.clone().filter(|earlier| !earlier.starts_with(&of_this_folder)) {
            self.wait_for(&earlier).await?;
        }
        if catalogue.exists() {
            return self.refuse_unknown().await;
        }
        let fetched = self.dir.join("tintype.db.restoring");
        backup::remove_catalogue(&fetched)?;
        backup::remove_log(&catalogue)?;
        if let Some(stored) = self.vault.get_catalogue(&fetched).await? {
            self.note.remember(stored.version)?;
            fs::rename(&fetched, &catalogue).context("cannot name the catalogue")?;
            tracing::info!(from = self.place, "restored the catalogue");
        }
        Ok(())
    }

    /// Refuses a data folder whose catalogue is not the one that was stored last, or a later one.
    async fn refuse_unknown(&self) -> Result<()> {
        match self.vault.catalogue().await? {
            Some(stored) if !self.note.knows(&stored) => bail!(
                "the catalogue there was stored by another server, or after the state that {} is in, so that the one in this \
                 folder may lack what was acknowledged: move tintype.db away to take the one that is there, or unset \
                 catalog.restore_from to go on without it",
                self.dir.display()
            ),
            _ => Ok(()),
        }
    }

    /// Waits until an earlier server has stored its catalogue for the last time.
    async fn wait_for(&self, earlier: &str) -> Result<()> {
        let begun = Instant::now();
        let storing = format!("{STORING}{earlier}");
        let mut told = false;
        loop {
            let released = self.vault.released().await?;
            if released.as_deref() == Some(earlier) {
                return Ok(());
            }
            let is_storing = released.as_deref() == Some(storing.as_str());
            if begun.elapsed() > if is_storing { PATIENCE_WHILE_STORING } else { PATIENCE } {
                break;
            }
            if !told {
                tracing::info!(
                    from = self.place,
                    "waiting for the server before this one to store its catalogue"
                );
                told = true;
            }
            tokio::time::sleep(LOOK / 8).await;
        }
        tracing::warn!(
            from = self.place,
            "the server before this one did not answer: what it acknowledged after its last backup is lost"
        );
        Ok(())
    }

    /// Puts the name of the server before this one back, which goes on then: this one has served nobody.
    pub(crate) async fn give_back(&self) {
        let outcome = async {
            if self.vault.holder().await?.as_deref() == Some(&self.name) {
                self.vault.set_holder(self.earlier.as_deref()).await?;
            }
            anyhow::Ok(())
        };
        if let Err(error) = outcome.await {
            self.warn(&error);
        }
    }

    /// Backs the catalogue up, after changes and no more often than every `interval`, and looks for another server that takes
    /// over, until `done`.
    pub(crate) fn keep(
        mut self,
        app: App,
        catalog: Catalog,
        interval: Duration,
        done: CancellationToken,
    ) -> JoinHandle<Self> {
        tokio::spawn(async move {
            let (mut stored, mut stored_at) = (None, Instant::now());
            loop {
                tokio::select! {
                    () = done.cancelled() => return self,
                    () = tokio::time::sleep(LOOK.min(interval)) => {}
                }
                let due = stored.is_none() || stored_at.elapsed() >= interval;
                let state = state_of(&self.dir);
                let outcome = match self.phase {
                    Phase::Holding => self.hold(&app, &catalog, due && stored.as_ref() != Some(&state)).await,
                    Phase::Sealed => self.release(&catalog).await.map(|()| false),
                    Phase::Released => self.come_back(&app, &catalog).await.map(|()| false),
                    Phase::Lost => Ok(false),
                };
                match outcome {
                    Ok(true) => (stored, stored_at) = (Some(state), Instant::now()),
                    Ok(false) => {}
                    Err(error) => {
                        self.warn(&error);
                        stored_at = Instant::now();
                    }
                }
            }
        })
    }

    /// One look while the place is this server's; whether the catalogue was stored.
    async fn hold(&mut self, app: &App, catalog: &Catalog, due: bool) -> Result<bool> {
        if self.is_superseded().await? {
            self.vault.set_released(&format!("{STORING}{}", self.name)).await?;
            app.pause().await;
            catalog.seal().await.context("cannot refuse writes")?;
            self.phase = Phase::Sealed;
            return self.release(catalog).await.map(|()| false);
        }
        // Another server may have begun to store its catalogue before it saw this one's name.
        let replaced = self.is_too_late().await?;
        if replaced {
            tracing::warn!(
                to = self.place,
                "another server has stored its catalogue there; storing this one anew"
            );
        }
        if due || replaced {
            self.store(catalog).await?;
        }
        Ok(due || replaced)
    }

    /// Stores a sealed catalogue for the last time, and says so.
    async fn release(&mut self, catalog: &Catalog) -> Result<()> {
        if self.is_too_late().await? {
            self.phase = Phase::Lost;
            return self.lost();
        }
        self.store(catalog).await?;
        self.vault.set_released(&self.name).await?;
        self.phase = Phase::Released;
        tracing::warn!(
            to = self.place,
            "another server has taken over: this one shows pictures and takes nothing in until it is stopped"
        );
        Ok(())
    }

    /// Goes on where the server that had taken over has put this one's name back.
    async fn come_back(&mut self, app: &App, catalog: &Catalog) -> Result<()> {
        if self.is_superseded().await? || self.is_too_late().await? {
            return Ok(());
        }
        self.vault.set_released("").await?;
        catalog.unseal().await.context("cannot take writes again")?;
        app.resume();
        self.phase = Phase::Holding;
        tracing::info!(to = self.place, "the server that had taken over has given up; this one goes on");
        Ok(())
    }

    /// Stores a catalogue that is closed, for the last time.
    pub(crate) async fn finish(mut self) -> Result<()> {
        let outcome = async {
            match self.phase {
                Phase::Released => return Ok(()),
                Phase::Lost => return self.lost(),
                Phase::Holding | Phase::Sealed if self.is_too_late().await? => return self.lost(),
                Phase::Holding | Phase::Sealed => {}
            }
            self.vault.set_released(&format!("{STORING}{}", self.name)).await?;
            let about = self.note.next()?;
            self.vault.put_catalogue(&self.dir.join(CATALOGUE), &about).await?;
            self.vault.set_released(&self.name).await?;
            Ok(())
        };
        outcome.await.with_context(|| {
            format!("the catalogue's last backup failed; what was acknowledged since the one before is in {CATALOGUE} of the data folder alone")
        })
    }

    async fn store(&mut self, catalog: &Catalog) -> Result<()> {
        self.vault.claim(catalog.store_identity()).await?;
        let next = self.dir.join("tintype.db.next");
        backup::copy_catalogue(catalog, &next).await?;
        let about = self.note.next()?;
        self.vault.put_catalogue(&next, &about).await?;
        fs::remove_file(&next).context("cannot remove the catalogue's copy")
    }

    async fn is_superseded(&self) -> Result<bool> {
        Ok(self.vault.holder().await?.is_some_and(|holder| holder != self.name))
    }

    /// Whether what is stored there is not this folder's: another server did not wait any longer.
    async fn is_too_late(&self) -> Result<bool> {
        Ok(self
            .vault
            .catalogue()
            .await?
            .is_some_and(|stored| stored.writer != self.note.folder && !self.note.knows(&stored)))
    }

    fn lost(&self) -> Result<()> {
        bail!("another server has taken {} over, and did not wait for this one's catalogue", self.place)
    }

    fn warn(&self, error: &anyhow::Error) {
        tracing::error!(
            to = self.place,
            error = format!("{error:#}"),
            "the catalogue was not backed up; it is tried again"
        );
    }
}
