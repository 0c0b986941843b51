//! `tintype image list`, `show`, `delete`, `restore`: the operator's hand.
//!
//! Reading works on the catalogue beside a running server. Whatever changes an image goes through the running server, which
//! has pictures in memory, and straight into the catalogue where none runs.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;
use tintype_app::{Image, clock::Clock, operator};
use tintype_types::ImageId;

use super::{block_on, rfc3339};
use crate::{
    cli,
    data::{self, Lock},
    operate::Server,
    settings,
};

pub(crate) fn command() -> Command {
    let links = || {
        Arg::new("links").value_name("LINK").required(true).num_args(1..).help("Links, ids or named paths")
    };
    let json =
        || Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON, one object a line");
    let list = Command::new("list")
        .about("Lists the newest images of everybody")
        .arg(
            Arg::new("count")
                .long("count")
                .value_name("N")
                .value_parser(clap::value_parser!(u32).range(1..=100_000))
                .default_value("50")
                .help("How many"),
        )
        .arg(json())
        .after_help("Example:\n  tintype image list --count 10");
    let show = Command::new("show")
        .about("Tells everything about images: whose they are, when they came, where their bytes lie")
        .arg(links())
        .arg(json())
        .after_help("The address that an upload came from stands in the access log: search it for the id.\n\nExample:\n  tintype image show https://img.example.org/i/9f3kQ2mZ7xWb4TnRa.jpg");
    let delete = Command::new("delete")
        .about("Deletes images, whoever owns them; they can be restored until trash.keep is over")
        .arg(links())
        .arg(
            Arg::new("now")
                .long("now")
                .action(ArgAction::SetTrue)
                .help("For good: the bytes are removed at once, as far as no other image shares them"),
        )
        .after_help("Example:\n  tintype image delete --now https://img.example.org/p/9f3kQ2mZ7xWb4TnRa");
    let restore = Command::new("restore")
        .about("Takes deleted images back")
        .arg(links())
        .after_help("Example:\n  tintype image restore 9f3kQ2mZ7xWb4TnRa");
    Command::new("image")
        .about("The images of a server, for its operator")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(cli::with_data(list))
        .subcommand(cli::with_data(show))
        .subcommand(cli::with_data(delete))
        .subcommand(cli::with_data(restore))
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let (verb, matches) = matches.subcommand().context("image needs one of list, show, delete, restore")?;
    let settings = settings::load(&cli::sources(matches))?;
    let dir = data::existing(&settings.data)?;
    block_on(async {
        let (catalog, blobs) = data::open(&dir, settings.store.s3().as_ref()).await?;
        let outcome = async {
            if verb == "list" {
                let count = *matches.get_one::<u32>("count").unwrap_or(&50);
                for image in catalog.newest_images(count).await? {
                    println!(
                        "{}",
                        if matches.get_flag("json") { as_json(&image).to_string() } else { line(&image) }
                    );
                }
                return Ok(true);
            }
            let links: Vec<&String> = matches.get_many("links").into_iter().flatten().collect();
            let ids = resolve(&catalog, settings.http.base_url.as_deref(), &links).await?;
            if verb == "show" {
                for id in ids {
                    show(&catalog, id, matches.get_flag("json")).await?;
                }
                return Ok(true);
            }
            let change = Change { verb, for_good: verb == "delete" && matches.get_flag("now") };
            match Lock::take(&dir) {
                Ok(_lock) => {
                    let since = Clock::System.now().minus_seconds(settings.app.trash_keep);
                    for id in ids {
                        change.offline(&catalog, &blobs, id, since).await?;
                    }
                }
                Err(_) => {
                    let server = Server::running(&catalog, &dir).await?;
                    ids.into_iter().try_for_each(|id| change.online(&server, id))?;
                    server.leave(&catalog).await?;
                }
            }
            Ok(true)
        };
        let outcome = outcome.await;
        catalog.close().await.context("the catalogue did not close cleanly")?;
        outcome.map(|_: bool| ExitCode::SUCCESS)
    })
}

struct Change<'a> {
    verb: &'a str,
    for_good: bool,
}

impl Change<'_> {
    fn online(&self, server: &Server, id: ImageId) -> Result<()> {
        let (method, path) = match self.verb {
            "restore" => ("POST", format!("/api/v1/images/{id}/restore")),
            _ if self.for_good => ("DELETE", format!("/api/v1/images/{id}?now=true")),
            _ => ("DELETE", format!("/api/v1/images/{id}")),
        };
        server.client.send(method, &path, None, None).with_context(|| id.to_string())?;
        self.say(id);
        Ok(())
    }

    async fn offline(
        &self,
        catalog: &tintype_catalog::Catalog,
        blobs: &tintype_blob::BlobStore,
        id: ImageId,
        since: tintype_types::UnixMillis,
    ) -> Result<()> {
        if self.verb == "restore" {
            operator::restore(catalog, id, since).await.with_context(|| id.to_string())?;
        } else {
            operator::delete(catalog, blobs, id, Clock::System.now(), self.for_good)
                .await
                .with_context(|| id.to_string())?;
        }
        self.say(id);
        Ok(())
    }

    fn say(&self, id: ImageId) {
        match (self.verb, self.for_good) {
            ("restore", _) => println!("{id} is back"),
            (_, true) => println!("{id} is deleted for good"),
            (_, false) => println!("{id} is deleted; `tintype image restore {id}` takes it back"),
        }
    }
}

/// The ids behind links: of a picture, a page or a variant, of a named path, or bare.
async fn resolve(
    catalog: &tintype_catalog::Catalog,
    base_url: Option<&str>,
    links: &[&String],
) -> Result<Vec<ImageId>> {
    let mut ids = Vec::new();
    for link in links {
        match operator::id_of_link(catalog, base_url, link).await? {
            Some(id) => ids.push(id),
            None => bail!("{link} leads to no image of this server; give a link, an id or a named path"),
        }
    }
    Ok(ids)
}

fn state(image: &Image) -> &'static str {
    match (image.purged_at, image.deleted_at) {
        (Some(_), _) => "deleted for good",
        (None, Some(_)) => "deleted",
        (None, None) => image.visibility.as_str(),
    }
}

fn line(image: &Image) -> String {
    format!(
        "{}  {}  {:>10}  {:<9}  {}",
        image.id,
        rfc3339(image.created_at),
        image.blob.as_ref().map_or(0, |blob| blob.bytes),
        state(image),
        image.path.as_deref().or(image.file_name.as_deref()).unwrap_or("-")
    )
}

fn as_json(image: &Image) -> serde_json::Value {
    json!({
        "id": image.id.to_string(),
        "created_at": rfc3339(image.created_at),
        "owner": image.owner.0,
        "state": state(image),
        "file_name": image.file_name,
        "title": image.title,
        "path": image.path,
        "media_type": image.media_type.mime(),
        "width": image.width,
        "height": image.height,
        "bytes": image.blob.as_ref().map(|blob| blob.bytes),
        "received_sha256": image.received_hash.to_string(),
        "file": image.blob.as_ref().map(|blob| format!("originals/{}/{}", blob.key.fan_out(), blob.key)),
        "deleted_at": image.deleted_at.map(rfc3339),
        "expires_at": image.expires_at.map(rfc3339),
    })
}

async fn show(catalog: &tintype_catalog::Catalog, id: ImageId, as_one_line: bool) -> Result<()> {
    let image = catalog.image(id).await?.with_context(|| format!("there is no image {id}"))?;
    let mut record = as_json(&image);
    let tokens = catalog.tokens().await?;
    let token = tokens.iter().find(|token| token.owner == image.owner);
    record["uploaded_by"] = match token {
        Some(token) => format!("the token {}", token.name).into(),
        None => "a browser, or nobody in particular".into(),
    };
    if as_one_line {
        println!("{record}");
    } else if let Some(members) = record.as_object() {
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            println!("{name:16} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        println!();
    }
    Ok(())
}
