//! The application under test: the real router on a real database; only the clock, chance and the mail server are replaced.
#![expect(dead_code, unused_imports, reason = "not every actor has a test yet")]

mod actors;
mod browser;
mod inviting;
mod mailbox;
mod receiver;
mod signing_in;

use axum::Router;
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use tokio::sync::OnceCell;
use usher::app::App;
use usher::config::{Config, Sources};
use usher::identity::password::Hasher;
use usher::keys::ring::NewKeys;
use usher::keys::{self, MasterKey, Sealer};
use usher::kit::{Clock, Internal, ManualClock};

pub(crate) use actors::*;
pub(crate) use browser::{Browser, Page};
pub(crate) use inviting::*;
pub(crate) use mailbox::Letter;
pub(crate) use receiver::Receiver;
pub(crate) use signing_in::*;

use crate::database::{self, Fresh};

/// Where a test begins in time: a Monday morning.
pub(crate) fn beginning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap()
}

pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) clock: ManualClock,
    /// The database goes when the test does.
    _database: Fresh,
}

/// Making keys takes longer than most tests: all share one set.
static KEYS: OnceCell<NewKeys> = OnceCell::const_new();

impl TestApp {
    /// One on each database that is at hand: SQLite always, PostgreSQL where `USHER_TEST_POSTGRES` names a server.
    pub(crate) async fn each() -> Vec<Self> {
        Self::each_with(&[]).await
    }

    /// The same with settings of its own.
    pub(crate) async fn each_with(settings: &[(&str, &str)]) -> Vec<Self> {
        let mut apps = Vec::new();
        for fresh in database::each().await {
            apps.push(Self::on(fresh, settings).await);
        }
        apps
    }

    /// On SQLite only: for what has nothing to do with storage.
    pub(crate) async fn sqlite() -> Self {
        Self::sqlite_with(&[]).await
    }

    /// The same with settings of its own.
    pub(crate) async fn sqlite_with(settings: &[(&str, &str)]) -> Self {
        Self::on(database::sqlite().await, settings).await
    }

    async fn on(database: Fresh, settings: &[(&str, &str)]) -> Self {
        let clock = ManualClock::new(beginning(), 7);
        let mut flags = vec![
            ("database.url".to_owned(), database.url.clone()),
            (
                "server.public_url".to_owned(),
                "http://localhost:8080".to_owned(),
            ),
        ];
        flags.extend(
            settings
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
        );
        let secret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY".to_owned();
        let environment = vec![("USHER_KEYS__MASTER_KEY".to_owned(), secret)];
        let config = Config::load(&Sources {
            file: None,
            environment,
            flags,
        })
        .unwrap();
        plant_keys(&database, &config, &clock).await;
        let hasher = Hasher::cheap();
        let app = App::open_with(config, Clock::manual(&clock), hasher)
            .await
            .unwrap();
        let router = usher::serve::router(&app);
        Self {
            app,
            router,
            clock,
            _database: database,
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(
            self.router.clone(),
            self.app.config.server.public_url.clone(),
        )
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }
}

async fn plant_keys(database: &Fresh, config: &Config, clock: &ManualClock) {
    keys::install();
    let new = KEYS
        .get_or_init(async || NewKeys::generate().await.unwrap())
        .await;
    let moment = Clock::manual(clock).moment();
    let sealer = Sealer::new(&MasterKey::load(&config.keys.master_key, &moment).unwrap()).unwrap();
    let planted: Result<_, Internal> = database
        .db
        .write(async |tx| keys::ring::plant(tx, &sealer, &moment, new).await)
        .await;
    planted.unwrap();
}
