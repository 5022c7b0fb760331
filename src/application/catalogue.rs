//! Applications, clients and assigned groups as a snapshot in memory: nothing on a request's way asks the database for them.
//!
//! The snapshot is never changed, only replaced: whoever holds one sees one state throughout.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Application, ApplicationId, Client, ClientId, store};
use crate::db::{Db, Tx};
use crate::kit::{Id, Internal, kinds};

/// One state of the catalogue.
#[derive(Debug, Default)]
pub struct Catalogue {
    version: i64,
    applications: Vec<Arc<Application>>,
    clients: HashMap<ClientId, Arc<Client>>,
    client_of: HashMap<ApplicationId, Arc<Client>>,
    groups_of: HashMap<ApplicationId, Vec<AssignedGroup>>,
}

/// A group that an application places its people in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignedGroup {
    pub id: Id<kinds::Group>,
    pub name: String,
}

impl Catalogue {
    /// Reads the present state. The version is read first: a change in between is found by the next look at it.
    pub async fn load(tx: &mut Tx) -> Result<Self, Internal> {
        let mut catalogue = Self {
            version: store::version(tx).await?,
            ..Self::default()
        };
        let applications = store::applications(tx).await?;
        catalogue.applications = applications.into_iter().map(Arc::new).collect();
        let clients = store::clients(tx).await?;
        let mut clients: HashMap<_, _> = clients.into_iter().map(|one| (one.id, one)).collect();
        for row in store::secrets(tx).await? {
            if let Some(client) = clients.get_mut(&row.client_id) {
                client.secrets.push(row.into());
            }
        }
        for (id, client) in clients {
            let client = Arc::new(client);
            if let Some(application) = client.application {
                catalogue.client_of.insert(application, client.clone());
            }
            catalogue.clients.insert(id, client);
        }
        for row in store::assignments(tx).await? {
            let group = AssignedGroup {
                id: row.group_id,
                name: row.name,
            };
            catalogue
                .groups_of
                .entry(row.application_id)
                .or_default()
                .push(group);
        }
        Ok(catalogue)
    }

    /// One application and its client, for tests of what looks them up.
    #[cfg(test)]
    pub(crate) fn with(application: Application, client: Client) -> Self {
        let client = Arc::new(client);
        Self {
            client_of: HashMap::from([(application.id, client.clone())]),
            clients: HashMap::from([(client.id, client)]),
            applications: vec![Arc::new(application)],
            ..Self::default()
        }
    }

    /// All, by name.
    #[must_use]
    pub fn applications(&self) -> &[Arc<Application>] {
        &self.applications
    }

    #[must_use]
    pub fn application(&self, id: ApplicationId) -> Option<&Arc<Application>> {
        self.applications
            .iter()
            .find(|application| application.id == id)
    }

    #[must_use]
    pub fn client(&self, id: ClientId) -> Option<&Arc<Client>> {
        self.clients.get(&id)
    }

    /// All, oldest first.
    #[must_use]
    pub fn clients(&self) -> Vec<&Arc<Client>> {
        let mut clients: Vec<_> = self.clients.values().collect();
        clients.sort_unstable_by_key(|client| client.id);
        clients
    }

    /// The client of an application; none for SAML only.
    #[must_use]
    pub fn client_of(&self, id: ApplicationId) -> Option<&Arc<Client>> {
        self.client_of.get(&id)
    }

    /// A client and its application; nothing for clients of the management API.
    #[must_use]
    pub fn relying_party(&self, id: ClientId) -> Option<(&Arc<Client>, &Arc<Application>)> {
        let client = self.client(id)?;
        Some((client, self.application(client.application?)?))
    }

    /// The groups that an application places its people in, by name (R45–R49).
    #[must_use]
    pub fn groups_of(&self, id: ApplicationId) -> &[AssignedGroup] {
        self.groups_of.get(&id).map_or(&[], Vec::as_slice)
    }
}

/// The present catalogue of this node. Cheap to clone.
#[derive(Clone)]
pub struct CatalogueHandle(Arc<RwLock<Arc<Catalogue>>>);

impl CatalogueHandle {
    pub async fn open(db: &Db) -> Result<Self, Internal> {
        let catalogue = db.read(Catalogue::load).await?;
        Ok(Self(Arc::new(RwLock::new(Arc::new(catalogue)))))
    }

    #[must_use]
    pub fn current(&self) -> Arc<Catalogue> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Looks at the version and reads again if it has moved. Called after a change of our own, when another node announces
    /// one, and every second in case an announcement got lost.
    pub async fn refresh(&self, db: &Db) -> Result<(), Internal> {
        let known = self.current().version;
        let newer: Result<Option<Catalogue>, Internal> = db
            .read(async |tx| {
                if store::version(tx).await? == known {
                    return Ok(None);
                }
                Catalogue::load(tx).await.map(Some)
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

/// To be called in every unit of work that changes what the catalogue holds, group names included.
pub async fn changed(tx: &mut Tx) -> Result<(), Internal> {
    store::count_change(tx).await?;
    tx.announce().await
}
