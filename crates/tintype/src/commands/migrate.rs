//! `tintype migrate store`: the originals from the folder to object storage, or back.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use indicatif::HumanBytes;
use tintype_blob::{BlobError, Direction, Move};
use tintype_catalog::{Blob, BlobState, Catalog};

use super::{backup::bar, block_on};
use crate::{
    cli,
    data::{self, Lock},
    settings,
};

/// Rows that are read at a time.
const BATCH: u32 = 1_000;
/// Where the names of originals stand that the target has, verified: what a later attempt need not read again.
const JOURNAL: &str = "migrate-store.done";

pub(crate) fn command() -> Command {
    let store = Command::new("store")
        .about("Moves the originals from the data folder to object storage, or back")
        .arg(
            Arg::new("direction")
                .long("to")
                .value_name("PLACE")
                .required(true)
                .value_parser(["s3", "folder"])
                .help("Where the originals are to be: s3 or folder"),
        )
        .arg(
            Arg::new("remove-source")
                .long("remove-source")
                .action(ArgAction::SetTrue)
                .help("Afterwards remove the originals from where they were; without it they stay there"),
        )
        .after_help(
            "Needs the server stopped, and the settings of the bucket. Every original is hashed where it was and again where it \
             is then. May be cut off and repeated: what was moved is not moved again. Only when all of them are there does the \
             catalogue say so; then start the server with the settings of the new place.\n\n\
             Example:\n  tintype migrate store --to s3 --store-bucket images --store-endpoint https://s3.example.org",
        );
    Command::new("migrate")
        .about("Moves what is stored from one kind of store to another")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(cli::with_data(store))
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let (_, matches) = matches.subcommand().context("migrate needs: store")?;
    let direction = match matches.get_one::<String>("direction").map(String::as_str) {
        Some("s3") => Direction::ToS3,
        _ => Direction::ToFolder,
    };
    let settings = settings::load(&cli::sources(matches))?;
    let dir = data::existing(&settings.data)?;
    let s3 = settings.store.s3().context(
        "no bucket is named: set store.bucket, store.endpoint and the keys (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)",
    )?;
    let _lock = Lock::take(&dir).context("a migration needs the server stopped")?;
    block_on(async {
        let catalog = data::catalogue(&dir).await?;
        let outcome = async {
            let mover = Move::open(&dir, catalog.store_identity(), &s3, direction).await?;
            let mut journal = Journal::open(&dir, direction)?;
            let moved = all(&catalog, &mover, &mut journal).await?;
            mover.finish().await.context("cannot write store.json")?;
            journal.remove()?;
            let place = if direction == Direction::ToS3 { s3.shown() } else { dir.display().to_string() };
            println!(
                "{place} has all {} originals ({}), {} of them copied now, each read back and hashed",
                moved.files,
                HumanBytes(moved.bytes),
                moved.copied
            );
            if direction == Direction::ToFolder {
                end_copies(&mover, matches.get_flag("remove-source")).await?;
            }
            // Whatever the catalogue knows of copies was of another place.
            catalog.forget_copies().await.context("cannot write the catalogue")?;
            if matches.get_flag("remove-source") {
                println!("{} removed from where they were", remove(&catalog, &mover).await?);
            } else {
                println!("where they were nothing was touched; --remove-source removes them there");
            }
            Ok(ExitCode::SUCCESS)
        };
        let outcome = outcome.await;
        catalog.close().await.context("the catalogue did not close cleanly")?;
        outcome
    })
}

/// What was moved.
#[derive(Default)]
struct Moved {
    files: u64,
    bytes: u64,
    copied: u64,
}

/// Every blob that has bytes, in the order of their keys.
async fn blobs_after(catalog: &Catalog, after: &mut Option<tintype_types::BlobKey>) -> Result<Vec<Blob>> {
    let page = catalog.blobs_after(*after, BATCH).await.context("cannot read the catalogue")?;
    *after = page.last().map(|blob| blob.key).or(*after);
    Ok(page)
}

/// Whether an original is moved. One that is damaged was not copied, and stays where it can be looked at.
fn moves(blob: &Blob) -> bool {
    matches!(blob.state, BlobState::Live | BlobState::Orphan)
}

async fn all(catalog: &Catalog, mover: &Move, journal: &mut Journal) -> Result<Moved> {
    let total = catalog.counts().await.context("cannot read the catalogue")?.bytes;
    let bar = bar(total)?;
    let (mut moved, mut after, mut damaged) = (Moved::default(), None, Vec::new());
    loop {
        let page = blobs_after(catalog, &mut after).await?;
        if page.is_empty() {
            break;
        }
        for blob in page {
            if !moves(&blob) {
                continue;
            }
            match one(mover, journal, &blob).await {
                Ok(copied) => moved.copied += u64::from(copied),
                Err(error @ (BlobError::NotFound | BlobError::Corrupt(_))) => {
                    damaged.push(format!("{}: {error}", blob.key));
                }
                Err(error) => return Err(error).with_context(|| format!("cannot move {}", blob.key)),
            }
            moved.files += 1;
            moved.bytes += blob.bytes;
            bar.set_position(moved.bytes);
        }
    }
    bar.finish_and_clear();
    if !damaged.is_empty() {
        bail!(
            "{} originals are missing or damaged, and nothing was switched over:\n  {}\n`tintype check --repair` marks them; \
             then repeat the migration",
            damaged.len(),
            damaged.join("\n  ")
        );
    }
    Ok(moved)
}

/// Sees to it that the target has an original, as it was stored; true where it was copied now.
async fn one(mover: &Move, journal: &mut Journal, blob: &Blob) -> Result<bool, BlobError> {
    let has = mover.has(blob.key, blob.bytes).await?;
    if has && journal.done.contains(&blob.key.to_string()) {
        return Ok(false);
    }
    if !has || mover.hash(blob.key).await? != blob.key.hash {
        mover.copy(blob.key, blob.media_type).await?;
        let found = mover.hash(blob.key).await?;
        if found != blob.key.hash {
            return Err(BlobError::Corrupt(format!("the copy hashes to {found}")));
        }
    }
    journal.add(&blob.key.to_string());
    Ok(!has)
}

async fn remove(catalog: &Catalog, mover: &Move) -> Result<u64> {
    let (mut removed, mut after) = (0, None);
    loop {
        let page = blobs_after(catalog, &mut after).await?;
        if page.is_empty() {
            return Ok(removed);
        }
        for blob in page.iter().filter(|blob| moves(blob)) {
            removed += u64::from(mover.remove_source(blob.key).await?);
        }
    }
}

/// Ends the copies that readers got from the bucket, which the server no longer reaches.
async fn end_copies(mover: &Move, remove: bool) -> Result<()> {
    match (mover.end_copies(remove).await.context("cannot look after the copies for readers")?, remove) {
        (0, _) => {}
        (copies, true) => println!("{copies} copies for readers removed from the bucket"),
        (copies, false) => println!(
            "{copies} copies for readers are left below public/ of the bucket, and deletes do not reach them any more; \
             --remove-source removes them"
        ),
    }
    Ok(())
}

/// The names of originals that the target has, for an attempt that follows one that was cut off. Losing it costs time alone.
struct Journal {
    path: PathBuf,
    done: HashSet<String>,
    file: File,
}

impl Journal {
    fn open(dir: &Path, direction: Direction) -> Result<Self> {
        let word = if direction == Direction::ToS3 { "s3" } else { "folder" };
        let path = dir.join(format!("{JOURNAL}-{word}"));
        let done = match File::open(&path) {
            Ok(file) => BufReader::new(file).lines().map_while(Result::ok).collect(),
            Err(_) => HashSet::new(),
        };
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, done, file })
    }

    fn add(&mut self, name: &str) {
        let _ = writeln!(self.file, "{name}");
    }

    fn remove(self) -> Result<()> {
        fs::remove_file(&self.path).with_context(|| format!("cannot remove {}", self.path.display()))
    }
}
