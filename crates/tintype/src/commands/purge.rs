//! `tintype purge list`, `add`, `retry`: what caches in front of the server have yet to forget.
//!
//! Reading works on the catalogue beside a running server. Whatever is to be done goes through the running server, which
//! talks to the caches; where none runs, it is noted for the next one.

use std::{
    io::{Cursor, Write as _},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;
use tintype_app::{clock::Clock, operator};
use tintype_catalog::{Catalog, Purge};

use super::{block_on, rfc3339};
use crate::{
    cli,
    client::Payload,
    data::{self, Lock},
    operate::Server,
    settings,
};

pub(crate) fn command() -> Command {
    let list = Command::new("list")
        .about("Lists what caches have yet to forget, and why it failed last")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON, one object a line"))
        .after_help("Example:\n  tintype purge list");
    let add = Command::new("add")
        .about("Has every cache forget images or named paths")
        .arg(
            Arg::new("links")
                .value_name("ADDRESS")
                .required(true)
                .num_args(1..)
                .help("Links, ids or named paths, those that lead nowhere any more included"),
        )
        .after_help(
            "Caches are told of every change by themselves; this is for what they have for other reasons.\n\n\
             Example:\n  tintype purge add https://img.example.org/blog/sunset.jpg",
        );
    let retry = Command::new("retry")
        .about("Tries at once everything that has failed")
        .after_help("Example:\n  tintype purge retry");
    Command::new("purge")
        .about("What caches in front of the server have yet to forget")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(cli::with_data(list))
        .subcommand(cli::with_data(add))
        .subcommand(cli::with_data(retry))
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let (verb, matches) = matches.subcommand().context("purge needs one of list, add, retry")?;
    let settings = settings::load(&cli::sources(matches))?;
    let dir = data::existing(&settings.data)?;
    block_on(async {
        let catalog = data::catalogue(&dir).await?;
        let outcome = async {
            if verb == "list" {
                list(&catalog, matches.get_flag("json")).await?;
                return Ok(ExitCode::SUCCESS);
            }
            let links: Vec<&String> = match verb {
                "add" => matches.get_many("links").into_iter().flatten().collect(),
                _ => Vec::new(),
            };
            match Lock::take(&dir) {
                Ok(_lock) => offline(&catalog, settings.http.base_url.as_deref(), verb, &links).await,
                Err(_) => {
                    let server = Server::running(&catalog, &dir).await?;
                    let outcome = online(&server, verb, &links);
                    server.leave(&catalog).await?;
                    outcome
                }
            }
        };
        let outcome = outcome.await;
        catalog.close().await.context("the catalogue did not close cleanly")?;
        outcome
    })
}

/// Purges that are read at once.
const PAGE: u32 = 1_000;

/// Prints everything that waits, however much that is, and which caches are left alone.
async fn list(catalog: &Catalog, as_json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut after = None;
    loop {
        let page = catalog.purges(after, PAGE).await?;
        for purge in &page.purges {
            if as_json { writeln!(out, "{}", json_of(purge))? } else { writeln!(out, "{}", line(purge))? }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let now = Clock::System.now();
    for cache in catalog.caches().await? {
        if let Some(end) = cache.rests_until.filter(|end| *end > now) {
            // Beside the list, which programs read line by line.
            eprintln!(
                "{} asked to be left alone until {}; `tintype purge retry` asks it at once",
                cache.name,
                rfc3339(end)
            );
        }
    }
    Ok(())
}

fn online(server: &Server, verb: &str, links: &[&String]) -> Result<ExitCode> {
    if verb == "retry" {
        let answer = server.client.send("POST", "/api/v1/purges/retry", None, None)?;
        println!("{} purges are being tried", answer["retried"]);
        return Ok(ExitCode::SUCCESS);
    }
    let mut status = ExitCode::SUCCESS;
    for link in links {
        let body = json!({"address": link}).to_string().into_bytes();
        let open = || Ok(Box::new(Cursor::new(body.clone())) as Box<dyn std::io::Read>);
        let payload =
            Payload { content_type: "application/json".to_owned(), len: body.len() as u64, open: &open };
        match server.client.send("POST", "/api/v1/purges", None, Some(&payload)) {
            Ok(answer) => {
                said(answer["subject"].as_str().unwrap_or(link), answer["caches"].as_u64().unwrap_or(0));
            }
            // The others have nothing to do with it.
            Err(error) => {
                eprintln!("{link}: {error:#}");
                status = ExitCode::FAILURE;
            }
        }
    }
    Ok(status)
}

async fn offline(
    catalog: &Catalog,
    base_url: Option<&str>,
    verb: &str,
    links: &[&String],
) -> Result<ExitCode> {
    let now = Clock::System.now();
    if verb == "retry" {
        let failed = catalog.hurry_purges(now).await?;
        println!("{failed} purges are tried when the server runs");
        return Ok(ExitCode::SUCCESS);
    }
    let mut status = ExitCode::SUCCESS;
    for link in links {
        match operator::subject_of_link(catalog, base_url, link).await? {
            Some(subject) => said(&subject.to_string(), catalog.want_purge(subject, now).await?),
            None => {
                eprintln!(
                    "{link}: leads to no image and can be no named path; give a link, an id or a named path"
                );
                status = ExitCode::FAILURE;
            }
        }
    }
    Ok(status)
}

fn said(subject: &str, caches: u64) {
    match caches {
        0 => println!("{subject}: no cache is told; cdn.driver names none"),
        1 => println!("{subject}: 1 cache is told"),
        _ => println!("{subject}: {caches} caches are told"),
    }
}

fn line(purge: &Purge) -> String {
    format!(
        "{}  {}  {:<6}  {} tries failed  next {}  {}",
        purge.cache,
        purge.subject,
        purge.step.as_str(),
        purge.attempts,
        rfc3339(purge.due_at),
        purge.problem.as_deref().unwrap_or("-")
    )
}

fn json_of(purge: &Purge) -> serde_json::Value {
    json!({
        "cache": purge.cache,
        "subject": purge.subject.to_string(),
        "step": purge.step.as_str(),
        "attempts": purge.attempts,
        "next_try_at": rfc3339(purge.due_at),
        "created_at": rfc3339(purge.created_at),
        "problem": purge.problem,
    })
}
