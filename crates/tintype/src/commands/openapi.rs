//! `tintype openapi`

use std::{io::Write as _, process::ExitCode};

use anyhow::Result;

/// Prints the API's description.
pub(crate) fn run() -> Result<ExitCode> {
    std::io::stdout().write_all(tintype_http::description().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
