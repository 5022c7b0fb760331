//! What was revoked and might still be alive, in memory: checking a token asks no database.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{GrantId, store};
use crate::db::Db;
use crate::kit::{Internal, Moment};

/// The set. Cheap to clone; all clones see a reload.
#[derive(Clone)]
pub struct Revocations(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    /// Everything up to here has been read.
    version: i64,
    until: HashMap<Uuid, DateTime<Utc>>,
}

impl Revocations {
    /// Reads what counts now.
    pub async fn open(db: &Db, moment: &Moment) -> Result<Self, Internal> {
        let revocations = Self(Arc::default());
        revocations.reload(db, moment).await?;
        Ok(revocations)
    }

    /// Reads what was revoked since the last time, if anything was, and forgets what can't be alive any more.
    pub async fn reload(&self, db: &Db, moment: &Moment) -> Result<(), Internal> {
        let seen = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .version;
        let news = db.read(async |tx| {
            let version = store::version(tx).await?;
            if version == seen {
                return Ok::<_, Internal>(None);
            }
            Ok(Some((version, store::revocations_after(tx, seen).await?)))
        });
        if let Some((version, revoked)) = news.await? {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            known.version = known.version.max(version);
            known.until.extend(revoked);
            known.until.retain(|_, until| moment.now < *until);
        }
        Ok(())
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
