//! Work that happens beside the requests: queues whose rows are claimed with a lease, and chores that come round.
//!
//! Does not know any queue: letters and webhook deliveries live with their nouns, and `serve` says what runs.
//!
//! A row is claimed (its lease set, its attempts counted) in one unit of work, attempted with no unit of work open, and settled in
//! another. A process that dies in between leaves a lease that runs out: the work is done again, never lost.

mod delays;
mod queue;
mod runner;

use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;

use crate::kit::{Clock, Internal, Moment};

pub use delays::{Delays, Next};
pub(crate) use queue::queue;
pub use queue::{Claim, Queue};
pub use runner::Runner;

/// What came of an attempt, with the other side's last words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Done(String),
    /// It did not work now and may work later.
    Again(String),
    /// It will never work.
    Never(String),
}

/// A queue and how its items are worked off. Every part may run twice without harm.
pub trait Job: Send + Sync + 'static {
    /// One claimed row.
    type Item: Send + Sync + 'static;

    /// For logs.
    fn name(&self) -> &'static str;

    /// How many items are attempted at the same time.
    fn at_once(&self) -> usize;

    /// Leases up to `room` due items and counts the attempt; whoever else asks does not get them while the lease lasts.
    fn claim(
        &self,
        moment: &Moment,
        room: usize,
    ) -> impl Future<Output = Result<Vec<Self::Item>, Internal>> + Send;

    /// Does the work: network, rendering. Ends within the lease.
    fn attempt(&self, moment: &Moment, item: &Self::Item) -> impl Future<Output = Verdict> + Send;

    /// Writes down what came of it and gives the lease back.
    fn settle(
        &self,
        moment: &Moment,
        item: &Self::Item,
        verdict: &Verdict,
    ) -> impl Future<Output = Result<(), Internal>> + Send;

    /// There is nothing to do now: what was kept open for more work may be closed.
    fn rest(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// Works off everything that is due now, one item after the other, and tells how many attempts that took.
pub async fn drain<J: Job>(job: &J, clock: &Clock) -> Result<usize, Internal> {
    let mut attempts = 0;
    loop {
        let items = job.claim(&clock.moment(), job.at_once()).await?;
        if items.is_empty() {
            return Ok(attempts);
        }
        for item in items {
            attempts += 1;
            attempt_and_settle(job, clock, &item).await?;
        }
    }
}

/// Pauses between attempts to write a verdict down: what was done and is not written down is done twice.
const PERSISTENCE: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(15),
];

async fn attempt_and_settle<J: Job>(
    job: &J,
    clock: &Clock,
    item: &J::Item,
) -> Result<(), Internal> {
    let verdict = job.attempt(&clock.moment(), item).await;
    for pause in PERSISTENCE {
        match job.settle(&clock.moment(), item, &verdict).await {
            Ok(()) => return Ok(()),
            Err(failure) => {
                tracing::debug!(queue.name = job.name(), error = ?failure, "a verdict could not be written down yet");
                sleep(pause).await;
            }
        }
    }
    job.settle(&clock.moment(), item, &verdict).await
}
