//! `tintype restore`

use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, Result, anyhow};
use clap::{Arg, ArgMatches, Command};
use indicatif::HumanBytes;

use super::{backup::bar, block_on};
use crate::{
    backup::{self, Copied, bucket},
    cli, settings,
};

pub(crate) fn command() -> Command {
    let command = Command::new("restore")
        .about("Puts a backup into an empty data folder, every original hashed on the way")
        .arg(Arg::new("from").value_name("PLACE").required(true).help("Where the backup is: a folder, or s3://bucket/prefix"))
        .after_help("Example:\n  tintype restore /mnt/backup/tintype --data /srv/tintype\n  tintype restore s3://backups/tintype --data /srv/tintype");
    cli::with_data(command)
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let settings = settings::load(&cli::sources(matches))?;
    let from = matches.get_one::<String>("from").context("the backup's place")?;
    let place = match from.strip_prefix("s3://") {
        Some(_) => Some(
            from.parse().map_err(|accepted| anyhow!("{from:?} is no place of a backup: it {accepted}"))?,
        ),
        None => None,
    };
    block_on(async {
        let bar = bar(0)?;
        let told = |copied: Copied| bar.set_position(copied.bytes);
        let copied = match &place {
            // Where the bucket keeps the originals anyway, they stay there.
            Some(place) => {
                let originals = !settings.store.is_at(place);
                bucket::put_back(&settings.store.at(place), &settings.data, originals, told).await
            }
            None => backup::put_back(Path::new(from), &settings.data, told).await,
        };
        bar.finish_and_clear();
        let copied = copied?;
        println!(
            "{} has {} originals ({}); start the server on it",
            settings.data.display(),
            copied.files,
            HumanBytes(copied.bytes)
        );
        Ok(ExitCode::SUCCESS)
    })
}
