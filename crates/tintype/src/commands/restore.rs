//! `tintype restore`

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::{Arg, ArgMatches, Command};
use indicatif::HumanBytes;

use super::{backup::bar, block_on};
use crate::{backup, cli, settings};

pub(crate) fn command() -> Command {
    let command = Command::new("restore")
        .about("Puts a backup into an empty data folder, every original hashed on the way")
        .arg(Arg::new("from").value_name("DIR").required(true).help("Folder of the backup"))
        .after_help("Example:\n  tintype restore /mnt/backup/tintype --data /srv/tintype");
    cli::with_data(command)
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let settings = settings::load(&cli::sources(matches))?;
    let from = PathBuf::from(matches.get_one::<String>("from").context("the backup's folder")?);
    block_on(async {
        let bar = bar(0)?;
        let copied = backup::put_back(&from, &settings.data, |copied| bar.set_position(copied.bytes)).await;
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
