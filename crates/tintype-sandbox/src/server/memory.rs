//! The memory that all pictures being decoded share.

use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// Bytes of one permit: a semaphore hands out 32 bits at a time.
const UNIT: u64 = 1 << 10;

/// What is left of it. Given out in the order of asking, so that a large picture is not passed over for ever.
pub(super) struct Memory {
    free: Semaphore,
    budget: u64,
    wait: Duration,
}

impl Memory {
    /// `budget` bytes, of which a share is waited for at most `wait`.
    pub(super) fn new(budget: u64, wait: Duration) -> Self {
        let units = usize::try_from(budget.div_ceil(UNIT)).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { free: Semaphore::new(units), budget, wait }
    }

    pub(super) fn budget(&self) -> u64 {
        self.budget
    }

    /// Waits for `bytes`, at most the budget; `None` where they do not become free in time.
    pub(super) async fn share(&self, bytes: u64) -> Option<SemaphorePermit<'_>> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
        timeout(self.wait, self.free.acquire_many(units)).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn shares_add_up_to_the_budget_and_come_back() {
        let memory = Memory::new(10 << 20, Duration::ZERO);
        let large = memory.share(8 << 20).await.unwrap();
        let small = memory.share(2 << 20).await.unwrap();
        assert!(memory.share(1).await.is_none());
        drop(small);
        assert!(memory.share(3 << 20).await.is_none());
        assert!(memory.share(2 << 20).await.is_some());
        drop(large);
        assert!(memory.share(10 << 20).await.is_some());
    }
}
