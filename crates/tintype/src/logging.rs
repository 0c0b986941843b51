//! The program's own log, and where the access log goes.

use std::{
    io::{IsTerminal as _, Write},
    path::Path,
    sync::Mutex,
};

use anyhow::{Context as _, Result};
use file_rotate::{ContentLimit, FileRotate, compression::Compression, suffix::AppendCount};
use tintype_http::{AccessFormat, AccessLog};
use tracing_subscriber::{
    EnvFilter, Layer as _, fmt::time::FormatTime, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::settings::{LogFormat, Settings};

/// Where lines go.
struct Sink {
    out: Box<dyn Write + Send>,
    is_terminal: bool,
}

/// Starts the program's log and opens the access log. Libraries are heard from `warn` on.
pub(crate) fn start(settings: &Settings) -> Result<AccessLog> {
    let level = settings.log_level;
    let filter = EnvFilter::new(format!(
        "warn,tintype={level},tintype_app={level},tintype_http={level},tintype_sandbox={level},tintype_blob={level},tintype_catalog={level}"
    ));
    let (app, access) = sinks(settings)?;
    let json = |sink: &Sink| match settings.log_format {
        LogFormat::Text => false,
        LogFormat::Json => true,
        LogFormat::Auto => !sink.is_terminal,
    };
    let (is_json, colours) = (json(&app), app.is_terminal);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(Mutex::new(app.out))
        .with_ansi(colours && !is_json)
        .with_target(false)
        .with_timer(Clock);
    let layer = if is_json { lines.json().flatten_event(true).boxed() } else { lines.boxed() };
    tracing_subscriber::registry().with(layer.with_filter(filter)).init();
    let format = if json(&access) { AccessFormat::Json } else { AccessFormat::Text };
    Ok(if settings.log_access { AccessLog::to(access.out, format) } else { AccessLog::off() })
}

/// For the program's log and for the access log.
fn sinks(settings: &Settings) -> Result<(Sink, Sink)> {
    let Some(dir) = &settings.log_dir else {
        let (err, out) = (std::io::stderr(), std::io::stdout());
        let (err_terminal, out_terminal) = (err.is_terminal(), out.is_terminal());
        return Ok((
            Sink { out: Box::new(err), is_terminal: err_terminal },
            Sink { out: Box::new(out), is_terminal: out_terminal },
        ));
    };
    std::fs::create_dir_all(dir)
        .with_context(|| format!("cannot make the folder {}; name another in log.dir", dir.display()))?;
    let open = |name| Ok::<_, anyhow::Error>(Sink { out: file(settings, dir, name)?, is_terminal: false });
    Ok((open("app.log")?, open("access.log")?))
}

/// A file that is put aside as `.1` when it is full, what was `.1` as `.2`, and so on.
fn file(settings: &Settings, dir: &Path, name: &str) -> Result<Box<dyn Write + Send>> {
    let path = dir.join(name);
    // The rotating writer panics where it cannot open its file; asked first, the system says why.
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot write {}; name another folder in log.dir", path.display()))?;
    let limit = usize::try_from(settings.log_file_bytes).unwrap_or(usize::MAX);
    let suffix = AppendCount::new(settings.log_files);
    Ok(Box::new(FileRotate::new(path, suffix, ContentLimit::BytesSurpassed(limit), Compression::None, None)))
}

/// The time of a line, to the second, in UTC.
struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut tracing_subscriber::fmt::format::Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}
