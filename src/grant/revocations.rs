//! What was revoked and might still be alive, in memory: checking a token asks no database.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::store::{self, RevocationRow};
use super::{GrantId, LONGEST_ACCESS};
use crate::db::Db;
use crate::kit::{Internal, Moment};

/// Units of work that were under way when we last read, and clocks of other nodes that lag behind.
const OVERLAP: TimeDelta = TimeDelta::minutes(2);

/// The set. Cheap to clone; all clones see a reload.
#[derive(Clone)]
pub struct Revocations(Arc<RwLock<Known>>);

struct Known {
    version: i64,
    latest: DateTime<Utc>,
    until: HashMap<Uuid, DateTime<Utc>>,
}

impl Revocations {
    /// Reads what counts at this time.
    pub async fn open(db: &Db, moment: &Moment) -> Result<Self, Internal> {
        let known = Known {
            version: 0,
            latest: moment.now - LONGEST_ACCESS,
            until: HashMap::new(),
        };
        let revocations = Self(Arc::new(RwLock::new(known)));
        revocations.reload(db, moment).await?;
        Ok(revocations)
    }

    /// Reads what was revoked since the last time, if anything was, and forgets what can't be alive any more.
    pub async fn reload(&self, db: &Db, moment: &Moment) -> Result<(), Internal> {
        let (seen, since) = {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            (known.version, known.latest - OVERLAP)
        };
        let news = db.read(async |tx| {
            let version = store::version(tx).await?; // first: a change in between is then found by the next reload
            if version == seen {
                return Ok::<_, Internal>(None);
            }
            Ok(Some((version, store::revocations_since(tx, since).await?)))
        });
        if let Some((version, rows)) = news.await? {
            self.learn(version, &rows, moment.now);
        }
        Ok(())
    }

    fn learn(&self, version: i64, rows: &[RevocationRow], now: DateTime<Utc>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.version = version;
        for row in rows {
            known.latest = known.latest.max(row.revoked_at);
            known.until.insert(row.id, row.until);
        }
        known.until.retain(|_, until| now < *until);
    }

    /// Whether the token was revoked, by itself or with its grant.
    #[must_use]
    pub fn covers(&self, jti: Uuid, grant: Option<GrantId>) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let grant = grant.map(GrantId::uuid);
        known.until.contains_key(&jti)
            || grant.is_some_and(|grant| known.until.contains_key(&grant))
    }
}
