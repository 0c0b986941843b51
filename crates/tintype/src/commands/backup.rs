//! `tintype backup`

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tintype_app::{
    check::{self, CheckOptions},
    clock::Clock,
};
use tintype_blob::Vault;

use super::block_on;
use crate::{
    backup::{self, Copied, bucket},
    cli, data,
    settings::{self, Place, Settings},
};

pub(crate) fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let command = Command::new("backup")
        .about("Copies catalogue and originals to a folder or a bucket, beside a running server; again, only what is new")
        .arg(Arg::new("to").value_name("PLACE").required_unless_present("to-flag").help("Where the backup is made: a folder, empty or with an earlier backup of the same data folder, or s3://bucket/prefix"))
        .arg(Arg::new("to-flag").long("to").value_name("PLACE").conflicts_with("to").help("The same"))
        .arg(flag("prune", "Remove originals from the backup that no image names any more"))
        .arg(flag("check", "Copy nothing: hash every original of the backup and compare it with the backup's catalogue").conflicts_with("prune"))
        .after_help(
            "The folder can be used as a data folder as it is. On the same file system originals are second names of the same\n\
             files: that saves space and does not help when the disk breaks.\n\n\
             A bucket is spoken to with store.endpoint, store.region and the keys of the server. In the bucket that keeps the\n\
             originals, under the same prefix, a backup is the catalogue alone.\n\n\
             Exit status: 0 when the backup is whole, 2 when a check found differences, 1 when it failed.\n\n\
             Examples:\n  tintype backup /mnt/backup/tintype\n  tintype backup --check /mnt/backup/tintype\n  tintype backup --to s3://backups/tintype",
        );
    cli::with_data(command)
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let to = matches.get_one::<String>("to").or_else(|| matches.get_one("to-flag"));
    let to = to.context("the backup's place")?;
    let settings = settings::load(&cli::sources(matches))?;
    if to.starts_with("s3://") {
        if matches.get_flag("check") {
            bail!(
                "--check hashes a backup in a folder; `tintype restore` hashes one in a bucket while it fetches it"
            );
        }
        let place =
            to.parse().map_err(|accepted| anyhow!("{to:?} is no place for a backup: it {accepted}"))?;
        return block_on(to_bucket(settings, place, matches.get_flag("prune")));
    }
    let to = PathBuf::from(to);
    if matches.get_flag("check") {
        return block_on(verify(to));
    }
    let from = data::existing(&settings.data)?;
    block_on(async {
        let (catalog, blobs) = data::open(&from, settings.store.s3().as_ref()).await?;
        let total = catalog.counts().await.context("cannot read the catalogue")?.bytes;
        let bar = bar(total)?;
        let outcome = backup::make(&catalog, &blobs, &from, &to, matches.get_flag("prune"), |copied| {
            bar.set_position(copied.bytes);
        })
        .await;
        bar.finish_and_clear();
        catalog.close().await.context("the catalogue did not close cleanly")?;
        said(&to.display().to_string(), outcome?, matches.get_flag("prune"));
        Ok(ExitCode::SUCCESS)
    })
}

/// Backs up to a bucket.
async fn to_bucket(settings: Settings, place: Place, prune: bool) -> Result<ExitCode> {
    let from = data::existing(&settings.data)?;
    let (catalog, blobs) = data::open(&from, settings.store.s3().as_ref()).await?;
    let options = settings.store.at(&place);
    let is_there = settings.store.is_at(&place);
    let total = catalog.counts().await.context("cannot read the catalogue")?.bytes;
    let bar = bar(total)?;
    let outcome = async {
        let vault = Vault::connect(&options)?;
        let told = |copied: Copied| bar.set_position(copied.bytes);
        bucket::make(&catalog, &blobs, &from, &vault, !is_there, prune, told).await
    };
    let outcome = outcome.await.with_context(|| format!("cannot back up to {}", options.shown()));
    bar.finish_and_clear();
    catalog.close().await.context("the catalogue did not close cleanly")?;
    let copied = outcome?;
    if is_there {
        println!("{} has the catalogue of its {} originals", options.shown(), copied.files);
    } else {
        said(&options.shown(), copied, prune);
    }
    Ok(ExitCode::SUCCESS)
}

fn said(place: &str, Copied { files, bytes, new, surplus }: Copied, prune: bool) {
    println!("{place} has {files} originals ({}), {new} of them new", HumanBytes(bytes));
    match surplus {
        0 => {}
        _ if prune => println!("{surplus} that no image names any more were removed"),
        _ => println!("{surplus} more are named by no image any more; --prune removes them"),
    }
}

/// A bar over bytes on a terminal, nothing elsewhere.
pub(super) fn bar(total: u64) -> Result<ProgressBar> {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style =
        ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left");
    Ok(ProgressBar::with_draw_target(Some(total), target).with_style(style.context("the bar's template")?))
}

async fn verify(folder: PathBuf) -> Result<ExitCode> {
    let (catalog, blobs) = backup::open(&folder).await?;
    // A backup has no uploads under way; what it has beside its catalogue is from earlier backups.
    let options = CheckOptions { rehash: true, grace: i64::MAX / 4_000, now: Clock::System.now() };
    let report = check::check(&catalog, &blobs, options, |_| {}).await.context("the check failed")?;
    for finding in &report.findings {
        println!("{finding:?}");
    }
    catalog.close().await.context("the catalogue did not close cleanly")?;
    if report.is_clean() {
        println!("{} is whole: {} originals hashed anew", folder.display(), report.blobs);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{} differences; a new backup mends originals that the data folder still has",
        report.findings.len()
    );
    Ok(ExitCode::from(2))
}
