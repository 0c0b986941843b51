//! `tintype doctor`

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};
use rustix::fs::{Mode, OFlags};
use serde_json::json;
use tintype_sandbox::{Sandbox, SelfTest, Status};

use super::{block_on, doctor_cdn, doctor_store, doctor_tls, serve::sandbox_options};
use crate::{
    cli,
    client::Client,
    machine,
    settings::{Settings, load},
};

/// File systems whose syncs or sharing are not what the store counts on (statfs(2)).
const ODD_FILE_SYSTEMS: [(u64, &str, &str); 6] = [
    (0x6969, "NFS", "the lock and the syncs depend on the server; use a local disk for the data folder"),
    (0xff53_4d42, "CIFS", "it has no reliable syncs; use a local disk for the data folder"),
    (0xfe53_4d42, "SMB2", "it has no reliable syncs; use a local disk for the data folder"),
    (
        0x0102_1994,
        "tmpfs",
        "everything in it is gone when the machine restarts; use a disk for the data folder",
    ),
    (
        0x794c_7630,
        "overlayfs",
        "in a container it is gone with the container; mount a volume for the data folder",
    ),
    (0x6573_5546, "FUSE", "whether it syncs depends on what is behind it; prefer a local disk"),
];

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// What was looked at and what was found.
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    pub(super) what: &'static str,
    pub(super) found: String,
    /// What to do; empty where all is well.
    pub(super) mend: String,
}

pub(super) fn ok(what: &'static str, found: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Ok, what, found: found.into(), mend: String::new() }
}

pub(super) fn warn(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Warn, what, found: found.into(), mend: mend.into() }
}

pub(super) fn fail(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Fail, what, found: found.into(), mend: mend.into() }
}

pub(crate) fn command() -> Command {
    let command = Command::new("doctor")
        .about("Examines the surroundings: disk, syncs, sandbox, limits, clock, proxy, object storage; says how to mend what is wrong")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON"))
        .args(doctor_store::arguments())
        .after_help(
            "Takes the flags of serve and runs beside it. Exit status: 0 where nothing fails, 2 where something does.\n\n\
             Examples:\n  tintype doctor --data /srv/tintype\n  tintype doctor --print cors --origin https://app.example.org",
        );
    cli::with_settings(command)
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let settings = load(&cli::sources(matches))?;
    if let Some(document) = doctor_store::document(matches, &settings)? {
        println!("{document:#}");
        return Ok(ExitCode::SUCCESS);
    }
    // Before any thread: the sandbox forks from here.
    let spawner = tintype_sandbox::launch(settings.sandbox).context("cannot start the sandbox's spawner")?;
    let mut findings = Vec::new();
    folder(&settings, &mut findings);
    findings.push(memory(&settings));
    findings.push(open_files(&settings));
    findings.push(clock(&settings.data));
    findings.extend(block_on(doctor_tls::look(&settings))?);
    findings.extend(proxy(&settings));
    findings.push(block_on(sandbox(&settings, spawner))?);
    findings.extend(block_on(doctor_store::look(matches, &settings))?);
    findings.extend(block_on(doctor_cdn::look(&settings))?);
    findings.extend(reached(&settings));
    if matches.get_flag("json") {
        let all: Vec<_> = findings
            .iter()
            .map(|each| json!({"check": each.what, "verdict": format!("{:?}", each.verdict).to_lowercase(), "found": each.found, "mend": each.mend}))
            .collect();
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        for Finding { verdict, what, found, mend } in &findings {
            let word = match verdict {
                Verdict::Ok => "ok  ",
                Verdict::Warn => "warn",
                Verdict::Fail => "FAIL",
            };
            println!("{word}  {what:14} {found}");
            if !mend.is_empty() {
                println!("      {:14} → {mend}", "");
            }
        }
    }
    let failed = findings.iter().any(|each| each.verdict == Verdict::Fail);
    Ok(if failed { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// The data folder: that it is there and can be written, what it lies on, how much is free, and whether syncs are real.
fn folder(settings: &Settings, findings: &mut Vec<Finding>) {
    let dir = &settings.data;
    let here = if dir.exists() { dir.clone() } else { existing_parent(dir) };
    let probe = here.join(format!(".tintype-doctor-{}", std::process::id()));
    match File::create(&probe).and_then(|mut file| sync_time(&mut file)) {
        Ok(time) => {
            let exists = if dir.exists() { "can be written" } else { "is not there yet and can be made" };
            findings.push(ok("data folder", format!("{} {exists}", dir.display())));
            findings.push(syncs(time));
        }
        Err(error) => findings.push(fail(
            "data folder",
            format!("{} cannot be written: {error}", here.display()),
            "give it to the user that runs the server, or name another folder with --data",
        )),
    }
    let _ = fs::remove_file(&probe);
    if let Ok(stat) = rustix::fs::statfs(&here) {
        let kind = u64::try_from(stat.f_type).unwrap_or(0) & 0xffff_ffff;
        let free = stat.f_bavail.saturating_mul(u64::try_from(stat.f_bsize).unwrap_or(0));
        findings.push(match ODD_FILE_SYSTEMS.iter().find(|(magic, ..)| *magic == kind) {
            Some((_, name, mend)) => warn("file system", *name, *mend),
            None => ok("file system", format!("a local one (type {kind:#x})")),
        });
        let (mb, needed) = (free >> 20, settings.app.free_min >> 20);
        findings.push(if free < settings.app.free_min {
            fail(
                "free space",
                format!("{mb} MB, less than upload.free_min ({needed} MB): uploads are refused"),
                "make room, or lower upload.free_min",
            )
        } else if free < settings.app.free_min.saturating_mul(4) {
            warn(
                "free space",
                format!("{mb} MB"),
                format!("uploads are refused below {needed} MB; make room soon"),
            )
        } else {
            ok("free space", format!("{mb} MB"))
        });
    }
    let unnamed =
        rustix::fs::open(&here, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR);
    findings.push(match unnamed {
        Ok(_) => ok("nameless files", "uploads under way have no name, and a crash leaves nothing"),
        Err(_) => ok(
            "nameless files",
            "not on this file system: uploads under way lie in staging/ and are swept at the next start",
        ),
    });
}

fn existing_parent(dir: &Path) -> std::path::PathBuf {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    absolute.ancestors().find(|each| each.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

/// The median time of a small write and its sync.
fn sync_time(file: &mut File) -> std::io::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..15 {
        file.write_all(&[7; 4096])?;
        let begun = Instant::now();
        file.sync_all()?;
        times.push(begun.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}

fn syncs(time: Duration) -> Finding {
    let found = format!("{:.2} ms for 4 kB", time.as_secs_f64() * 1e3);
    if time < Duration::from_micros(15) {
        warn(
            "sync",
            found,
            "no disk is that fast: something answers for it (tmpfs, eatmydata, a virtual disk with an unsafe cache), and a power cut may take uploads away",
        )
    } else if time > Duration::from_millis(150) {
        warn(
            "sync",
            found,
            "the disk is slow to sync, so uploads wait; look for a failing disk or a busy neighbour",
        )
    } else {
        ok("sync", found)
    }
}

fn memory(settings: &Settings) -> Finding {
    let workers = settings.workers.unwrap_or_else(machine::workers);
    let Some(bytes) = machine::memory() else {
        return ok("memory", "the system does not say how much there is");
    };
    let found = format!("{} MB for the server and {workers} workers", bytes >> 20);
    let needed = (64 << 20) + (workers as u64) * (256 << 20) + settings.app.cache_bytes;
    if bytes < needed {
        warn(
            "memory",
            found,
            format!("large pictures may not fit: grant {} MB, or set sandbox.workers lower", needed >> 20),
        )
    } else {
        ok("memory", found)
    }
}

fn open_files(settings: &Settings) -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let needed = settings.http.connections_max as u64 + 1024;
    if limit < needed {
        warn(
            "open files",
            format!("at most {limit}"),
            format!(
                "server.connections_max asks for {needed}: raise the limit (LimitNOFILE= of systemd, ulimit -Hn), or lower it"
            ),
        )
    } else {
        ok("open files", format!("at most {limit}"))
    }
}

/// The clock beside that of the file system, and beside what the catalogue saw last.
fn clock(dir: &Path) -> Finding {
    let now = jiff::Timestamp::now().as_second();
    let newest = fs::metadata(dir.join("tintype.db")).and_then(|known| known.modified()).ok();
    let newest = newest
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |time| time.as_secs());
    let shown = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    if now < 1_767_225_600 {
        fail(
            "clock",
            shown,
            "it stands before 2026: set it, or expiry and links in logs are wrong (timedatectl set-ntp true)",
        )
    } else if newest.cast_signed() > now + 60 {
        fail(
            "clock",
            format!("{shown}, {} s behind the catalogue's last change", newest.cast_signed() - now),
            "it was set back: set it right before the server goes on (timedatectl set-ntp true)",
        )
    } else {
        ok("clock", shown)
    }
}

fn proxy(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let nets = &settings.http.trusted_proxies;
    let names = nets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    findings.push(if nets.iter().any(|net| net.prefix_len() < 8) {
        fail("proxy headers", format!("believed from {names}"), "that is nearly everybody: whoever sends X-Forwarded-For is whom they say. Name your own proxies in server.trusted_proxies")
    } else {
        ok("proxy headers", format!("believed from {names}"))
    });
    let open = settings.port.is_some() || settings.listen.is_some_and(|address| !address.ip().is_loopback());
    if open && settings.http.base_url.is_none() {
        findings.push(warn("base_url", "not set, and the server listens beyond this machine", "links begin with whatever Host a request names; set server.base_url to the address that people use"));
    }
    findings
}

async fn sandbox(settings: &Settings, spawner: tintype_sandbox::Spawner) -> Result<Finding> {
    let sandbox = Sandbox::start(spawner, sandbox_options(settings)).context("cannot start the sandbox")?;
    sandbox.self_test().await;
    let state = sandbox.state();
    sandbox.shutdown().await;
    let layers = format!("landlock: {}, seccomp: {}", state.landlock, state.seccomp);
    let why = state.detail.clone().unwrap_or_default();
    Ok(match (state.status, &state.self_test) {
        (Status::Ok, SelfTest::Passed) => ok("sandbox", layers),
        (Status::Degraded, _) => warn(
            "sandbox",
            format!("{layers}; {why}"),
            "one layer holds; a newer kernel, or a container runtime whose profile allows Landlock, gives both",
        ),
        (Status::Off, _) => {
            warn("sandbox", "off", "pictures are decoded without confinement; set sandbox.mode to auto")
        }
        _ => fail(
            "sandbox",
            format!("{layers}; {why}"),
            "no picture can be taken in; the words before say what the kernel refuses",
        ),
    })
}

/// Whether the server is reached under the address that links begin with.
fn reached(settings: &Settings) -> Option<Finding> {
    let base = settings.http.base_url.as_ref()?;
    Some(match Client::new(base, None).ask("/version") {
        Ok(answer) if answer["version"].is_string() => ok(
            "reachable",
            format!("{base} answers as Tintype {}", answer["version"].as_str().unwrap_or_default()),
        ),
        Ok(_) => warn(
            "reachable",
            format!("{base} answers, and not as Tintype"),
            "the proxy leads elsewhere: compare it with docs/https.md",
        ),
        Err(error) => warn(
            "reachable",
            format!("{error:#}"),
            "start the server, and look at the proxy, the name and the firewall; from this machine alone it may also be the router",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syncs_that_are_no_syncs_are_told() {
        assert_eq!(syncs(Duration::from_micros(3)).verdict, Verdict::Warn);
        assert_eq!(syncs(Duration::from_millis(4)).verdict, Verdict::Ok);
        assert_eq!(syncs(Duration::from_millis(400)).verdict, Verdict::Warn);
    }
}
