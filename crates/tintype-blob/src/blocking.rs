//! The way to the blocking pool: everything that touches the disk goes through here.

use std::io;

use tokio::task::JoinHandle;

use crate::BlobError;

/// Runs `work` in the blocking pool and waits for it.
///
/// Dropping the future does not stop work that has begun; every caller's comment says what then stays behind.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    let mut handle = tokio::task::spawn_blocking(work);
    joined(&mut handle).await
}

/// Waits for work that was begun earlier. May be dropped and called again.
pub(crate) async fn joined<T>(handle: &mut JoinHandle<Result<T, BlobError>>) -> Result<T, BlobError> {
    match handle.await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(BlobError::Unavailable {
                what: "work on the data folder".to_owned(),
                source: io::Error::new(io::ErrorKind::Interrupted, "the server is shutting down"),
            }),
        },
    }
}
