//! `tintype backup`

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tintype_app::{
    check::{self, CheckOptions},
    clock::Clock,
};

use super::block_on;
use crate::{
    backup::{self, Copied},
    cli, data, settings,
};

pub(crate) fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let command = Command::new("backup")
        .about("Copies catalogue and originals to a folder, beside a running server; again, only what is new")
        .arg(Arg::new("to").value_name("DIR").required(true).help("Folder of the backup: empty, or an earlier backup of the same data folder"))
        .arg(flag("prune", "Remove originals from the backup that no image names any more"))
        .arg(flag("check", "Copy nothing: hash every original of the backup and compare it with the backup's catalogue").conflicts_with("prune"))
        .after_help(
            "The folder can be used as a data folder as it is. On the same file system originals are second names of the same\n\
             files: that saves space and does not help when the disk breaks.\n\n\
             Exit status: 0 when the backup is whole, 2 when a check found differences, 1 when it failed.\n\n\
             Examples:\n  tintype backup /mnt/backup/tintype\n  tintype backup --check /mnt/backup/tintype",
        );
    cli::with_data(command)
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let to = PathBuf::from(matches.get_one::<String>("to").context("the backup's folder")?);
    if matches.get_flag("check") {
        return block_on(verify(to));
    }
    let settings = settings::load(&cli::sources(matches))?;
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
        let Copied { files, bytes, new, surplus } = outcome?;
        println!("{} has {files} originals ({}), {new} of them new", to.display(), HumanBytes(bytes));
        match surplus {
            0 => {}
            _ if matches.get_flag("prune") => println!("{surplus} that no image names any more were removed"),
            _ => println!("{surplus} more are named by no image any more; --prune removes them"),
        }
        Ok(ExitCode::SUCCESS)
    })
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
