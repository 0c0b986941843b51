//! `tintype check`

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;
use tintype_app::{
    check::{self, CheckOptions, RepairOptions, Report},
    clock::Clock,
};

use super::block_on;
use crate::{cli, data, settings};

/// The exit status where catalogue and store differ.
const DIFFERENT: u8 = 2;

pub(crate) fn command() -> Command {
    let command = Command::new("check")
        .about("Compares the catalogue with the store, in both directions, and hashes every file anew")
        .arg(flag("quick", "Looks for files and measures them, but does not hash them"))
        .arg(flag("repair", "Moves files that nothing names into quarantine/ and marks rows whose bytes are lost; deletes nothing"))
        .arg(
            Arg::new("force-count")
                .long("force-count")
                .value_name("N")
                .value_parser(clap::value_parser!(usize))
                .help("Repairs more than 1 % or 1000 findings; must be their number"),
        )
        .arg(flag("json", "Prints the report as JSON"))
        .after_help(
            "Exit status: 0 when both agree (or all was repaired), 2 when they differ, 1 when the check itself failed.\n\
             A check runs beside a server; --repair needs the server stopped.\n\n\
             Examples:\n  tintype check\n  tintype check --repair --data /srv/tintype",
        );
    cli::with_data(command)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let settings = settings::load(&cli::sources(matches))?;
    let dir = data::existing(&settings.data)?;
    let repair = matches.get_flag("repair");
    let _lock =
        repair.then(|| data::Lock::take(&dir)).transpose().context("a repair needs the server stopped")?;
    block_on(async {
        let (catalog, blobs) = data::open(&dir, settings.store.s3().as_ref()).await?;
        let now = Clock::System.now();
        // With the server stopped nothing is under way, so no file without a row is merely young.
        let grace = if repair { 0 } else { settings.app.sweep_grace };
        let options = CheckOptions { rehash: !matches.get_flag("quick"), grace, now };
        let report = check::check(&catalog, &blobs, options, progress).await.context("the check failed")?;
        if std::io::stderr().is_terminal() {
            eprintln!();
        }
        let mended = if repair && !report.is_clean() {
            let day = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
            let day = day.as_bytes().try_into().context("a date has ten characters")?;
            let force_count = matches.get_one::<usize>("force-count").copied();
            Some(check::repair(&catalog, &blobs, &report, RepairOptions { force_count, day }, now).await?)
        } else {
            None
        };
        if matches.get_flag("json") {
            print_json(&report, mended)?;
        } else {
            print_text(&report, mended);
        }
        catalog.close().await.context("the catalogue did not close cleanly")?;
        let done = report.is_clean() || mended == Some(report.findings.len());
        Ok(if done { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
    })
}

/// A line that rewrites itself on a terminal; plain lines now and then elsewhere would only fill logs.
fn progress(blobs: u64) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let _ = write!(err, "\r{blobs} blobs checked");
    }
}

fn print_text(report: &Report, mended: Option<usize>) {
    for finding in &report.findings {
        println!("{:<18} {}", finding.kind(), finding.subject());
    }
    let hashed = report.bytes_hashed >> 20;
    println!(
        "{} blobs, {hashed} MB hashed, {} pending, {} findings",
        report.blobs,
        report.pending,
        report.findings.len()
    );
    match mended {
        Some(mended) => println!("{mended} mended; files that nothing names are in quarantine/"),
        None if report.is_clean() => println!("catalogue and store agree"),
        None => println!("nothing was changed; `tintype check --repair` mends what is safe to mend"),
    }
}

fn print_json(report: &Report, mended: Option<usize>) -> Result<()> {
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|finding| json!({"kind": finding.kind(), "subject": finding.subject()}))
        .collect();
    let document = json!({
        "clean": report.is_clean(),
        "blobs": report.blobs,
        "bytes_hashed": report.bytes_hashed,
        "pending": report.pending,
        "findings": findings,
        "mended": mended,
    });
    writeln!(std::io::stdout(), "{document}").context("cannot write the report")
}
