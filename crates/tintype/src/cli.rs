//! The command line.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::{
    commands,
    settings::{Setting, Sources, TABLE, load},
};

/// Reads the command line and does what it says.
pub(crate) fn run() -> Result<ExitCode> {
    let matches = command().get_matches();
    match matches.subcommand() {
        Some(("serve", matches)) => commands::serve::run(load(&sources(matches))?),
        Some(("token", matches)) => commands::token::run(matches),
        Some(("report", matches)) => commands::report::run(matches),
        Some(("ban", matches)) => commands::ban::run(matches),
        Some(("purge", matches)) => commands::purge::run(matches),
        Some(("doctor", matches)) => commands::doctor::run(matches),
        Some(("backup", matches)) => commands::backup::run(matches),
        Some(("restore", matches)) => commands::restore::run(matches),
        Some(("migrate", matches)) => commands::migrate::run(matches),
        Some(("check", matches)) => commands::check::run(matches),
        Some(("upload", matches)) => commands::upload::run(matches),
        Some(("sync", matches)) => commands::sync::run(matches),
        Some(("image", matches)) => commands::image::run(matches),
        Some(("config", matches)) => commands::config::run(matches),
        Some(("openapi", _)) => commands::openapi::run(),
        _ => unreachable!("clap lets no other subcommand through"),
    }
}

/// The whole command line, for parsing and for `--help`.
pub(crate) fn command() -> Command {
    Command::new("tintype")
        .about("An image host: a picture in, a link that lasts out")
        .version(concat!(env!("CARGO_PKG_VERSION"), " (", env!("TINTYPE_COMMIT"), ")"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(serve())
        .subcommand(commands::upload::command())
        .subcommand(commands::sync::command())
        .subcommand(commands::image::command())
        .subcommand(commands::report::command())
        .subcommand(commands::ban::command())
        .subcommand(commands::purge::command())
        .subcommand(commands::token::command())
        .subcommand(commands::backup::command())
        .subcommand(commands::restore::command())
        .subcommand(commands::migrate::command())
        .subcommand(commands::check::command())
        .subcommand(commands::doctor::command())
        .subcommand(commands::config::command())
        .subcommand(
            Command::new("openapi")
                .about("Prints the API's description (OpenAPI 3.1)")
                .after_help("Example:\n  tintype openapi > openapi.json"),
        )
}

fn serve() -> Command {
    let command = Command::new("serve").about("Runs the host").after_help(
        "Every setting may also stand in the environment or .env (TINTYPE_SECTION_KEY) or in tintype.toml ([section] key = value).\n\
         Order: flag, environment, .env, tintype.toml, default; `tintype config` shows what is in force. PORT in the environment listens on every address.\n\n\
         Examples:\n  tintype serve\n  tintype serve --domain images.example.org\n  tintype serve --data /srv/tintype --listen [::]:8080 --base-url https://img.example.org",
    );
    with_settings(command)
}

/// Adds a flag for every setting.
pub(crate) fn with_settings(command: Command) -> Command {
    TABLE.iter().fold(command.arg(config_file()), |command, setting| command.arg(flag(setting)))
}

fn config_file() -> Arg {
    Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("Settings file [default: ./tintype.toml, if it exists]")
}

/// Adds the flags of commands that work on the store alone.
pub(crate) fn with_data(command: Command) -> Command {
    let store = TABLE.iter().filter(|setting| setting.name.starts_with("store."));
    store.fold(command.arg(config_file()), |command, setting| command.arg(flag(setting)))
}

fn flag(setting: &Setting) -> Arg {
    let arg = Arg::new(setting.name)
        .value_name("VALUE")
        .help(format!("{} [default: {}]", setting.help, setting.default))
        .action(if setting.is_repeatable() { ArgAction::Append } else { ArgAction::Set })
        .allow_hyphen_values(false);
    match setting.short {
        Some(short) => arg.long(short).alias(setting.flag()),
        None => arg.long(setting.flag()),
    }
}

/// Where the settings of a command come from.
pub(crate) fn sources(matches: &ArgMatches) -> Sources {
    let flag = |name: &'static str| {
        let values = matches.try_get_many::<String>(name).ok().flatten()?;
        Some((name, values.map(String::as_str).collect::<Vec<_>>().join(",")))
    };
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Sources {
        flags: TABLE.iter().filter_map(|setting| flag(setting.name)).collect(),
        environment,
        file: matches.get_one::<String>("config").map(Into::into),
        folder: std::env::current_dir().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}
