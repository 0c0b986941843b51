//! `tintype report list`, `close`: what strangers say of images.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;
use tintype_app::{Report, clock::Clock};

use super::{block_on, rfc3339};
use crate::{
    cli,
    data::{self, Lock},
    operate::Server,
    settings,
};

pub(crate) fn command() -> Command {
    let list = Command::new("list")
        .about("Lists the reports that wait, newest first")
        .arg(Arg::new("all").long("all").action(ArgAction::SetTrue).help("Those that were dealt with, too"))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON, one object a line"))
        .after_help("Example:\n  tintype report list");
    let close = Command::new("close")
        .about("Marks reports as dealt with")
        .arg(
            Arg::new("numbers")
                .value_name("NUMBER")
                .required(true)
                .num_args(1..)
                .value_parser(clap::value_parser!(i64))
                .help("As report list shows them"),
        )
        .after_help("Example:\n  tintype image delete 9f3kQ2mZ7xWb4TnRa && tintype report close 12");
    Command::new("report")
        .about("What people reported by the link on a picture's page")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(cli::with_data(list))
        .subcommand(cli::with_data(close))
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let (verb, matches) = matches.subcommand().context("report needs one of list, close")?;
    let settings = settings::load(&cli::sources(matches))?;
    let dir = data::existing(&settings.data)?;
    block_on(async {
        let catalog = data::catalogue(&dir).await?;
        let outcome = async {
            if verb == "list" {
                for report in catalog.reports(matches.get_flag("all"), 100_000).await? {
                    println!(
                        "{}",
                        if matches.get_flag("json") { as_json(&report).to_string() } else { text(&report) }
                    );
                }
                return Ok(());
            }
            let numbers: Vec<i64> = matches.get_many("numbers").into_iter().flatten().copied().collect();
            match Lock::take(&dir) {
                Ok(_lock) => {
                    for number in numbers {
                        if !catalog.close_report(number, Clock::System.now()).await? {
                            bail!("no report {number} waits; `tintype report list` shows those that do");
                        }
                    }
                }
                Err(_) => {
                    let server = Server::running(&catalog, &dir).await?;
                    for number in numbers {
                        server
                            .client
                            .send("POST", &format!("/api/v1/reports/{number}/close"), None, None)
                            .with_context(|| format!("report {number}"))?;
                    }
                    server.leave(&catalog).await?;
                }
            }
            Ok(())
        };
        let outcome = outcome.await;
        catalog.close().await.context("the catalogue did not close cleanly")?;
        outcome.map(|()| ExitCode::SUCCESS)
    })
}

fn text(report: &Report) -> String {
    let mut text = format!(
        "{}  {}  {}  {}{}",
        report.id,
        rfc3339(report.created_at),
        report.image,
        report.reason,
        match (report.closed_at, report.image_deleted) {
            (Some(_), _) => ", closed",
            (None, true) => ", the image is deleted",
            (None, false) => "",
        }
    );
    for (name, value) in [("says", &report.detail), ("contact", &report.contact)] {
        if let Some(value) = value {
            text.push_str(&format!("\n    {name}: {}", value.replace(['\n', '\r'], " ")));
        }
    }
    text
}

fn as_json(report: &Report) -> serde_json::Value {
    json!({
        "id": report.id,
        "created_at": rfc3339(report.created_at),
        "image": report.image.to_string(),
        "image_deleted": report.image_deleted,
        "reason": report.reason,
        "detail": report.detail,
        "contact": report.contact,
        "closed_at": report.closed_at.map(rfc3339),
    })
}
