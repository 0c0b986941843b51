//! `cargo xtask <check>`: runs one of the checks over this tree and prints what it found, a line each.

use std::process::ExitCode;

use anyhow::Result;
use xtask::{Finding, licences, root, tidy};

const HELP: &str = "\
cargo xtask tidy       arrows between crates, lengths, words, test files that nobody runs, imports of the web app
cargo xtask licences   licences and origins of every crate and npm package";

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    let outcome = match name.as_str() {
        "tidy" => tidy::all(&root()),
        "licences" => licences::all(&root()),
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    report(&name, outcome)
}

fn report(name: &str, outcome: Result<Vec<Finding>>) -> ExitCode {
    match outcome {
        Ok(findings) if findings.is_empty() => {
            println!("{name}: nothing found");
            ExitCode::SUCCESS
        }
        Ok(findings) => {
            findings.iter().for_each(|finding| eprintln!("{finding}"));
            eprintln!("{name}: {} to mend", findings.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{name} could not run: {error:#}");
            ExitCode::FAILURE
        }
    }
}
