//! The door: what the rest of the server sees.

use std::{
    fs::File,
    io,
    os::{fd::AsRawFd, unix::fs::FileExt},
    sync::Arc,
};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use tintype_types::{Inspection, MediaType, Recipe, Rendered};
use tokio::{
    sync::{mpsc, watch},
    task::spawn_blocking,
};

use super::{
    launch::Spawner,
    pool::Pool,
    self_test,
    supervise::{Order, Watched, supervise},
};
use crate::{
    Options, SandboxError, StartError, State,
    wire::{
        job::{Job, Op},
        reply::Reply,
        reply_check::begins_as,
    },
};

/// The door to the CPU. Cheap to clone; all clones share the same workers.
#[derive(Clone)]
pub struct Sandbox {
    pool: Arc<Pool>,
    stopped: watch::Receiver<bool>,
}

impl Sandbox {
    /// Takes over a launched spawner and has the first spare workers made. To be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`] where the options contradict the launch or the runtime refuses the spawner's socket.
    pub fn start(spawner: Spawner, options: Options) -> Result<Self, StartError> {
        if spawner.mode != options.mode {
            return Err(StartError::ModeDiffers { launched: spawner.mode, wanted: options.mode });
        }
        let program = spawner.program.clone();
        let spawner = Watched::new(spawner)?;
        let (orders, ordered) = mpsc::unbounded_channel();
        let (stopping, stopped) = watch::channel(false);
        let pool = Arc::new(Pool::new(options, orders));
        tokio::spawn(supervise(Arc::clone(&pool), program, spawner, ordered, stopping));
        Ok(Self { pool, stopped })
    }

    /// Finds out what a received file is, proves it by a full decode, and plans how it is published.
    ///
    /// `input` may be open for writing; the worker gets it opened anew, to be read only. It must not change meanwhile.
    ///
    /// # Errors
    /// [`SandboxError`]; [`SandboxError::Refused`], `Died`, `Deadline` and `Nonsense` are the file's fault.
    pub async fn inspect(
        &self,
        input: Arc<File>,
        keep_metadata: bool,
        accepted: &[MediaType],
    ) -> Result<Inspection, SandboxError> {
        let op = Op::Inspect { keep_metadata, accepted: accepted.to_vec() };
        let (job, input) = self.job(&input, op)?;
        match self.pool.run(&job, &input, None).await? {
            Reply::Inspected(inspection) => Ok(inspection),
            _ => Err(SandboxError::Nonsense("the reply is one to another kind of job".to_owned())),
        }
    }

    /// Renders a stored original by `recipe`.
    ///
    /// # Errors
    /// As [`inspect`](Self::inspect).
    pub async fn render(&self, input: File, recipe: Recipe) -> Result<Rendered, SandboxError> {
        let output_max = self.pool.options.output_max;
        let (job, input) = self.job(&input, Op::Render { recipe, output_max })?;
        let output = output(output_max).map_err(SandboxError::Input)?;
        let Reply::Rendered { len, width, height } = self.pool.run(&job, &input, Some(&output)).await? else {
            return Err(SandboxError::Nonsense("the reply is one to another kind of job".to_owned()));
        };
        // Copied before it is looked at: until it is dead, a worker can still write its output.
        let bytes = spawn_blocking(move || copy(&output, len))
            .await
            .map_err(io::Error::other)
            .and_then(|copied| copied)
            .map_err(SandboxError::Input)?;
        if begins_as(recipe.format, &bytes) {
            Ok(Rendered { bytes, width, height })
        } else {
            Err(SandboxError::Nonsense(format!("the rendition does not begin as {}", recipe.format.name())))
        }
    }

    /// What `/health` says.
    pub fn state(&self) -> State {
        self.pool.board.state(self.pool.options.mode)
    }

    /// Sends built-in pictures of every format through workers and keeps the result for [`state`](Self::state).
    pub async fn self_test(&self) {
        self_test::run(self, &self.pool.board).await;
    }

    /// Ends every worker, running ones too, and the spawner; returns when all are gone. Jobs fail from then on.
    pub async fn shutdown(&self) {
        let _ = self.pool.orders.send(Order::Stop);
        let _ = self.stopped.clone().wait_for(|stopped| *stopped).await;
    }

    /// Looks at the input and opens it anew for the worker.
    fn job(&self, input: &File, op: Op) -> Result<(Job, File), SandboxError> {
        let input_len = input.metadata().map_err(SandboxError::Input)?.len();
        if input_len == 0 {
            return Err(tintype_types::Refusal::Empty.into());
        }
        // A descriptor of its own, so that the worker can neither write the file nor move the server's place in it.
        let read_only =
            File::open(format!("/proc/self/fd/{}", input.as_raw_fd())).map_err(SandboxError::Input)?;
        Ok((Job { input_len, limits: self.pool.options.image_limits(), op }, read_only))
    }
}

/// Memory of `len` bytes for a rendition. Sealed, so that the worker can neither grow it past its limit nor shrink it
/// under the server's feet; pages exist only once they are written.
fn output(len: u64) -> io::Result<File> {
    let memory = memfd_create(c"tintype-output", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    ftruncate(&memory, len)?;
    fcntl_add_seals(&memory, SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
    Ok(File::from(memory))
}

fn copy(output: &File, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
    output.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}
