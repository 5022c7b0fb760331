//! The providers that this node knows: their metadata and keys in memory, read again in time, and kept while they don't answer.
//!
//! Nothing on a request's way waits for a provider that has answered lately (A8, A9).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex as Queue;
use url::Url;

use super::metadata::{KeySet, Metadata, Undescribed, discover, fetch_keys};
use super::{Connection, Provider, Trouble};
use crate::keys::IssuerKeys;
use crate::web::Outgoing;

/// An unknown key makes us ask again, but not more often than this per provider.
const BETWEEN_KEY_REQUESTS: TimeDelta = TimeDelta::minutes(5);
/// What the chore finds older than this, it reads again.
const REFRESHED_BEFORE: TimeDelta = TimeDelta::minutes(65);

/// What is known of providers. Cheap to clone.
#[derive(Clone)]
pub struct Providers {
    outgoing: Outgoing,
    slots: Arc<Mutex<HashMap<Url, Arc<Slot>>>>,
}

/// One provider, by the address of its discovery document.
struct Slot {
    at: Url,
    known: RwLock<Option<Known>>,
    /// Who wants to ask stands in line; with what went wrong the last time.
    asking: Queue<Option<Undescribed>>,
    /// How often it was asked: tells those who stood in line that somebody has asked for them.
    answers: AtomicU64,
    keys_asked_at: Mutex<Option<DateTime<Utc>>>,
}

/// A provider as it described itself last.
#[derive(Clone)]
pub struct Known {
    pub metadata: Arc<Metadata>,
    pub keys: Arc<KeySet>,
}

impl Known {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.metadata.fresh_until > now && self.keys.fresh_until > now
    }
}

impl Providers {
    #[must_use]
    pub fn new(outgoing: Outgoing) -> Self {
        Self {
            outgoing,
            slots: Arc::default(),
        }
    }

    /// What sends requests to them.
    pub(super) const fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    /// A connection's provider: from memory, or asked for.
    pub async fn of(&self, connection: &Connection, now: DateTime<Utc>) -> Result<Known, Trouble> {
        let connector = connection.settings.provider.connector();
        let known = match connector.discovery() {
            Some(at) => self.slot(&at).known(&self.outgoing, now).await,
            None => fixed(&connection.settings.provider, &self.outgoing),
        };
        let known = known.map_err(|why| trouble(connection, &why))?;
        let own = known
            .metadata
            .is_of(connector, &connection.settings.provider);
        own.map_err(|why| trouble(connection, &why))?;
        Ok(known)
    }

    /// The provider with newer keys, after a token that none of the known ones signed; `None`: it was asked lately.
    pub(super) async fn with_newer_keys(
        &self,
        connection: &Connection,
        now: DateTime<Utc>,
    ) -> Option<Known> {
        let at = connection.settings.provider.connector().discovery()?;
        self.slot(&at).newer_keys(&self.outgoing, now).await
    }

    /// What a provider says of itself at this moment, past the memory: for who sets up a connection.
    pub async fn fetch_for_check(
        &self,
        provider: &Provider,
        now: DateTime<Utc>,
    ) -> Result<Known, Undescribed> {
        let connector = provider.connector();
        let Some(at) = connector.discovery() else {
            return fixed(provider, &self.outgoing);
        };
        let known = ask(&self.outgoing, &at, now).await?;
        known.metadata.is_of(connector, provider)?;
        Ok(known)
    }

    /// Asks the providers in use again before what is known of them gets old. Those that don't answer stay as they are.
    pub async fn refresh(&self, now: DateTime<Utc>) {
        let slots: Vec<_> = self.lock().values().cloned().collect();
        for slot in slots {
            let old = slot
                .read()
                .is_some_and(|known| !known.is_fresh(now + REFRESHED_BEFORE));
            if old && let Err(why) = slot.ask(&self.outgoing, now).await {
                tracing::warn!(provider = %slot.at, %why, "A provider's metadata could not be read again; the last is used.");
            }
        }
    }

    fn slot(&self, at: &Url) -> Arc<Slot> {
        let mut slots = self.lock();
        let slot = slots.entry(at.clone()).or_insert_with(|| {
            Arc::new(Slot {
                at: at.clone(),
                known: RwLock::default(),
                asking: Queue::default(),
                answers: AtomicU64::default(),
                keys_asked_at: Mutex::default(),
            })
        });
        slot.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Url, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn read(&self) -> Option<Known> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn keep(&self, known: Known) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    /// From memory while it is fresh; asked for otherwise; the last good one while the provider doesn't answer.
    async fn known(&self, outgoing: &Outgoing, now: DateTime<Utc>) -> Result<Known, Undescribed> {
        let known = self.read();
        if let Some(known) = known.as_ref().filter(|known| known.is_fresh(now)) {
            return Ok(known.clone());
        }
        match (self.ask(outgoing, now).await, known) {
            (Err(why), Some(last)) => {
                tracing::warn!(provider = %self.at, %why, "A provider's metadata could not be read again; the last is used.");
                Ok(last)
            }
            (asked, _) => asked,
        }
    }

    /// Many may want to know at once; one asks, and the others take its answer, good or bad.
    async fn ask(&self, outgoing: &Outgoing, now: DateTime<Utc>) -> Result<Known, Undescribed> {
        let seen = self.answers.load(Ordering::Acquire);
        let mut last = self.asking.lock().await;
        if self.answers.load(Ordering::Acquire) != seen {
            match (self.read(), last.clone()) {
                (_, Some(why)) => return Err(why),
                (Some(known), None) => return Ok(known),
                (None, None) => {}
            }
        }
        let asked = ask(outgoing, &self.at, now).await;
        if let Ok(known) = &asked {
            self.keep(known.clone());
        }
        *last = asked.as_ref().err().cloned();
        self.answers.fetch_add(1, Ordering::Release);
        asked
    }

    async fn newer_keys(&self, outgoing: &Outgoing, now: DateTime<Utc>) -> Option<Known> {
        let known = self.read()?;
        let before = Arc::clone(&known.keys);
        let _turn = self.asking.lock().await;
        let present = self.read()?;
        if !Arc::ptr_eq(&before, &present.keys) {
            return Some(present); // somebody has asked meanwhile
        }
        {
            let asked_at = self.keys_asked_at.lock();
            let mut asked_at = asked_at.unwrap_or_else(PoisonError::into_inner);
            if asked_at.is_some_and(|at| now < at + BETWEEN_KEY_REQUESTS) {
                return None;
            }
            *asked_at = Some(now);
        }
        let keys = fetch_keys(outgoing, known.metadata.jwks.as_ref()?, now).await;
        let keys = keys
            .inspect_err(|why| tracing::warn!(provider = %self.at, %why, "A provider's keys could not be read again; the last are used."))
            .ok()?;
        let newer = Known {
            keys: Arc::new(keys),
            ..present
        };
        self.keep(newer.clone());
        Some(newer)
    }
}

async fn ask(outgoing: &Outgoing, at: &Url, now: DateTime<Utc>) -> Result<Known, Undescribed> {
    let metadata = discover(outgoing, at, now).await?;
    let jwks = metadata.jwks.as_ref();
    let keys = fetch_keys(outgoing, jwks.ok_or(Undescribed::Missing("jwks_uri"))?, now).await?;
    Ok(Known {
        metadata: Arc::new(metadata),
        keys: Arc::new(keys),
    })
}

/// Plain OAuth 2.0: its settings are all there is to know.
fn fixed(provider: &Provider, outgoing: &Outgoing) -> Result<Known, Undescribed> {
    let Provider::OAuth2(settings) = provider else {
        return Err(Undescribed::Missing("issuer"));
    };
    let metadata = Metadata::of_settings(settings);
    metadata.check(outgoing)?;
    let fresh_until = metadata.fresh_until;
    Ok(Known {
        metadata: Arc::new(metadata),
        keys: Arc::new(KeySet {
            keys: IssuerKeys::none(),
            fresh_until,
        }),
    })
}

fn trouble(connection: &Connection, why: &Undescribed) -> Trouble {
    tracing::warn!(connection.id = %connection.id, %why, "A provider can't be used.");
    if why.is_passing() {
        Trouble::unavailable("its metadata can't be read")
    } else {
        Trouble::misconfigured("its metadata is not what the connection expects")
    }
}
