//! The program's own log: lines for people, on the standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::fmt::time::FormatTime;

/// Starts the log. Libraries are heard from `warn` on.
pub(crate) fn start(level: tracing::Level) {
    let filter = tracing_subscriber::EnvFilter::new(format!(
        "warn,tintype={level},tintype_app={level},tintype_http={level},tintype_sandbox={level},tintype_blob={level},tintype_catalog={level}"
    ));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_timer(Clock)
        .init();
}

/// The time of a line, to the second, in UTC.
struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut tracing_subscriber::fmt::format::Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}
