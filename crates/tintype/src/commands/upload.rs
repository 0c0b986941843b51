//! `tintype upload`

use std::{
    collections::BTreeSet,
    fs::File,
    io::{Cursor, IsTerminal as _, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command, builder::PossibleValuesParser};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tintype_types::MediaType;

use crate::client::{self, Client, Payload, encode, fresh_key, hex, read_all, sha256_of, slashed};

/// Most bytes of a picture on the standard input, which is kept in memory to be sent again.
const STDIN_BYTES_MAX: u64 = 256 << 20;

pub(crate) fn command() -> Command {
    Command::new("upload")
        .about("Uploads files and folders to a server and prints their links")
        .arg(
            Arg::new("files")
                .value_name("FILE")
                .required(true)
                .num_args(1..)
                .help("Pictures, folders with pictures, or - for one picture on the standard input"),
        )
        .args(server())
        .arg(option("path", "FOLDER/", "Publish at named paths below this folder, replacing what is there; needs a token with scope paths"))
        .arg(
            option("format", "FORMAT", "What to print for each: link, markdown, html, bbcode or page")
                .value_parser(PossibleValuesParser::new(["link", "markdown", "html", "bbcode", "page"]))
                .default_value("link"),
        )
        .arg(option("title", "TEXT", "A title for every picture"))
        .arg(option("visibility", "WHO", "public, unlisted or private [default: as what it replaces, else unlisted]"))
        .arg(option("expires-in", "LIFE", "When they end, such as 7d [default: never]"))
        .arg(Arg::new("keep-metadata").long("keep-metadata").action(ArgAction::SetTrue).help("Publish EXIF and the like too"))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print one JSON object a file: the server's answer, or what was wrong"))
        .after_help(
            "Exit status: 0 when every file was uploaded, 1 when any was not. Links go to the standard output, one a line, in the\n\
             order of the files; everything else to the standard error. A broken connection and a busy server are tried again.\n\n\
             Examples:\n  tintype upload sunset.jpg\n  tintype upload --format markdown *.png\n  \
             tintype upload --to https://img.example.org --path blog/2026/ ./pictures\n  \
             grim - | tintype upload -",
        )
}

/// Which server, and by which right.
pub(super) fn server() -> [Arg; 2] {
    const TOKEN: &str = "An API token; better in the environment, where other users do not see it";
    [
        option("to", "URL", "The server")
            .value_parser(crate::settings::site_url)
            .default_value("http://127.0.0.1:8080")
            .env("TINTYPE_TO"),
        option("token", "TOKEN", TOKEN).env("TINTYPE_TOKEN").hide_env_values(true),
    ]
}

pub(super) fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

/// What a file is said to be that goes straight to the object storage: the server tells its type by its content.
const DIRECT_TYPE: &str = "application/octet-stream";

/// One file to upload.
struct Item {
    /// As people named it.
    shown: String,
    /// The name that goes with it.
    name: String,
    /// Where it stands below the folder that was named, for named paths.
    below: String,
    source: Source,
}

enum Source {
    File(PathBuf),
    Memory(Vec<u8>),
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let token = text("token").map(|token| client::token(&token)).transpose()?;
    let client = Client::new(&text("to").unwrap_or_default(), token);
    let named: Vec<&String> = matches.get_many("files").into_iter().flatten().collect();
    let items = gather(&named)?;
    if items.is_empty() {
        bail!(
            "there is no picture in {}",
            named.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
        );
    }
    let bar = progress(&items)?;
    let mut failed = 0;
    for item in &items {
        bar.set_message(item.shown.clone());
        let outcome = upload(&client, matches, item, &bar);
        bar.suspend(|| failed += usize::from(!report(matches, item, outcome)));
    }
    bar.finish_and_clear();
    if failed > 0 {
        eprintln!("{failed} of {} files were not uploaded", items.len());
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints what became of a file; whether it was uploaded.
fn report(matches: &ArgMatches, item: &Item, outcome: Result<Value>) -> bool {
    let as_json = matches.get_flag("json");
    match outcome {
        Ok(image) if as_json => println!("{image}"),
        Ok(image) => {
            let format = matches.get_one::<String>("format").map_or("link", String::as_str);
            let pointer = match format {
                "page" => "/links/page",
                "link" if image["links"]["path"].is_string() => "/links/path",
                "link" => "/links/image",
                "markdown" => "/embed/markdown",
                "html" => "/embed/html",
                _ => "/embed/bbcode",
            };
            println!("{}", image.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
        }
        Err(error) => {
            if as_json {
                println!("{}", json!({"file": item.shown, "error": format!("{error:#}")}));
            }
            eprintln!("{}: {error:#}", item.shown);
            return false;
        }
    }
    true
}

fn upload(client: &Client, matches: &ArgMatches, item: &Item, bar: &ProgressBar) -> Result<Value> {
    let text = |name: &str| matches.get_one::<String>(name);
    let mut query = format!("keep_metadata={}", matches.get_flag("keep-metadata"));
    for (name, option) in [("visibility", "visibility"), ("title", "title"), ("expires_in", "expires-in")] {
        if let Some(value) = text(option) {
            query.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    let key = fresh_key();
    let begun = bar.position();
    let open = |head: Vec<u8>, tail: Vec<u8>| -> Result<Box<dyn Read>> {
        bar.set_position(begun);
        let body: Box<dyn Read> = match &item.source {
            Source::File(path) => {
                Box::new(File::open(path).with_context(|| format!("cannot open {}", path.display()))?)
            }
            Source::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
        };
        Ok(Box::new(Cursor::new(head).chain(bar.wrap_read(body)).chain(Cursor::new(tail))))
    };
    let len = item.source.len()?;
    if let Some(folder) = text("path") {
        let path = format!("/api/v1/files/{}{}?{query}", encode(&slashed(folder)), encode(&item.below));
        let open = || open(Vec::new(), Vec::new());
        let payload = Payload { content_type: "application/octet-stream".to_owned(), len, open: &open };
        return client.send("PUT", &path, Some(&key), Some(&payload));
    }
    if client.takes_direct() {
        let open = || open(Vec::new(), Vec::new());
        let payload = Payload { content_type: DIRECT_TYPE.to_owned(), len, open: &open };
        if let Some(image) = direct(client, matches, item, &payload)? {
            return Ok(image);
        }
    }
    // A form, because only a form carries the file's name.
    let boundary = format!("tintype-{key}");
    let name = item.name.replace('"', "%22").replace(['\r', '\n'], " ");
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let whole = len + head.len() as u64 + tail.len() as u64;
    let open = || open(head.clone().into_bytes(), tail.clone().into_bytes());
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let payload = Payload { content_type, len: whole, open: &open };
    client.send("POST", &format!("/api/v1/images?{query}"), Some(&key), Some(&payload))
}

/// Sends a file straight to the server's object storage and has it published; `None` where the storage does not take it
/// from here.
///
/// # Errors
/// The server's refusal, as of any upload.
fn direct(
    client: &Client,
    matches: &ArgMatches,
    item: &Item,
    payload: &Payload<'_>,
) -> Result<Option<Value>> {
    let ask = |path: &str, body: &Value| {
        let text = body.to_string();
        let open = || -> Result<Box<dyn Read>> { Ok(Box::new(Cursor::new(text.clone().into_bytes()))) };
        let len = text.len() as u64;
        client.send(
            "POST",
            path,
            None,
            Some(&Payload { content_type: "application/json".to_owned(), len, open: &open }),
        )
    };
    let sha256 = item.source.sha256()?;
    let wanted =
        json!({"filename": item.name, "contentType": DIRECT_TYPE, "size": payload.len, "sha256": sha256});
    let begun = ask("/uploads/init", &wanted)?;
    let url = begun["uploadURL"].as_str().context("the server gave no address to send the file to")?;
    if let Err(error) = client.put_elsewhere(url, &begun["headers"], payload) {
        eprintln!("the object storage does not take files from here ({error:#}); they go through the server");
        client.forgo_direct();
        return Ok(None);
    }
    let mut body = json!({"uploadId": begun["uploadId"]});
    for (field, name) in [("visibility", "visibility"), ("title", "title"), ("expires_in", "expires-in")] {
        if let Some(value) = matches.get_one::<String>(name) {
            body[field] = json!(value);
        }
    }
    body["keep_metadata"] = json!(matches.get_flag("keep-metadata"));
    ask("/uploads/complete", &body).map(Some)
}

impl Source {
    /// SHA-256 of the bytes as 64 hex digits.
    fn sha256(&self) -> Result<String> {
        match self {
            Self::Memory(bytes) => Ok(hex(&Sha256::digest(bytes))),
            Self::File(path) => sha256_of(path),
        }
    }

    fn len(&self) -> Result<u64> {
        match self {
            Self::File(path) => {
                Ok(path.metadata().with_context(|| format!("cannot read {}", path.display()))?.len())
            }
            Self::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }
}

/// A bar over all bytes on a terminal; nothing elsewhere, where the links are the progress.
fn progress(items: &[Item]) -> Result<ProgressBar> {
    let mut bytes = 0;
    for item in items {
        bytes += item.source.len()?;
    }
    bar_over(bytes)
}

/// A bar over so many bytes, which is drawn on a terminal alone.
pub(super) fn bar_over(bytes: u64) -> Result<ProgressBar> {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    let style = ProgressStyle::with_template(
        "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left  {wide_msg}",
    );
    bar.set_style(style.context("the bar's template")?);
    Ok(bar)
}

/// The files that were named, and those in folders, each folder in the order of its names. What a folder holds beside
/// pictures is left out; a file that was named goes to the server whatever it is.
fn gather(named: &[&String]) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for name in named {
        let path = Path::new(name);
        if name.as_str() == "-" {
            let bytes = read_all(std::io::stdin().lock(), STDIN_BYTES_MAX)?;
            let name = "stdin".to_owned();
            items.push(Item {
                shown: name.clone(),
                below: name.clone(),
                name,
                source: Source::Memory(bytes),
            });
        } else if path.is_dir() {
            let mut found = BTreeSet::new();
            walk(path, &mut found).with_context(|| format!("cannot read the folder {name}"))?;
            items.extend(found.into_iter().map(|file| item(&file, file.strip_prefix(path).unwrap_or(&file))));
        } else if path.exists() {
            items.push(item(path, Path::new(path.file_name().unwrap_or(path.as_os_str()))));
        } else {
            bail!("{name} does not exist");
        }
    }
    Ok(items)
}

fn item(file: &Path, below: &Path) -> Item {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let below = below.to_string_lossy().into_owned();
    Item { shown: file.display().to_string(), name, below, source: Source::File(file.to_owned()) }
}

fn walk(folder: &Path, found: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && !hidden {
            walk(&path, found)?;
        } else if !hidden && kind.is_file() && is_picture(&path) {
            found.insert(path);
        }
    }
    Ok(())
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    extension.and_then(|extension| MediaType::from_extension(&extension)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_give_their_pictures_in_order() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("b/.git")).unwrap();
        for name in ["z.JPG", "a.png", "b/c.webp", "b/notes.txt", "b/.hidden.png", "b/.git/x.png"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let named = dir.path().to_string_lossy().into_owned();
        let items = gather(&[&named]).unwrap();
        assert_eq!(
            items.iter().map(|item| item.below.as_str()).collect::<Vec<_>>(),
            ["a.png", "b/c.webp", "z.JPG"]
        );
        assert!(gather(&[&format!("{named}/missing.png")]).is_err());
    }
}
