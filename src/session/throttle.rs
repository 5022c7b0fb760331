//! How often anybody may try: counters of failed attempts, and budgets that nobody can use up for somebody else.
//!
//! Knows no passwords and no pages. A counter's name is a digest, so that a reader of the table learns nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::store;
use crate::db::Tx;
use crate::kit::{Because, Internal, Moment, Refusal, digest};

/// How many failures within how long.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    pub failures: i64,
    pub window: TimeDelta,
}

/// One counter with its budget.
#[derive(Debug, Clone)]
pub struct Counter {
    name: Vec<u8>,
    budget: Budget,
}

impl Counter {
    /// `parts` name what is counted; their lengths go into the digest, so that no two lists of parts are the same counter.
    #[must_use]
    pub fn new(purpose: &str, parts: &[&[u8]], budget: Budget) -> Self {
        let mut text = purpose.as_bytes().to_vec();
        for part in parts {
            text.push(0);
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
        Self {
            name: digest(&text),
            budget,
        }
    }
}

/// A budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyAttempts {
    pub retry_after: TimeDelta,
}

impl TooManyAttempts {
    fn seconds(self) -> u64 {
        u64::try_from(self.retry_after.num_seconds())
            .unwrap_or_default()
            .max(1)
    }
}

impl Refusal for TooManyAttempts {
    fn because(&self) -> Because {
        Because::TooMany
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        Some(self.seconds())
    }

    fn code(&self) -> &'static str {
        "too_many_attempts"
    }

    fn sentence(&self) -> String {
        let minutes = self.seconds().div_ceil(60);
        format!("Too many attempts. Wait {minutes} minutes, then try again. Nothing was lost.")
    }
}

/// The attempts that run on this node and are not decided yet: they count as failures until they are, so that many at once
/// don't get past a budget. Cheap to clone.
#[derive(Clone, Default)]
pub struct Attempts(Arc<Mutex<HashMap<Vec<u8>, i64>>>);

/// An attempt that was let through. It ends in `failed`, in `succeeded`, or undecided when it is dropped.
#[must_use]
pub struct Attempt {
    running: Running,
    counters: Vec<Counter>,
    /// The caller's own counter is above zero: a success has something to forget.
    stained: bool,
}

/// A node asks for that many counters at once.
pub(super) const MOST_COUNTERS: usize = 3;

impl Attempts {
    /// Lets an attempt through if every counter has something left. The first counter is the caller's own; there are three at
    /// most.
    pub async fn begin(
        &self,
        tx: &mut Tx,
        now: DateTime<Utc>,
        counters: Vec<Counter>,
    ) -> Result<Result<Attempt, TooManyAttempts>, Internal> {
        let running = Running::begin(self, &counters);
        let names = std::array::from_fn(|at| {
            let counter = counters.get(at).or(counters.first());
            counter
                .map(|counter| counter.name.clone())
                .unwrap_or_default()
        });
        let stored = store::find_counters(tx, names, now).await?;
        let mut wait = None;
        for counter in &counters {
            let row = stored.iter().find(|row| row.key_hash == counter.name);
            let (failures, until) = row.map_or((0, now + counter.budget.window), |row| {
                (row.failures, row.window_ends_at)
            });
            if failures + running.others_of(counter) >= counter.budget.failures {
                wait = wait.max(Some(until - now));
            }
        }
        let own = counters.first().map(|counter| &counter.name);
        let stained = stored.iter().any(|row| Some(&row.key_hash) == own);
        Ok(match wait {
            Some(retry_after) => Err(TooManyAttempts { retry_after }),
            None => Ok(Attempt {
                running,
                counters,
                stained,
            }),
        })
    }
}

impl Attempt {
    /// Counts the attempt. The caller keeps what comes back until its unit of work is committed.
    pub async fn failed(mut self, tx: &mut Tx, moment: &Moment) -> Result<Counted, Internal> {
        // One order for all, so that two units of work never wait for each other.
        self.counters
            .sort_by(|one, other| one.name.cmp(&other.name));
        let mut used_up = false;
        for counter in &self.counters {
            let until = moment.now + counter.budget.window;
            let failures = store::count(tx, counter.name.clone(), until, moment.now).await?;
            used_up |= failures == counter.budget.failures;
        }
        Ok(Counted {
            used_up,
            _running: self.running,
        })
    }

    /// Forgets the failures of the caller's own counter.
    pub async fn succeeded(&self, tx: &mut Tx) -> Result<(), Internal> {
        if let Some(own) = self.counters.first().filter(|_| self.stained) {
            store::forget_counter(tx, own.name.clone()).await?;
        }
        Ok(())
    }
}

/// Keeps a counted attempt among the running ones until its count can be read by others.
#[must_use]
pub struct Counted {
    /// It was the last one of a budget.
    pub used_up: bool,
    _running: Running,
}

struct Running {
    attempts: Attempts,
    /// The counters, each with how many others ran when this attempt began: taken before the stored failures are read, so that
    /// whoever fails in between is counted twice rather than not at all.
    names: Vec<(Vec<u8>, i64)>,
}

impl Running {
    fn begin(attempts: &Attempts, counters: &[Counter]) -> Self {
        let mut running = attempts.0.lock().unwrap_or_else(PoisonError::into_inner);
        let join = |counter: &Counter| {
            let count = running.entry(counter.name.clone()).or_insert(0);
            *count += 1;
            (counter.name.clone(), *count - 1)
        };
        let names = counters.iter().map(join).collect();
        drop(running);
        Self {
            attempts: attempts.clone(),
            names,
        }
    }

    /// How many others ran with this counter.
    fn others_of(&self, counter: &Counter) -> i64 {
        let found = self.names.iter().find(|(name, _)| *name == counter.name);
        found.map_or(0, |(_, others)| *others)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self
            .attempts
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (name, _) in &self.names {
            if let Some(count) = running.get_mut(name) {
                *count -= 1;
                if *count <= 0 {
                    running.remove(name);
                }
            }
        }
    }
}
