//! `tintype serve`

use std::{
    io::{IsTerminal as _, Write as _},
    net::SocketAddr,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tintype_app::{App, clock::Clock, config::Uploaders};
use tintype_catalog::Catalog;
use tintype_http::{AccessLog, Tls};
use tintype_sandbox::{Options, Sandbox, Spawner};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::listen::{self, Open};
use crate::{
    data::{self, Lock},
    keeper::Keeper,
    logging, machine,
    settings::{self, Settings},
};

pub(crate) fn run(settings: Settings) -> Result<ExitCode> {
    if let Some(why) = settings::contradiction(&settings) {
        bail!(why);
    }
    // The spawner comes first: it must be born of a process without threads.
    let spawner = tintype_sandbox::launch(settings.sandbox).context("cannot start the sandbox's spawner")?;
    let log = logging::start(&settings)?;
    raise_file_limit();
    machine::give_memory_back();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Enough for the disk's queue; each thread costs memory.
        .max_blocking_threads(64)
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(serve(settings, spawner, log))
}

async fn serve(settings: Settings, spawner: Spawner, log: AccessLog) -> Result<ExitCode> {
    // Signals are caught from the first moment, so that one that comes during the start ends it cleanly too.
    let stop = CancellationToken::new();
    watch_signals(&stop)?;
    if let Some(dir) = settings.http.web_dir.as_ref().filter(|dir| !dir.is_dir()) {
        bail!(
            "web.dir names {}, which is not a folder; name the folder that holds index.html",
            dir.display()
        );
    }
    data::create(&settings.data)?;
    let place = settings.restore_from();
    if settings.store.s3().is_some() && !settings.ephemeral && place.is_none() {
        data::refuse_ephemeral(&settings.data)?;
    }
    let mut lock = Lock::take(&settings.data)?;
    // All that may fail for reasons of this machine comes before another server is asked to give up.
    let sandbox = Sandbox::start(spawner, sandbox_options(&settings)).context("cannot start the sandbox")?;
    let Open { doors, address, https, operator } = listen::open(&settings).await?;
    reload_on_hangup(doors.https.as_ref().map(|https| https.tls.clone()))?;
    let keeper = match place {
        Some(place) => Some(Keeper::take(&settings.data, &place).await?),
        None => None,
    };
    let started = match open(&settings, sandbox, &stop).await {
        Ok(started) => started,
        Err(error) => {
            if let Some(keeper) = keeper {
                keeper.give_back().await;
            }
            return Err(error);
        }
    };
    let (app, catalog) = started;
    let drained = CancellationToken::new();
    let interval = Duration::from_secs(settings.backup_interval);
    let kept = keeper.map(|keeper| keeper.keep(app.clone(), catalog, interval, drained.clone()));
    lock.describe(&format!("process {}, listening on {operator}", std::process::id()));
    warn(&settings, address);
    announce(&settings, address, https);
    tintype_http::serve(doors, app.clone(), settings.http, log, stop).await;
    // While what they answer can still be noted.
    app.finish_purging().await;
    drained.cancel();
    let keeper = match kept {
        Some(kept) => Some(kept.await.context("the catalogue's backups ended")?),
        None => None,
    };
    app.close().await;
    if let Some(keeper) = keeper {
        keeper.finish().await?;
    }
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Opens catalogue and store, and settles what an earlier run left.
async fn open(settings: &Settings, sandbox: Sandbox, stop: &CancellationToken) -> Result<(App, Catalog)> {
    let (catalog, blobs) = data::open(&settings.data, settings.store.s3().as_ref()).await?;
    let app = App::new(catalog.clone(), blobs, sandbox, settings.app.clone(), Clock::System);
    app.start(stop.clone()).await.context("cannot settle what an earlier run left behind")?;
    Ok((app, catalog))
}

/// Connections and open pictures each take a descriptor; the soft limit of most shells is far below what the system grants.
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Without it the server works, with fewer connections.
    let _ = setrlimit(Resource::Nofile, limit);
}

fn watch_signals(stop: &CancellationToken) -> Result<()> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut signals = signal(kind).context("cannot listen for signals")?;
        let stop = stop.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if stop.is_cancelled() {
                    // Asked twice: whoever waits has had enough. Every acknowledged upload is durable already.
                    std::process::exit(130);
                }
                tracing::info!("stopping: uploads under way are finished first; ask again to stop at once");
                stop.cancel();
            }
        });
    }
    Ok(())
}

/// Whoever has put a new certificate into its file may say so with SIGHUP, as `systemctl reload` does. It ends no server but
/// one without HTTPS whose terminal is closed.
fn reload_on_hangup(tls: Option<Tls>) -> Result<()> {
    if tls.is_none() && std::io::stdin().is_terminal() {
        return Ok(());
    }
    let mut signals = signal(SignalKind::hangup()).context("cannot listen for signals")?;
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            match &tls {
                Some(tls) => tls.reload(),
                None => tracing::info!(
                    "asked to reload, but there is no certificate; settings are read at the start alone"
                ),
            }
        }
    });
    Ok(())
}

pub(super) fn sandbox_options(settings: &Settings) -> Options {
    let deadline = Duration::from_secs(settings.worker_seconds);
    Options {
        mode: settings.sandbox,
        workers_max: settings.workers.unwrap_or_else(machine::workers),
        inspect_deadline: deadline,
        render_deadline: deadline,
        memory_max: settings.worker_memory,
        decode_memory: settings.decode_memory.unwrap_or_else(machine::decode_memory),
        limits: settings.app.limits,
        ..Options::default()
    }
}

fn warn(settings: &Settings, address: SocketAddr) {
    if !settings.replaced.is_empty() {
        tracing::warn!(names = settings.replaced.join("; "), ".env has settings of another image host");
    }
    for doubt in settings::doubts(settings) {
        tracing::warn!(why = doubt, "a setting does not do what it seems to");
    }
    if address.ip().is_loopback() && !settings.http.tls.is_on() {
        return;
    }
    if settings.app.uploaders == Uploaders::Anyone {
        let address = settings.http.tls.domains.first().cloned().unwrap_or_else(|| address.to_string());
        tracing::warn!(
            "everybody who reaches {address} may upload; set upload.who = \"token\" to change that"
        );
    }
    if settings.http.base_url.is_none() {
        tracing::warn!(
            "links are made of each request's own Host; set server.base_url to the address that people use"
        );
    }
}

/// The one line that says where to go. Port 0 and "every address" are shown as what a browser can open.
fn announce(settings: &Settings, address: SocketAddr, https: Option<SocketAddr>) {
    let shown = |address: SocketAddr| match address.ip().is_unspecified() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    };
    let open = match (&settings.http.base_url, https) {
        (Some(base), _) => format!("{base}/"),
        (None, None) => format!("http://{}/", shown(address)),
        // Which names its certificate has, its readers know.
        (None, Some(https)) => format!("http://{}/ and https://{}/", shown(address), shown(https)),
    };
    let mut out = std::io::stdout().lock();
    let all = if address.ip().is_unspecified() { " (on every address of this machine)" } else { "" };
    let _ = writeln!(out, "Tintype is ready: {open}{all}").and_then(|()| out.flush());
}
