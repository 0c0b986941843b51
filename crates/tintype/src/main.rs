//! Tintype's one program: configuration, wiring, subcommands.

mod backup;
mod cli;
mod client;
mod commands;
mod data;
mod keeper;
mod logging;
mod machine;
mod operate;
mod settings;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The sandbox forks its workers from this process, so it must come before anything starts a thread.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == "sandbox-spawner") {
        tintype_sandbox::spawner_main();
    }
    // What every client of ours speaks TLS with. Fails where a provider is set already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            // The whole cause in one line, once.
            eprintln!("tintype: {error:#}");
            ExitCode::FAILURE
        }
    }
}
