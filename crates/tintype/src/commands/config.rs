//! `tintype config`

use std::{fmt::Write as _, process::ExitCode};

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;

use crate::{
    cli,
    settings::{Settings, TABLE, contradiction, doubts, load},
};

pub(crate) fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let command = Command::new("config")
        .about("Shows every setting in force and where it was given")
        .arg(flag("sample", "Print a tintype.toml with every setting, commented out").conflicts_with("json"))
        .arg(flag("json", "Print JSON"))
        .after_help(
            "Takes the flags of serve, to try what they would do.\n\nExamples:\n  tintype config\n  tintype config --sample > tintype.toml",
        );
    cli::with_settings(command)
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    if matches.get_flag("sample") {
        print!("{}", sample());
        return Ok(ExitCode::SUCCESS);
    }
    let settings = load(&cli::sources(matches))?;
    for words in contradiction(&settings).into_iter().chain(doubts(&settings)) {
        eprintln!("{words}");
    }
    if matches.get_flag("json") {
        let all: Vec<_> = in_force(&settings)
            .map(|(name, value, place)| json!({"name": name, "value": value, "from": place}))
            .collect();
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        print!("{}", table(&settings));
    }
    Ok(ExitCode::SUCCESS)
}

/// Name, value and place of every setting.
fn in_force(settings: &Settings) -> impl Iterator<Item = (&'static str, String, String)> {
    TABLE.iter().map(|setting| match settings.given.get(setting.name) {
        Some(given) => (setting.name, setting.shown(&given.value).into_owned(), given.place.clone()),
        None => match settings.port {
            Some(port) if setting.name == "server.listen" => {
                (setting.name, format!("[::]:{port}"), settings.port_place.clone())
            }
            _ => (setting.name, setting.default.to_owned(), "default".to_owned()),
        },
    })
}

fn table(settings: &Settings) -> String {
    let all: Vec<_> = in_force(settings).collect();
    let width =
        |column: fn(&(&'static str, String, String)) -> usize| all.iter().map(column).max().unwrap_or(0);
    let (names, values) = (width(|row| row.0.len()), width(|row| row.1.chars().count()));
    let mut text = String::new();
    for (name, value, place) in &all {
        let _ = writeln!(text, "{name:names$}  {value:values$}  {place}");
    }
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        if let Some(value) = settings.store.credential(name).filter(|_| settings.store.s3().is_some()) {
            let shown: String = value.chars().take(4).collect();
            let shown =
                if name == "AWS_ACCESS_KEY_ID" { format!("{shown}…") } else { "(not shown)".to_owned() };
            let _ = writeln!(text, "{name:names$}  {shown:values$}  in the environment or .env");
        }
    }
    text
}

/// A settings file in which every line is a comment.
fn sample() -> String {
    let mut text = String::from(
        "# Settings of Tintype. Every line is a comment: what stands behind the # is the default, or an example where the\n\
         # default is no value. `tintype config` shows what is in force and where it was given.\n",
    );
    let mut section = "";
    for setting in TABLE {
        let (of, key) = setting.name.split_once('.').unwrap_or(("", setting.name));
        if of != section {
            section = of;
            let _ = write!(text, "\n[{section}]\n");
        }
        let _ = match setting.sample {
            None => write!(text, "# {}.\n# {key} = {}\n", setting.help, quoted(setting.default)),
            Some(sample) => {
                write!(
                    text,
                    "# {}. Default: {}.\n# {key} = {}\n",
                    setting.help,
                    setting.default,
                    quoted(sample)
                )
            }
        };
    }
    text
}

/// A value as TOML has it: numbers plain, all else in quotes.
fn quoted(value: &str) -> String {
    if value.parse::<u64>().is_ok() { value.to_owned() } else { format!("{value:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Sources;

    #[test]
    fn the_sample_is_valid_and_so_is_every_line_of_it() {
        let text = sample();
        text.parse::<toml::Table>().expect("the sample is TOML");
        let is_setting = |line: &str| {
            line.split_once(" = ")
                .is_some_and(|(key, _)| key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        };
        let taken: String = text
            .lines()
            .filter_map(|line| match line.strip_prefix("# ") {
                None => Some(format!("{line}\n")),
                Some(line) => is_setting(line).then(|| format!("{line}\n")),
            })
            .collect();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("tintype.toml"), taken).unwrap();
        // Credentials are no settings, and a bucket needs some.
        let keys =
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| (name.to_owned(), "x".to_owned()));
        let folder = dir.path().to_owned();
        let settings = load(&Sources { folder, environment: keys.to_vec(), ..Sources::default() }).unwrap();
        assert_eq!(settings.given.len(), TABLE.len());
    }

    #[test]
    fn the_table_says_where_each_was_given() {
        let sources = Sources {
            flags: vec![("upload.who", "token".to_owned())],
            environment: vec![("PORT".to_owned(), "3000".to_owned())],
            folder: "/nowhere".into(),
            ..Sources::default()
        };
        let text = table(&load(&sources).unwrap());
        let line = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(line("upload.who "), "upload.who token on the command line");
        assert_eq!(line("server.listen "), "server.listen [::]:3000 PORT in the environment");
        assert_eq!(line("trash.keep "), "trash.keep 30d default");
    }
}
