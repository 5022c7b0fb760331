//! Runs the queues and the chores until told to stop, then lets what runs finish.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Job, attempt_and_settle};
use crate::db::Db;
use crate::kit::{Clock, Internal, Moment};

/// How often a queue is looked at when nobody rings: work that fell due, or that another node wrote.
const ROUND: Duration = Duration::from_secs(1);
/// How long a queue waits after the database failed it.
const AFTER_FAILURE: Duration = Duration::from_secs(3);
/// A busy queue waits this long for more to do and for more slots to come free, so that one claim serves them all.
const GATHER: Duration = Duration::from_millis(10);

/// Owns every task that runs beside the requests.
pub struct Runner {
    clock: Clock,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Runner {
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Cancelled when the runner stops; long-lived tasks of others may watch it too.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Works a queue off, as soon as something is written or falls due.
    pub fn attend<J: Job>(&self, db: &Db, job: Arc<J>) {
        let queue = Queue {
            room: Arc::new(Semaphore::new(job.at_once())),
            bell: db.work_written(),
            clock: self.clock.clone(),
            tasks: self.tasks.clone(),
            job,
        };
        self.tasks.spawn(queue.attend(self.stop.clone()));
    }

    /// Does a chore at the start and then again and again. Every node does it, so it must not mind being done twice.
    pub fn every<F>(
        &self,
        period: Duration,
        name: &'static str,
        chore: impl Fn(Moment) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), Internal>> + Send + 'static,
    {
        let (clock, stop, tasks) = (self.clock.clone(), self.stop.clone(), self.tasks.clone());
        self.tasks.spawn(async move {
            loop {
                // In a task of its own: a chore that panics comes round again like one that fails.
                let done = tasks.spawn(chore(clock.moment())).await;
                if let Err(failure) = done.map_err(Internal::from).flatten() {
                    tracing::error!(chore.name = name, error = ?failure, "a chore failed; it comes round again");
                }
                if stop.run_until_cancelled(sleep(period)).await.is_none() {
                    return;
                }
            }
        });
    }

    /// Takes nothing new and waits for what runs, at most this long. What is cut off then is done again after its lease.
    pub async fn stop(self, patience: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if timeout(patience, self.tasks.wait()).await.is_err() {
            tracing::warn!("background work was cut off; it is done again after the next start");
        }
    }
}

/// One queue being attended.
struct Queue<J> {
    job: Arc<J>,
    clock: Clock,
    room: Arc<Semaphore>,
    bell: watch::Receiver<()>,
    tasks: TaskTracker,
}

/// What a look at the queue found.
enum Found {
    /// As much as there was room for: there is probably more.
    Plenty,
    /// All there was.
    Rest,
}

impl<J: Job> Queue<J> {
    /// Until told to stop, which is heard only between looks: what is claimed is also started.
    async fn attend(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.bell.mark_unchanged();
            let found = self.look().await;
            stop.run_until_cancelled(self.pause(found)).await;
        }
    }

    async fn pause(&mut self, found: Result<Found, Internal>) {
        match found {
            Ok(Found::Plenty) => self.gather().await,
            Ok(Found::Rest) => {
                self.job.rest().await;
                self.wait().await;
            }
            Err(failure) => {
                tracing::warn!(queue.name = self.job.name(), error = ?failure, "a queue can't be read now");
                sleep(AFTER_FAILURE).await;
            }
        }
    }

    /// Claims as much as there is room for and starts it.
    async fn look(&self) -> Result<Found, Internal> {
        let room = self.room.available_permits();
        if room == 0 {
            return Ok(Found::Plenty);
        }
        let items = self.job.claim(&self.clock.moment(), room).await?;
        let found = if items.len() < room {
            Found::Rest
        } else {
            Found::Plenty
        };
        for item in items {
            let slot = Arc::clone(&self.room).acquire_owned().await?;
            self.start(item, slot);
        }
        Ok(found)
    }

    fn start(&self, item: J::Item, slot: OwnedSemaphorePermit) {
        let (job, clock) = (Arc::clone(&self.job), self.clock.clone());
        self.tasks.spawn(async move {
            if let Err(failure) = attempt_and_settle(&*job, &clock, &item).await {
                tracing::warn!(
                    queue.name = job.name(),
                    error = ?failure,
                    "an attempt could not be written down; it is made again after its lease"
                );
            }
            drop(slot);
        });
    }

    /// Waits for room: for half of the slots, but not long, and at least for one.
    async fn gather(&self) {
        let half = u32::try_from(self.job.at_once() / 2).unwrap_or(1).max(1);
        if timeout(GATHER, self.room.acquire_many(half)).await.is_err() {
            drop(self.room.acquire().await);
        }
    }

    /// Waits for the bell or the next round.
    async fn wait(&mut self) {
        match timeout(ROUND, self.bell.changed()).await {
            Ok(Ok(())) => sleep(GATHER).await, // in busy times many ring, and one look serves them all
            Ok(Err(_nobody_is_left_to_ring)) => sleep(ROUND).await,
            Err(_a_round_is_over) => {}
        }
    }
}
