//! `tintype token create`, `renew`, `list`, `revoke`

use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use tintype_app::{clock::Clock, token};
use tintype_catalog::{Catalog, CatalogError, Constraint};
use tintype_types::{Scopes, UnixMillis, secret::ApiToken};

use super::block_on;
use crate::{cli, data, settings};

pub(crate) fn command() -> Command {
    let create = Command::new("create")
        .about("Makes a token and prints it, once")
        .arg(Arg::new("name").long("name").value_name("NAME").required(true).help("What the token is for"))
        .arg(
            Arg::new("scope")
                .long("scope")
                .value_name("SCOPE")
                .action(ArgAction::Append)
                .value_delimiter(',')
                .help("What it may do: upload, read, delete, paths, admin [default: upload,read,delete]"),
        )
        .arg(
            Arg::new("expires")
                .long("expires")
                .value_name("LIFE")
                .help("When it ends, such as 90d [default: never]"),
        )
        .after_help(
            "Example:\n  tintype token create --name laptop --scope upload,read,paths --expires 365d",
        );
    let renew = Command::new("renew")
        .about("Gives a token a new secret in the place of the old one, and prints it, once")
        .arg(Arg::new("token").value_name("NAME or NUMBER").required(true).help("As token list shows it"))
        .arg(
            Arg::new("expires")
                .long("expires")
                .value_name("LIFE")
                .help("When the new one ends, such as 90d [default: after as long as the old one]"),
        )
        .after_help(
            "Name and scopes stay, and so does whose images they are. The old secret ends at once.\n\
             A token that has expired or was revoked counts again, with its new secret alone.\n\n\
             Example:\n  tintype token renew blog --expires 365d",
        );
    let list = Command::new("list")
        .about("Lists the tokens, without their secrets")
        .after_help("Example:\n  tintype token list");
    let revoke = Command::new("revoke")
        .about("Ends a token at once")
        .arg(Arg::new("token").value_name("NAME or NUMBER").required(true).help("As token list shows it"))
        .after_help("Example:\n  tintype token revoke laptop");
    Command::new("token")
        .about("API tokens")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(cli::with_data(create))
        .subcommand(cli::with_data(renew))
        .subcommand(cli::with_data(list))
        .subcommand(cli::with_data(revoke))
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let (verb, matches) = matches.subcommand().context("token needs one of create, renew, list, revoke")?;
    let settings = settings::load(&cli::sources(matches))?;
    block_on(async {
        let catalog = data::catalogue(&data::existing(&settings.data)?).await?;
        let code = match verb {
            "create" => create(&catalog, matches).await,
            "renew" => renew(&catalog, matches).await,
            "list" => list(&catalog).await,
            _ => revoke(&catalog, matches).await,
        };
        catalog.close().await.context("the catalogue did not close cleanly")?;
        code
    })
}

async fn create(catalog: &Catalog, matches: &ArgMatches) -> Result<ExitCode> {
    let name = matches.get_one::<String>("name").context("--name is missing")?.trim().to_owned();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        bail!("--name takes 1 to 100 characters of plain text");
    }
    let scopes = match matches.get_many::<String>("scope") {
        Some(words) => words.map(String::as_str).collect::<Vec<_>>().join(","),
        None => "upload,read,delete".to_owned(),
    };
    let scopes: Scopes = scopes.parse()?;
    match token::create(catalog, &Clock::System, name.clone(), scopes, life(matches)?).await {
        Ok((_, secret)) => show(&secret),
        Err(CatalogError::Conflict(Constraint::TokenNameTaken)) => bail!(
            "there is a token {name} already, and where it has expired its images are its own still: `tintype token renew {name}` \
             gives it a new secret; or choose another name, or revoke that token first"
        ),
        Err(error) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}

async fn renew(catalog: &Catalog, matches: &ArgMatches) -> Result<ExitCode> {
    let name = matches.get_one::<String>("token").context("name the token")?;
    match token::renew(catalog, &Clock::System, name, life(matches)?).await {
        Ok(Some((token, secret))) => {
            show(&secret);
            let end = token.expires_at.map_or_else(String::new, |end| format!(", until {}", day(end)));
            eprintln!("It stands for the token {}{end}; the one before has ended.", token.name);
            Ok(ExitCode::SUCCESS)
        }
        Ok(None) => Err(unknown(name)),
        Err(CatalogError::Conflict(Constraint::TokenNameTaken)) => bail!(
            "the token {name} was revoked, and another one has its name by now: revoke that one first; `tintype token list` shows both"
        ),
        Err(error) => Err(error.into()),
    }
}

fn life(matches: &ArgMatches) -> Result<Option<i64>> {
    let life = matches.get_one::<String>("expires");
    Ok(life.map(|life| tintype_app::text::expires_in(life)).transpose()?)
}

fn show(secret: &ApiToken) {
    println!("{}", secret.expose());
    eprintln!("This is shown once. Send it as: Authorization: Bearer {}…", &secret.expose()[..9]);
}

fn unknown(name: &str) -> anyhow::Error {
    anyhow!("no token is called {name}; `tintype token list` shows those that exist")
}

async fn list(catalog: &Catalog) -> Result<ExitCode> {
    let now = Clock::System.now();
    println!("{:<6} {:<24} {:<28} {:<12} {:<12} state", "number", "name", "scopes", "created", "last used");
    for token in token::list(catalog).await? {
        let state = match (token.revoked_at, token.expires_at) {
            (Some(_), _) => "revoked".to_owned(),
            (None, Some(end)) if end <= now => "expired".to_owned(),
            (None, Some(end)) => format!("until {}", day(end)),
            (None, None) => "valid".to_owned(),
        };
        let used = token.last_used_at.map_or_else(|| "never".to_owned(), day);
        let scopes = token.scopes.to_string();
        println!(
            "{:<6} {:<24} {scopes:<28} {:<12} {used:<12} {state}",
            token.id,
            token.name,
            day(token.created_at)
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(catalog: &Catalog, matches: &ArgMatches) -> Result<ExitCode> {
    let name = matches.get_one::<String>("token").context("name the token")?;
    match token::revoke(catalog, name, Clock::System.now()).await? {
        Some(token) => {
            println!("revoked {} ({})", token.id, token.name);
            Ok(ExitCode::SUCCESS)
        }
        None => Err(unknown(name)),
    }
}

fn day(time: UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(time.0)
        .map_or_else(|_| "?".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}
