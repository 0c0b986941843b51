//! Built-in pictures through real workers: whether every codec runs under the list of system calls on this machine.

use std::{fs::File, io::Write, sync::Arc};

use rustix::fs::{MemfdFlags, memfd_create};
use tintype_types::{Fit, MediaType, Recipe};
use tracing::{error, info};

use super::{health::Board, sandbox::Sandbox};
use crate::{
    SandboxError, SelfTest,
    samples::{SAMPLES, SIZE, Sample, TRANSPARENT},
};

pub(super) async fn run(sandbox: &Sandbox, board: &Board) {
    let outcome = match try_all(sandbox).await {
        Ok(()) => {
            info!("sandbox: the self-test passed");
            SelfTest::Passed
        }
        Err(why) => {
            error!(error = why, "sandbox: the self-test failed; pictures cannot be decoded reliably");
            SelfTest::Failed(why)
        }
    };
    board.health.send_modify(|health| health.self_test = outcome);
}

async fn try_all(sandbox: &Sandbox) -> Result<(), String> {
    for sample in SAMPLES {
        inspect(sandbox, sample).await.map_err(|why| format!("{} in: {why}", sample.media_type.name()))?;
    }
    for format in [MediaType::Jpeg, MediaType::Webp, MediaType::Png] {
        for picture in [SAMPLES[0].bytes, TRANSPARENT] {
            render(sandbox, picture, format).await.map_err(|why| format!("{} out: {why}", format.name()))?;
        }
    }
    Ok(())
}

async fn inspect(sandbox: &Sandbox, sample: &Sample) -> Result<(), String> {
    let file = Arc::new(in_memory(sample.bytes)?);
    let found = sandbox.inspect(file, false, &MediaType::ALL).await.map_err(say)?;
    if (found.media_type, found.width, found.height) == (sample.media_type, SIZE.0, SIZE.1) {
        return Ok(());
    }
    Err(format!("found {} of {} × {}", found.media_type.name(), found.width, found.height))
}

async fn render(sandbox: &Sandbox, picture: &[u8], format: MediaType) -> Result<(), String> {
    let recipe = Recipe { width: Some(16), height: None, fit: Fit::ScaleDown, format };
    let rendered = sandbox.render(in_memory(picture)?, recipe).await.map_err(say)?;
    if rendered.width == 16 {
        Ok(())
    } else {
        Err(format!("rendered {} pixels wide instead of 16", rendered.width))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn say(error: SandboxError) -> String {
    error.to_string()
}

fn in_memory(bytes: &[u8]) -> Result<File, String> {
    let memory =
        memfd_create(c"tintype-self-test", MemfdFlags::CLOEXEC).map_err(|error| error.to_string())?;
    let mut file = File::from(memory);
    file.write_all(bytes).map_err(|error| error.to_string())?;
    Ok(file)
}
