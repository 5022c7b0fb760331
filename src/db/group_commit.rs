//! SQLite's one writer: units of work that meet in the line share one COMMIT, and nobody is answered before it is on disk.
//!
//! The first unit of a transaction owns it; each further one runs in a savepoint, so that its failure undoes only itself.
//! A caller that is dropped half way undoes its own unit and neither delays nor loses what the others wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::{Executor as _, SqliteConnection};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::kit::Internal;

/// More units than this don't make a COMMIT cheaper, only the first one's wait longer.
const UNITS_PER_COMMIT: usize = 64;

#[derive(Clone)]
pub(super) struct Writer {
    line: Arc<Mutex<Line>>,
    /// Callers that want the connection now: while there are some, the transaction may stay open for them.
    waiting: Arc<AtomicUsize>,
}

/// The connection, and what is not committed yet.
struct Line {
    connection: SqliteConnection,
    open: bool,
    /// The savepoint of the next unit is set already, in the same trip that ended the one before.
    marked: bool,
    unanswered: Vec<oneshot::Sender<Answer>>,
}

type Answer = Result<(), Arc<sqlx::Error>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Keep,
    Undo,
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        let line = Line {
            connection,
            open: false,
            marked: false,
            unanswered: Vec::new(),
        };
        Self {
            line: Arc::new(Mutex::new(line)),
            waiting: Arc::new(AtomicUsize::new(0)),
        }
    }

    /// Waits in line for the connection and begins a unit of work on it.
    pub(super) async fn turn(&self) -> Result<Turn, Internal> {
        let waiter = Waiter::join(self);
        let line = Arc::clone(&self.line).lock_owned().await;
        waiter.served();
        let nested = line.open;
        // From here on a dropped caller drops the turn, which tidies up.
        let mut turn = Turn {
            line: Some(line),
            nested,
            writer: self.clone(),
        };
        if let Some(line) = &mut turn.line {
            let begin = match (nested, std::mem::take(&mut line.marked)) {
                (false, _) => "BEGIN IMMEDIATE",
                (true, false) => "SAVEPOINT unit",
                (true, true) => return Ok(turn),
            };
            line.open = true;
            if let Err(error) = line.connection.execute(begin).await {
                line.open = nested;
                let abandoned = turn.line.take();
                turn.writer.settle(abandoned);
                return Err(error.into());
            }
        }
        Ok(turn)
    }

    /// Commits what nobody else will: used when the last one in the line went away.
    fn settle(&self, line: Option<OwnedMutexGuard<Line>>) {
        let writer = self.clone();
        spawn(async move {
            let mut line = match line {
                Some(line) => line,
                None => Arc::clone(&writer.line).lock_owned().await,
            };
            line.commit_unless_joined(&writer.waiting).await;
        });
    }
}

/// Counts somebody in the line for as long as they stand in it.
struct Waiter<'w> {
    writer: &'w Writer,
    served: bool,
}

impl<'w> Waiter<'w> {
    fn join(writer: &'w Writer) -> Self {
        writer.waiting.fetch_add(1, Ordering::SeqCst);
        Self {
            writer,
            served: false,
        }
    }

    fn served(mut self) {
        self.served = true;
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let before = self.writer.waiting.fetch_sub(1, Ordering::SeqCst);
        if !self.served && before == 1 {
            self.writer.settle(None);
        }
    }
}

/// A unit of work on the writing connection.
pub(super) struct Turn {
    line: Option<OwnedMutexGuard<Line>>,
    nested: bool,
    writer: Writer,
}

impl Turn {
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, Internal> {
        let line = self
            .line
            .as_mut()
            .ok_or_else(|| Internal::because("the unit of work is over"))?;
        Ok(&mut line.connection)
    }

    /// Ends the unit; returns when it is on disk, or undone.
    pub(super) async fn finish(mut self, outcome: Outcome) -> Result<(), Internal> {
        let (tell, told) = oneshot::channel();
        self.close(outcome, tell);
        match told.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(CommitFailed(error).into()),
            Err(closed) => Err(closed.into()),
        }
    }

    /// In a task of its own, so that a caller who goes away can't stop it half way.
    fn close(&mut self, outcome: Outcome, tell: oneshot::Sender<Answer>) {
        let Some(mut line) = self.line.take() else {
            return;
        };
        let (nested, waiting) = (self.nested, Arc::clone(&self.writer.waiting));
        spawn(async move {
            match line.end_unit((outcome, nested), &waiting).await {
                // One that was undone may have been refused for what another unit of this transaction wrote: it hears so only
                // when that is true for everybody.
                Ok(()) if line.open => line.unanswered.push(tell),
                Ok(()) => drop(tell.send(Ok(()))),
                Err(error) => {
                    line.unanswered.push(tell);
                    line.abandon(error).await;
                }
            }
            line.commit_unless_joined(&waiting).await;
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (tell, _nobody) = oneshot::channel();
        self.close(Outcome::Undo, tell);
    }
}

impl Line {
    /// Somebody waits, and this transaction has room for them.
    fn is_joined(&self, waiting: &AtomicUsize) -> bool {
        self.unanswered.len() < UNITS_PER_COMMIT && waiting.load(Ordering::SeqCst) > 0
    }

    async fn end_unit(
        &mut self,
        (outcome, nested): (Outcome, bool),
        waiting: &AtomicUsize,
    ) -> sqlx::Result<()> {
        let joined = self.is_joined(waiting);
        let (end, marked) = match (outcome, nested) {
            (Outcome::Keep, true) if joined => ("RELEASE unit; SAVEPOINT unit", true),
            (Outcome::Keep, true) => ("RELEASE unit", false),
            (Outcome::Keep, false) if joined => ("SAVEPOINT unit", true),
            (Outcome::Keep, false) => return Ok(()),
            (Outcome::Undo, true) => ("ROLLBACK TO unit", true), // which leaves the savepoint where it is
            (Outcome::Undo, false) => {
                self.open = false;
                ("ROLLBACK", false)
            }
        };
        self.connection.execute(end).await?;
        self.marked = marked;
        Ok(())
    }

    async fn commit_unless_joined(&mut self, waiting: &AtomicUsize) {
        if !self.open || self.is_joined(waiting) {
            return;
        }
        match self.connection.execute("COMMIT").await {
            Ok(_) => {
                (self.open, self.marked) = (false, false); // savepoints end with their transaction
                for caller in self.unanswered.drain(..) {
                    drop(caller.send(Ok(()))); // a caller who went away needs no answer
                }
            }
            Err(error) => self.abandon(error).await,
        }
    }

    /// The transaction can't be saved: everyone in it hears so, and the next one begins anew.
    async fn abandon(&mut self, error: sqlx::Error) {
        let error = Arc::new(error);
        (self.open, self.marked) = (false, false);
        drop(self.connection.execute("ROLLBACK").await); // fails if SQLite rolled back by itself already
        for caller in self.unanswered.drain(..) {
            drop(caller.send(Err(Arc::clone(&error))));
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the transaction was not committed")]
pub(super) struct CommitFailed(#[source] pub(super) Arc<sqlx::Error>);

/// Every caller here runs on the runtime; without one (the process is ending) SQLite rolls back by itself.
fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(work);
    }
}
