//! `tintype sync`

mod local;
mod plan;

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{Cursor, Read},
    path::Path,
    process::ExitCode,
    rc::Rc,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context as _, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command, builder::PossibleValuesParser, value_parser};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tintype_app::text;

use self::{
    local::{Accepted, Found, Local, walk},
    plan::{Plan, Remote, plan, to_hash},
};
use super::upload::{bar_over, option, server};
use crate::client::{self, Client, Payload, Refused, encode, fresh_key, sha256_of, slashed};

/// Files that the server is asked for at a time, the most that it gives.
const LIST_PAGE: u32 = 1_000;

pub(crate) fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    Command::new("sync")
        .about("Makes a folder of named paths on a server equal to a folder here")
        .arg(Arg::new("source").value_name("SOURCE").required(true).help("The folder here"))
        .arg(
            Arg::new("folder")
                .value_name("FOLDER/")
                .required(true)
                .help("The folder of named paths, such as blog/; / for the root"),
        )
        .args(server())
        .arg(flag("delete", "Delete files of the server that are gone here, which can be restored, and move those that were renamed"))
        .arg(flag("dry-run", "Say what would be done, and do nothing"))
        .arg(
            option("jobs", "NUMBER", "Uploads at a time, 1 to 32")
                .value_parser(value_parser!(u32).range(1..=32))
                .default_value("4"),
        )
        .arg(
            option("visibility", "WHO", "Of what is uploaded: public, unlisted or private [default: as what it replaces, else unlisted]")
                .value_parser(PossibleValuesParser::new(["public", "unlisted", "private"])),
        )
        .arg(flag("keep-metadata", "Publish EXIF and the like too"))
        .after_help(
            "Uploads what is new or changed, by SHA-256. Nothing of the server is taken away without --delete: with it, what was renamed\n\
             is moved, and its old link redirects. Needs a token with the scopes upload, paths and read; with --delete also delete.\n\
             Hidden files and symbolic links are passed over.\n\n\
             Exit status: 0 when the server has what the folder has, 1 when anything failed; the rest is done all the same.\n\n\
             Examples:\n  tintype sync ./pictures blog/\n  \
             tintype sync --to https://img.example.org --delete --dry-run ./pictures blog/",
        )
}

/// What is synchronised with what.
struct Sync<'a> {
    matches: &'a ArgMatches,
    to: String,
    token: Option<String>,
    /// How many things went wrong.
    failed: AtomicUsize,
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let to = text("to").unwrap_or_default();
    let token = text("token").map(|token| client::token(&token)).transpose()?;
    let sync = Sync { matches, to, token, failed: AtomicUsize::new(0) };
    let source = text("source").unwrap_or_default();
    let folder = slashed(&text("folder").unwrap_or_default());
    if let Err(invalid) = text::named_folder(&folder) {
        bail!("{folder} is no folder for pictures: its {invalid}");
    }
    let client = sync.client();
    let found = walk(Path::new(&source), &folder, &accepted(&client)?)?;
    if found.pictures.is_empty() && matches.get_flag("delete") {
        bail!(
            "there is no picture in {source}, and --delete would delete all of {folder}: is it the right folder?"
        );
    }
    let remote = list(&client, &folder)?;
    sync.tell_of(&found);
    let plan = sync.compare(&found, &remote);
    sync.carry_out(&client, plan, &found)
}

/// What the server takes.
fn accepted(client: &Client) -> Result<Accepted> {
    let config = client.send("GET", "/api/v1/config", None, None)?;
    let upload = &config["upload"];
    let types = upload["accepted"].as_array().context("the server does not say which pictures it takes")?;
    let names = types.iter().filter_map(|media| media["extensions"].as_array()).flatten();
    let extensions = names.filter_map(|name| name.as_str().map(str::to_owned)).collect();
    Ok(Accepted { extensions, bytes_max: upload["bytes_max"].as_u64().unwrap_or(u64::MAX) })
}

/// What the server has in a folder and below it.
fn list(client: &Client, folder: &str) -> Result<BTreeMap<String, Remote>> {
    let (mut all, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let query = format!("recursive=true&limit={LIST_PAGE}{cursor}");
        let page = client.send("GET", &format!("/api/v1/files/{}?{query}", encode(folder)), None, None)?;
        for file in page["files"]
            .as_array()
            .context("the server's list has no files; is it older than this program?")?
        {
            let text = |name: &str| {
                file[name].as_str().map(str::to_owned).context("the server's list lacks a member")
            };
            let bytes = file["received_bytes"].as_u64().context("the server's list lacks received_bytes")?;
            all.insert(text("path")?, Remote { bytes, sha256: text("received_sha256")? });
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", encode(next)),
            None => return Ok(all),
        }
    }
}

impl Sync<'_> {
    /// A connection of its own, for one thread.
    fn client(&self) -> Client {
        Client::new(&self.to, self.token.clone())
    }

    fn is(&self, flag: &str) -> bool {
        self.matches.get_flag(flag)
    }

    fn fail(&self, what: &str, error: &anyhow::Error) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        eprintln!("{what}: {error:#}");
    }

    /// Names what stays here, and why.
    fn tell_of(&self, found: &Found) {
        for (file, why) in &found.skipped {
            eprintln!("skipped: {}: {why}", file.display());
        }
        for (file, why) in &found.refused {
            self.fail(&file.display().to_string(), &anyhow::anyhow!("{why}"));
        }
    }

    /// Reads what may be equal, and says what has to be done.
    fn compare(&self, found: &Found, remote: &BTreeMap<String, Remote>) -> Plan {
        let sizes = found.pictures.iter().map(|(path, local)| (path.clone(), local.bytes)).collect();
        let named = to_hash(&sizes, &found.present, remote);
        let hashed = self.each(&named, |_, path| {
            // What cannot be read is told when it is uploaded.
            sha256_of(&found.pictures[*path].file).ok().map(|hash| ((*path).clone(), hash))
        });
        let plan = plan(&sizes, &hashed.into_iter().flatten().collect(), &found.present, remote);
        // What is on the server alone may be another folder's: a move takes it away as a deletion does.
        if self.is("delete") && !found.unread { plan } else { plan.without_moves() }
    }

    fn carry_out(&self, client: &Client, mut plan: Plan, found: &Found) -> Result<ExitCode> {
        let (moved, uploaded, deleted);
        if self.is("dry-run") {
            plan.moves.iter().for_each(|(from, to)| println!("would move {from} to {to}"));
            plan.upload.iter().for_each(|path| println!("would upload {path}"));
            let gone = self.to_delete(&plan.gone, found);
            gone.iter().for_each(|path| println!("would delete {path}"));
            (moved, uploaded, deleted) = (plan.moves.len(), plan.upload.len(), gone.len());
            println!("Nothing was changed. It would be:");
        } else {
            let asked = plan.moves.len();
            plan.moves.retain(|(from, to)| !self.move_one(client, from, to));
            moved = asked - plan.moves.len();
            // What could not be moved is uploaded after all, and then its old path is gone like any other.
            plan.upload.extend(plan.moves.iter().map(|(_, to)| to.clone()));
            let done = self.upload_all(&plan.upload, found)?;
            uploaded = done.len();
            let left = plan.moves.into_iter().filter(|(_, to)| done.contains(to));
            plan.gone.extend(left.map(|(from, _)| from));
            deleted = self
                .each(self.to_delete(&plan.gone, found), |client, path| self.delete_one(client, path))
                .into_iter()
                .filter(|done| *done)
                .count();
        }
        let failed = self.failed.load(Ordering::Relaxed);
        let failures = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        println!(
            "{uploaded} uploaded, {moved} moved, {deleted} deleted, {} unchanged, {} skipped{failures}",
            plan.unchanged,
            found.skipped.len()
        );
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// What is to be deleted of what is on the server alone; says why where that is nothing.
    fn to_delete<'b>(&self, gone: &'b [String], found: &Found) -> &'b [String] {
        match self.is("delete") {
            true if !found.unread => return gone,
            true => eprintln!("nothing is deleted, because not all of the folder could be read"),
            false if gone.is_empty() => {}
            false => eprintln!("{} files are on the server alone; --delete deletes them", gone.len()),
        }
        &[]
    }

    fn move_one(&self, client: &Client, from: &str, to: &str) -> bool {
        let body = json!({"path": to}).to_string();
        let open = || -> Result<Box<dyn Read>> { Ok(Box::new(Cursor::new(body.clone().into_bytes()))) };
        let payload =
            Payload { content_type: "application/json".to_owned(), len: body.len() as u64, open: &open };
        match client.send("PATCH", &format!("/api/v1/files/{}", encode(from)), None, Some(&payload)) {
            Ok(_) => println!("moved {from} to {to}"),
            Err(error) => {
                eprintln!("{from} is not moved to {to}, but uploaded anew: {error:#}");
                return false;
            }
        }
        true
    }

    fn delete_one(&self, client: &Client, path: &str) -> bool {
        match client.send("DELETE", &format!("/api/v1/files/{}", encode(path)), None, None) {
            Ok(_) => {}
            // Of an earlier try, whose answer was lost.
            Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.status == 404) => {}
            Err(error) => {
                self.fail(path, &error);
                return false;
            }
        }
        println!("deleted {path}");
        true
    }

    /// Uploads; answers what was.
    fn upload_all(&self, paths: &[String], found: &Found) -> Result<BTreeSet<String>> {
        let bar = bar_over(paths.iter().map(|path| found.pictures[path].bytes).sum())?;
        let done = self.each(paths, |client, path| {
            bar.set_message(path.clone());
            let outcome = self.upload_one(client, path, &found.pictures[path], &bar);
            bar.suspend(|| match &outcome {
                Ok(_) => println!("uploaded {path}"),
                Err(error) => self.fail(&found.pictures[path].file.display().to_string(), error),
            });
            outcome.is_ok().then(|| path.clone())
        });
        bar.finish_and_clear();
        Ok(done.into_iter().flatten().collect())
    }

    fn upload_one(&self, client: &Client, path: &str, local: &Local, bar: &ProgressBar) -> Result<Value> {
        let mut address =
            format!("/api/v1/files/{}?keep_metadata={}", encode(path), self.is("keep-metadata"));
        if let Some(visibility) = self.matches.get_one::<String>("visibility") {
            address.push_str(&format!("&visibility={visibility}"));
        }
        let sent = Rc::new(Cell::new(0));
        let open = || -> Result<Box<dyn Read>> {
            let file = File::open(&local.file).context("cannot open it")?;
            bar.dec(sent.take());
            Ok(Box::new(Counted { file, bar: bar.clone(), sent: sent.clone() }))
        };
        let len = local.file.metadata().context("cannot read it")?.len();
        let payload = Payload { content_type: "application/octet-stream".to_owned(), len, open: &open };
        client.send("PUT", &address, Some(&fresh_key()), Some(&payload))
    }

    /// Does something with each of a list, several at a time, each thread with a connection of its own. What comes of it is
    /// in no order.
    fn each<T: std::marker::Sync, R: Send>(
        &self,
        list: &[T],
        work: impl Fn(&Client, &T) -> R + std::marker::Sync,
    ) -> Vec<R> {
        let jobs = self.matches.get_one::<u32>("jobs").map_or(1, |jobs| *jobs as usize).min(list.len());
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let work_off = || {
                let client = self.client();
                let mut done = Vec::new();
                while let Some(item) = list.get(next.fetch_add(1, Ordering::Relaxed)) {
                    done.push(work(&client, item));
                }
                done
            };
            let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(work_off)).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("no work panics")).collect()
        })
    }
}

/// A file whose bytes the bar counts.
struct Counted {
    file: File,
    bar: ProgressBar,
    /// How many of them the bar has counted since the file was opened.
    sent: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.sent.set(self.sent.get() + read as u64);
        self.bar.inc(read as u64);
        Ok(read)
    }
}
