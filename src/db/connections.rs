//! A few connections, each lent to one caller at a time.
//!
//! Not sqlx's own pool: that one asks the database after every use whether the connection is still good, which costs a trip to
//! the server (or to SQLite's thread) each time. Here one that was given back in good order is good; another is asked, beside
//! the requests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{Connection, Executor as _, PgConnection, SqliteConnection};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::kit::Internal;

/// How long a caller waits for a connection.
const PATIENCE: Duration = Duration::from_secs(3);
const IDLE_BEFORE_PING: Duration = Duration::from_secs(30);
const LONGEST_IDLE: Duration = Duration::from_mins(10);
const LONGEST_LIFE: Duration = Duration::from_mins(30);

/// What both databases' connections can do.
pub(super) trait Link: Connection + 'static {
    fn run(&mut self, sql: &'static str) -> impl Future<Output = sqlx::Result<()>> + Send;
}

impl Link for PgConnection {
    async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
        self.execute(sql).await.map(drop)
    }
}

impl Link for SqliteConnection {
    async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
        self.execute(sql).await.map(drop)
    }
}

pub(super) struct Connections<C: Link>(Arc<Shared<C>>);

struct Shared<C: Link> {
    options: C::Options,
    room: Arc<Semaphore>,
    /// The one given back last is lent first.
    idle: Mutex<Vec<Idle<C>>>,
}

struct Idle<C: Link> {
    connection: C,
    made: Instant,
    since: Instant,
}

impl<C: Link> Clone for Connections<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: Link> Connections<C> {
    pub(super) fn new(options: C::Options, at_most: usize) -> Self {
        Self(Arc::new(Shared {
            options,
            room: Arc::new(Semaphore::new(at_most)),
            idle: Mutex::default(),
        }))
    }

    pub(super) fn options(&self) -> &C::Options {
        &self.0.options
    }

    /// A connection that nobody else has.
    pub(super) async fn lend(&self) -> Result<Lent<C>, Internal> {
        let permit = Arc::clone(&self.0.room).acquire_owned();
        let permit = in_time(async { Ok(permit.await?) }).await?;
        while let Some(idle) = self.idle(Vec::pop) {
            if let Some(connection) = self.still_good(idle).await {
                return Ok(self.lent(connection, permit));
            }
        }
        let connect = Box::pin(C::connect_with(&self.0.options)); // its future is large
        let connection = in_time(async { Ok(connect.await?) }).await?;
        let now = Instant::now();
        let fresh = Idle {
            connection,
            made: now,
            since: now,
        };
        Ok(self.lent(fresh, permit))
    }

    fn lent(&self, idle: Idle<C>, permit: OwnedSemaphorePermit) -> Lent<C> {
        Lent {
            inside: Some((idle, permit)),
            in_unit: false,
            home: self.clone(),
        }
    }

    async fn still_good(&self, mut idle: Idle<C>) -> Option<Idle<C>> {
        if idle.made.elapsed() > LONGEST_LIFE {
            return None;
        }
        if idle.since.elapsed() > IDLE_BEFORE_PING {
            let answered = in_time(async { Ok(idle.connection.ping().await?) }).await;
            if answered.is_err() {
                self.forget_idle();
                return None;
            }
        }
        Some(idle)
    }

    fn keep(&self, mut idle: Idle<C>) {
        idle.since = Instant::now();
        self.idle(|all| {
            all.retain(|other| other.since.elapsed() < LONGEST_IDLE);
            all.push(idle);
        });
    }

    /// One that broke tells of the others: they were made before the server went away.
    fn forget_idle(&self) {
        drop(self.idle(std::mem::take));
    }

    fn idle<T>(&self, work: impl FnOnce(&mut Vec<Idle<C>>) -> T) -> T {
        work(&mut self.0.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A connection until it is given back.
pub(super) struct Lent<C: Link> {
    inside: Option<(Idle<C>, OwnedSemaphorePermit)>,
    /// Between BEGIN and COMMIT.
    in_unit: bool,
    home: Connections<C>,
}

impl<C: Link> Lent<C> {
    pub(super) fn connection(&mut self) -> Result<&mut C, Internal> {
        let inside = self.inside.as_mut();
        let (idle, _) = inside.ok_or_else(|| Internal::because("the connection was given back"))?;
        Ok(&mut idle.connection)
    }

    pub(super) async fn begin(&mut self) -> Result<(), Internal> {
        self.in_unit = true;
        self.connection()?.run("BEGIN").await?;
        Ok(())
    }

    /// Ends the unit of work, if there is one, with `COMMIT` or `ROLLBACK`. Every statement has ended well.
    pub(super) async fn give_back(mut self, end: &'static str) -> Result<(), Internal> {
        if self.in_unit {
            self.connection()?.run(end).await?;
        }
        if let Some((idle, _permit)) = self.inside.take() {
            self.home.keep(idle);
        }
        Ok(())
    }
}

/// A caller went away half way, or a statement failed: what was begun is undone beside the requests, and if that fails too,
/// the connection is closed.
impl<C: Link> Drop for Lent<C> {
    fn drop(&mut self) {
        let (Some((mut idle, permit)), home) = (self.inside.take(), self.home.clone()) else {
            return;
        };
        let (Ok(runtime), in_unit) = (Handle::try_current(), self.in_unit) else {
            return; // the process is ending
        };
        runtime.spawn(async move {
            let tidied = in_time(async {
                if in_unit {
                    idle.connection.run("ROLLBACK").await?;
                }
                Ok(idle.connection.ping().await?)
            });
            match tidied.await {
                Ok(()) => home.keep(idle),
                Err(_broken) => home.forget_idle(),
            }
            drop(permit);
        });
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, Internal>>) -> Result<T, Internal> {
    timeout(PATIENCE, work)
        .await
        .unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut.into()))
}
