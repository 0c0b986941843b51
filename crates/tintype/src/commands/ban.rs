//! `tintype ban add`, `list`, `remove`: content and addresses that the operator does not want.

use std::{io::Cursor, path::Path, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::{Arg, ArgMatches, Command};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tintype_app::{BanKind, abuse, clock::Clock, operator};
use tintype_catalog::Catalog;

use super::{block_on, rfc3339};
use crate::{
    cli,
    client::Payload,
    data::{self, Lock},
    operate::Server,
    settings,
};

pub(crate) fn command() -> Command {
    let value = |help: &'static str| Arg::new("value").value_name("WHAT").required(true).help(help);
    let add = Command::new("add")
        .about("Bans content or an address, at once")
        .arg(value("A link or id of an image (its content is banned and every image of it deleted), the SHA-256 of a file, an address, or a network"))
        .arg(Arg::new("note").long("note").value_name("TEXT").help("Why, for yourself"))
        .after_help(
            "Images that a ban deletes can be restored until trash.keep is over, once it is lifted.\n\n\
             Examples:\n  tintype ban add https://img.example.org/p/9f3kQ2mZ7xWb4TnRa --note 'report 12'\n  tintype ban add 192.0.2.0/24",
        );
    let remove = Command::new("remove")
        .about("Lifts a ban")
        .arg(value("As ban list shows it"))
        .after_help("Example:\n  tintype ban remove 192.0.2.0/24");
    let list = Command::new("list").about("Lists what is banned").after_help("Example:\n  tintype ban list");
    Command::new("ban")
        .about("What is not taken in, and who is not answered")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(cli::with_data(add))
        .subcommand(cli::with_data(list))
        .subcommand(cli::with_data(remove))
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let (verb, matches) = matches.subcommand().context("ban needs one of add, list, remove")?;
    let settings = settings::load(&cli::sources(matches))?;
    let dir = data::existing(&settings.data)?;
    block_on(async {
        let catalog = data::catalogue(&dir).await?;
        let outcome = async {
            if verb == "list" {
                for ban in catalog.bans().await? {
                    let note = ban.note.as_deref().unwrap_or_default();
                    println!("{}  {:<7}  {}  {note}", rfc3339(ban.created_at), ban.kind.as_str(), ban.value);
                }
                return Ok(());
            }
            let given = matches.get_one::<String>("value").context("what to ban")?;
            let values = values(&catalog, settings.http.base_url.as_deref(), given).await?;
            let note = if verb == "add" { matches.get_one::<String>("note").cloned() } else { None };
            match Lock::take(&dir) {
                Ok(_lock) => offline(&catalog, verb, values, note).await,
                Err(_) => online(&catalog, &dir, verb, values, note).await,
            }
        };
        let outcome = outcome.await;
        catalog.close().await.context("the catalogue did not close cleanly")?;
        outcome.map(|()| ExitCode::SUCCESS)
    })
}

/// What a text stands for: a hash, a network, or the content of an image, as it was received and as it is served.
async fn values(catalog: &Catalog, base_url: Option<&str>, given: &str) -> Result<Vec<(BanKind, String)>> {
    if let Ok(value) = abuse::parse_ban(given) {
        return Ok(vec![value]);
    }
    let Some(id) = operator::id_of_link(catalog, base_url, given).await? else {
        bail!("{given} is no SHA-256, address or network, and leads to no image of this server");
    };
    let image = catalog.image(id).await?.with_context(|| format!("there is no image {id}"))?;
    let mut values = vec![(BanKind::Content, image.received_hash.to_hex())];
    if let Some(blob) = image.blob.filter(|blob| blob.hash != image.received_hash) {
        values.push((BanKind::Content, blob.hash.to_hex()));
    }
    Ok(values)
}

async fn online(
    catalog: &Catalog,
    dir: &Path,
    verb: &str,
    values: Vec<(BanKind, String)>,
    note: Option<String>,
) -> Result<()> {
    let server = Server::running(catalog, dir).await?;
    for (kind, value) in values {
        if verb == "remove" {
            let path = format!("/api/v1/bans?value={}", utf8_percent_encode(&value, NON_ALPHANUMERIC));
            server.client.send("DELETE", &path, None, None).with_context(|| value.clone())?;
            println!("{value} is no longer banned");
            continue;
        }
        let body = json!({"value": value, "note": note}).to_string().into_bytes();
        let open = || Ok(Box::new(Cursor::new(body.clone())) as Box<dyn std::io::Read>);
        let payload =
            Payload { content_type: "application/json".to_owned(), len: body.len() as u64, open: &open };
        let answer = server
            .client
            .send("POST", "/api/v1/bans", None, Some(&payload))
            .with_context(|| value.clone())?;
        said(kind, &value, answer["deleted"].as_u64().unwrap_or(0));
    }
    server.leave(catalog).await
}

async fn offline(
    catalog: &Catalog,
    verb: &str,
    values: Vec<(BanKind, String)>,
    note: Option<String>,
) -> Result<()> {
    let now = Clock::System.now();
    for (kind, value) in values {
        if verb == "remove" {
            if !catalog.lift_ban(kind, value.clone()).await? {
                bail!("{value} is not banned; `tintype ban list` shows what is");
            }
            println!("{value} is no longer banned");
            continue;
        }
        abuse::ban(catalog, kind, value.clone(), note.clone(), now).await?;
        let images = match value.parse() {
            Ok(hash) => catalog.images_of_content(hash).await?,
            Err(_) => Vec::new(),
        };
        for id in &images {
            catalog.trash_image(*id, now).await?;
        }
        said(kind, &value, images.len() as u64);
    }
    Ok(())
}

fn said(kind: BanKind, value: &str, deleted: u64) {
    match kind {
        BanKind::Address => println!("{value} is banned"),
        BanKind::Content => println!("{value} is banned; {deleted} images of it were deleted"),
    }
}
