//! What a handler may reach: everything that is built once and lives as long as the process.
//!
//! Handlers get `App` whole and pass parts of it to use cases. Nothing here is business.

mod api_client;
mod arrival;
mod caller;
mod hosted;
mod providers;

use std::ops::Deref;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::application::{Catalogue, CatalogueHandle};
use crate::config::Config;
use crate::db::Db;
use crate::event::{Actor, Messenger};
use crate::federation::{ConnectionsHandle, Keeper, Providers};
use crate::grant::{AccessTokens, Revocations};
use crate::identity::password::Hasher;
use crate::invitation::issue::Desk;
use crate::keys::{self, KeyRing, MasterKey, Sealer};
use crate::kit::{Clock, Internal, Moment};
use crate::mail::Postman;
use crate::session::logout::Herald;
use crate::session::throttle::Attempts;
use crate::web::{Links, Loopback, Metrics, Outgoing, Pages, Statics};

pub use api_client::ApiClient;
pub use arrival::Arrival;
pub use caller::{Admin, NotAdmin};
pub use hosted::{Followed, Hosted, brand_of};

/// Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    pub db: Db,
    pub clock: Clock,
    pub sealer: Sealer,
    pub keys: KeyRing,
    pub catalogue: CatalogueHandle,
    /// What is known of the connections' providers.
    pub providers: Providers,
    pub connections: ConnectionsHandle,
    pub revocations: Revocations,
    pub access_tokens: AccessTokens,
    pub attempts: Attempts,
    pub hasher: Hasher,
    pub links: Links,
    pub statics: Statics,
    pub pages: Arc<Pages>,
    pub metrics: Metrics,
    /// The one way to the addresses of others.
    pub outgoing: Outgoing,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Opens the database, reads or makes the keys, and reads what is kept in memory.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, Internal> {
        Self::open_with(config, clock, Hasher::new()).await
    }

    /// The same with a given hasher: tests that are not about passwords take a cheap one.
    pub async fn open_with(config: Config, clock: Clock, hasher: Hasher) -> Result<Self, Internal> {
        keys::install();
        let moment = clock.moment();
        let db = Db::open(&config.database.url).await?;
        let sealer = Sealer::new(&MasterKey::load(&config.keys.master_key, &moment)?)?;
        let keys = KeyRing::open(&db, &sealer, &moment).await?;
        let revocations = Revocations::open(&db, &moment).await?;
        let (links, statics) = (Links::new(&config.server.public_url), Statics::new());
        let loopback = if config.server.is_local() {
            Loopback::Allowed
        } else {
            Loopback::Refused
        };
        let outgoing = Outgoing::new(loopback)?;
        Ok(Self(Arc::new(Parts {
            providers: Providers::new(outgoing.clone()),
            outgoing,
            catalogue: CatalogueHandle::open(&db).await?,
            connections: ConnectionsHandle::open(&db).await?,
            access_tokens: AccessTokens::new(links.issuer(), &keys, &revocations),
            attempts: Attempts::default(),
            pages: Arc::new(Pages::new(&links, &statics)),
            metrics: Metrics::new(),
            config,
            db,
            clock,
            sealer,
            keys,
            revocations,
            hasher,
            links,
            statics,
        })))
    }

    #[must_use]
    pub fn moment(&self) -> Moment {
        self.clock.moment()
    }

    /// Reads again what other nodes, or the command line, have changed.
    pub async fn refresh(&self, moment: &Moment) -> Result<(), Internal> {
        self.catalogue.refresh(&self.db).await?;
        self.connections.refresh(&self.db).await?;
        self.keys.reload(&self.db).await?;
        self.revocations.reload(&self.db, moment).await
    }

    /// What issuing and resending invitations needs.
    #[must_use]
    pub fn desk<'a>(&'a self, catalogue: &'a Catalogue) -> Desk<'a> {
        Desk {
            keys: &self.keys,
            sealer: &self.sealer,
            links: &self.links,
            catalogue,
        }
    }

    /// What changing connections needs.
    #[must_use]
    pub fn keeper<'a>(&'a self, actor: &'a Actor) -> Keeper<'a> {
        Keeper {
            providers: &self.providers,
            outgoing: &self.outgoing,
            sealer: &self.sealer,
            actor,
        }
    }

    /// Who delivers letters.
    pub fn postman(&self) -> Result<Postman, Internal> {
        Postman::new(&self.config, self.db.clone(), self.sealer.clone())
    }

    /// Who delivers webhooks.
    #[must_use]
    pub fn messenger(&self) -> Messenger {
        Messenger::new(self.db.clone(), self.sealer.clone(), self.outgoing.clone())
    }

    /// Who tells applications that a session has ended.
    #[must_use]
    pub fn herald(&self) -> Herald {
        Herald {
            db: self.db.clone(),
            keys: self.keys.clone(),
            catalogue: self.catalogue.clone(),
            issuer: self.links.issuer().to_owned(),
            outgoing: self.outgoing.clone(),
        }
    }

    /// How long a session lasts.
    #[must_use]
    pub fn session_lifetime(&self) -> TimeDelta {
        TimeDelta::hours(self.config.sessions.lifetime_hours)
    }
}
