//! Connections as a snapshot in memory: nothing on a request's way asks the database for them.
//!
//! The snapshot is never changed, only replaced: whoever holds one sees one state throughout.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Connection, ConnectionId, store};
use crate::application::SelfServicePolicy;
use crate::db::{Db, Tx};
use crate::kit::Internal;

/// One state of the connections.
#[derive(Debug, Default)]
pub struct Connections {
    version: i64,
    all: Vec<Arc<Connection>>,
}

impl Connections {
    /// Reads the present state. The version is read first: a change in between is found by the next look at it.
    pub async fn load(tx: &mut Tx) -> Result<Self, Internal> {
        let version = store::connection::version(tx).await?;
        let all = store::connection::list(tx).await?;
        Ok(Self {
            version,
            all: all.into_iter().map(Arc::new).collect(),
        })
    }

    /// A state with these, for tests of what looks them up.
    #[cfg(test)]
    pub(crate) fn of(all: impl IntoIterator<Item = Connection>) -> Self {
        Self {
            version: 0,
            all: all.into_iter().map(Arc::new).collect(),
        }
    }

    /// All, by name, the disabled ones too.
    #[must_use]
    pub fn all(&self) -> &[Arc<Connection>] {
        &self.all
    }

    #[must_use]
    pub fn get(&self, id: ConnectionId) -> Option<&Arc<Connection>> {
        self.all.iter().find(|connection| connection.id == id)
    }

    /// Those with which an application's people may sign in, by name: enabled, and named by its policy.
    #[must_use]
    pub fn usable(&self, policy: &SelfServicePolicy) -> Vec<&Arc<Connection>> {
        self.all
            .iter()
            .filter(|connection| connection.enabled && policy.allows(connection.id))
            .collect()
    }

    /// The enabled connection to which people with addresses of a domain are led. The domain is in its ASCII form and lower case,
    /// as `EmailAddress::domain` gives it. A subdomain is another domain.
    #[must_use]
    pub fn for_domain(&self, domain: &str) -> Option<&Arc<Connection>> {
        self.all.iter().find(|connection| {
            let domains = &connection.settings.domains;
            connection.enabled && domains.iter().any(|one| one == domain)
        })
    }
}

/// The present connections of this node. Cheap to clone.
#[derive(Clone)]
pub struct ConnectionsHandle(Arc<RwLock<Arc<Connections>>>);

impl ConnectionsHandle {
    pub async fn open(db: &Db) -> Result<Self, Internal> {
        let connections = db.read(Connections::load).await?;
        Ok(Self(Arc::new(RwLock::new(Arc::new(connections)))))
    }

    #[must_use]
    pub fn current(&self) -> Arc<Connections> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Looks at the version and reads again if it has moved. Called after a change of our own, when another node announces
    /// one, and every second in case an announcement got lost.
    pub async fn refresh(&self, db: &Db) -> Result<(), Internal> {
        let known = self.current().version;
        let newer: Result<Option<Connections>, Internal> = db
            .read(async |tx| {
                if store::connection::version(tx).await? == known {
                    return Ok(None);
                }
                Connections::load(tx).await.map(Some)
            })
            .await;
        if let Some(newer) = newer? {
            let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if current.version < newer.version {
                *current = Arc::new(newer);
            }
        }
        Ok(())
    }
}

/// To be called in every unit of work that changes a connection.
pub async fn changed(tx: &mut Tx) -> Result<(), Internal> {
    store::connection::count_change(tx).await?;
    tx.announce().await
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::federation::{Google, Provider, Settings};
    use crate::kit::Clock;

    fn connection(name: &str, domain: &str, enabled: bool) -> Connection {
        let google = Google {
            hosted_domains: Vec::new(),
            base_url: None,
        };
        Connection {
            id: Clock::system().moment().id(),
            name: name.to_owned(),
            settings: Settings {
                provider: Provider::Google(google),
                scopes: Vec::new(),
                domains: vec![domain.to_owned()],
                mapping: crate::federation::Mapping::default(),
                trusted_methods: Vec::new(),
            },
            client_id: "us".to_owned(),
            secret_sealed: None,
            secret_expires_at: None,
            enabled,
            created_at: chrono::DateTime::<Utc>::UNIX_EPOCH,
            revision: 1,
        }
    }

    /// BR-04: only what is enabled and named by the policy is offered, and a domain leads to an enabled connection only.
    #[test]
    fn br_04_what_is_disabled_or_not_named_is_not_offered() {
        let one = connection("One", "one.example", true);
        let other = connection("Other", "other.example", true);
        let off = connection("Off", "off.example", false);
        let policy = SelfServicePolicy {
            connections: vec![one.id.to_string(), off.id.to_string()],
            ..SelfServicePolicy::default()
        };
        let known = Connections::of([one.clone(), other.clone(), off.clone()]);
        let names: Vec<_> = known.usable(&policy).iter().map(|c| c.id).collect();
        assert_eq!(names, [one.id]);
        assert!(!policy.allows_local());
        let led = |domain| known.for_domain(domain).map(|c| c.id);
        assert_eq!(led("other.example"), Some(other.id));
        assert_eq!(led("off.example"), None);
        assert_eq!(led("sub.other.example"), None);
    }
}
