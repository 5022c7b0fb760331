//! Connections are made, changed and removed: checked first, the provider asked before the unit of work, then written down.
//!
//! The secret is not tried: providers have no way to do that without somebody signing in. `health` tells what became of it.

use std::collections::BTreeSet;

use serde_json::json;

use super::draft::{NewSecret, Sound, Terms};
use super::store::connection as store;
use super::{
    Connection, ConnectionDraft, ConnectionId, Known, Providers, SaveRefused, Undescribed,
};
use super::{changed, connection};
use crate::application::Catalogue;
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::group;
use crate::keys::Sealer;
use crate::kit::{Failed, FieldProblem, Internal, Moment};
use crate::session;
use crate::web::Outgoing;

/// All stand in the memory of every node.
pub(super) const MOST_CONNECTIONS: usize = 200;

/// Who changes connections, and what that needs.
pub struct Keeper<'a> {
    pub providers: &'a Providers,
    pub outgoing: &'a Outgoing,
    pub sealer: &'a Sealer,
    pub actor: &'a Actor,
}

/// A draft in which nothing is wrong, of a provider that is who it should be. Made by `Keeper::check` alone.
#[derive(Debug)]
pub struct Checked {
    sound: Sound,
    /// The stored revision that it was checked against.
    revision: Option<i64>,
}

impl Keeper<'_> {
    /// Finds everything that is wrong, as far as that is possible without a unit of work. `before` is what is stored, when it
    /// is changed. Disabling asks no provider: that one may be down or not to be trusted any more.
    pub async fn check(
        &self,
        moment: &Moment,
        draft: ConnectionDraft,
        before: Option<&Connection>,
    ) -> Result<Checked, Failed<SaveRefused>> {
        let terms = Terms {
            now: moment.now,
            outgoing: self.outgoing,
            before,
        };
        let sound = draft.check(&terms);
        let sound = sound.map_err(|problems| Failed::Refused(SaveRefused::Fields(problems)))?;
        let known = before.is_some_and(|before| {
            before.settings.provider == sound.settings.provider
                && (before.enabled || !sound.enabled)
        });
        if !known {
            let asked = self.ask(moment, &sound.settings.provider).await;
            asked.map_err(|why| Failed::Refused(SaveRefused::Provider(why)))?;
        }
        Ok(Checked {
            sound,
            revision: before.map(|before| before.revision),
        })
    }

    /// What the provider says of itself, if it is who it should be.
    pub async fn ask(
        &self,
        moment: &Moment,
        provider: &super::Provider,
    ) -> Result<Known, Undescribed> {
        self.providers.fetch_for_check(provider, moment.now).await
    }

    pub async fn create(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        checked: Checked,
    ) -> Result<Connection, Failed<SaveRefused>> {
        changed(tx).await?; // first: whoever changes connections now waits here, so that names and domains stay unique
        let id = moment.id();
        let others = store::list(tx).await?;
        if others.len() >= MOST_CONNECTIONS {
            return Err(Failed::Refused(SaveRefused::TooMany));
        }
        fits(tx, &checked.sound, &others).await?;
        let sound = checked.sound;
        let connection = Connection {
            id,
            secret_sealed: self.seal(&sound.secret, None, moment)?,
            name: sound.name,
            settings: sound.settings,
            client_id: sound.client_id,
            secret_expires_at: sound.secret_expires_at,
            enabled: sound.enabled,
            created_at: moment.now,
            revision: 1,
        };
        store::insert(tx, &connection).await?;
        self.record(tx, moment, Kind::ConnectionCreated, &connection)
            .await?;
        Ok(connection)
    }

    /// Changes the connection that `checked` was checked against.
    pub async fn update(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        id: ConnectionId,
        checked: Checked,
    ) -> Result<Connection, Failed<SaveRefused>> {
        changed(tx).await?; // first, as when creating
        let Some(old) = store::find(tx, id).await? else {
            return Err(Failed::Refused(SaveRefused::Unknown));
        };
        if checked.revision != Some(old.revision) {
            return Err(Failed::Refused(SaveRefused::Stale));
        }
        let mut others = store::list(tx).await?;
        others.retain(|other| other.id != id);
        fits(tx, &checked.sound, &others).await?;
        let sound = checked.sound;
        let replaced = matches!(sound.secret, NewSecret::Is(_));
        let new = Connection {
            secret_sealed: self.seal(&sound.secret, old.secret_sealed.clone(), moment)?,
            name: sound.name,
            settings: sound.settings,
            client_id: sound.client_id,
            secret_expires_at: sound.secret_expires_at,
            enabled: sound.enabled,
            revision: old.revision + 1,
            id: old.id,
            created_at: old.created_at,
        };
        if !store::update(tx, &new, old.revision).await? {
            return Err(Failed::Refused(SaveRefused::Stale));
        }
        if replaced || new.client_id != old.client_id {
            store::forget_health(tx, id).await?;
        }
        if new.secret_expires_at != old.secret_expires_at {
            store::forget_warning(tx, id).await?;
        }
        self.tell(tx, moment, (&old, &new), replaced).await?;
        Ok(new)
    }

    /// Every kind of change has its own event, so that an auditor finds it.
    async fn tell(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        (old, new): (&Connection, &Connection),
        replaced: bool,
    ) -> Result<(), Internal> {
        self.record(tx, moment, Kind::ConnectionUpdated, new)
            .await?;
        if replaced {
            self.record(tx, moment, Kind::ConnectionSecretReplaced, new)
                .await?;
        }
        match (old.enabled, new.enabled) {
            (false, true) => self.record(tx, moment, Kind::ConnectionEnabled, new).await,
            (true, false) => {
                self.record(tx, moment, Kind::ConnectionDisabled, new)
                    .await?;
                self.end_sessions(tx, moment, new.id).await
            }
            _ => Ok(()),
        }
    }

    /// Removes a connection and the links of accounts to it. Nobody is locked out by that: whose only way it is keeps it.
    pub async fn delete(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        id: ConnectionId,
    ) -> Result<(), Failed<SaveRefused>> {
        changed(tx).await?;
        let Some(connection) = store::find(tx, id).await? else {
            return Err(Failed::Refused(SaveRefused::Unknown));
        };
        let catalogue = Catalogue::load(tx).await?;
        let named = catalogue.applications().iter();
        let named: Vec<String> = named
            .filter(|application| application.policy.allows(id))
            .map(|application| application.name.clone())
            .collect();
        if !named.is_empty() {
            return Err(Failed::Refused(SaveRefused::InUse(named)));
        }
        let stranded = store::people_without_another_way(tx, id).await?;
        if stranded > 0 {
            return Err(Failed::Refused(SaveRefused::OnlyWay(stranded)));
        }
        self.end_sessions(tx, moment, id).await?;
        store::drop_sign_ins(tx, id).await?;
        let unlinked = store::drop_links(tx, id).await?;
        store::delete(tx, id).await?;
        let about = json!({"name": connection.name, "accounts_unlinked": unlinked});
        let happening = Kind::ConnectionDeleted.about(id, about);
        event::record(tx, moment, self.actor, happening).await?;
        Ok(())
    }

    /// BR-09: what began at a provider that isn't believed any more doesn't go on.
    async fn end_sessions(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        id: ConnectionId,
    ) -> Result<(), Internal> {
        let sessions = session::of_connection(tx, id).await?;
        session::end_each(tx, moment, self.actor, sessions).await?;
        Ok(())
    }

    fn seal(
        &self,
        secret: &NewSecret,
        stored: Option<Vec<u8>>,
        moment: &Moment,
    ) -> Result<Option<Vec<u8>>, Internal> {
        match secret {
            NewSecret::Goes => Ok(None),
            NewSecret::Stays => Ok(stored),
            NewSecret::Is(secret) => {
                let text = secret.reveal().as_bytes();
                Ok(Some(self.sealer.seal(
                    connection::SEALED_AS,
                    text,
                    moment,
                )?))
            }
        }
    }

    async fn record(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        kind: Kind,
        connection: &Connection,
    ) -> Result<(), Internal> {
        let about = json!({
            "name": connection.name,
            "provider": connection.settings.provider.kind(),
            "client_id": connection.client_id,
            "domains": connection.settings.domains,
            "enabled": connection.enabled,
            "secret_expires_at": connection.secret_expires_at,
            "revision": connection.revision,
        });
        event::record(tx, moment, self.actor, kind.about(connection.id, about)).await?;
        Ok(())
    }
}

/// Whether a draft goes together with what is stored.
async fn fits(
    tx: &mut Tx,
    sound: &Sound,
    others: &[Connection],
) -> Result<(), Failed<SaveRefused>> {
    let mut taken = Vec::new();
    let name = sound.name.to_lowercase();
    if others.iter().any(|other| other.name.to_lowercase() == name) {
        let sentence =
            "Another connection has this name. Two buttons that say the same help nobody.";
        taken.push(FieldProblem::new("name", "name_taken", sentence));
    }
    for (at, domain) in sound.settings.domains.iter().enumerate() {
        let owner = others
            .iter()
            .find(|other| other.settings.domains.contains(domain));
        if let Some(owner) = owner {
            let sentence = format!("{domain} leads to the connection “{}” already.", owner.name);
            taken.push(FieldProblem::new(
                format!("domains/{at}"),
                "domain_taken",
                sentence,
            ));
        }
    }
    if !taken.is_empty() {
        return Err(Failed::Refused(SaveRefused::Taken(taken)));
    }
    let (mut unknown, mut seen) = (Vec::new(), BTreeSet::new());
    for (at, rule) in sound.settings.mapping.groups.iter().enumerate() {
        if seen.insert(rule.group) && group::find(tx, rule.group).await?.is_none() {
            unknown.push(FieldProblem::new(
                format!("mapping/groups/{at}/group"),
                "unknown_group",
                "There is no such group.",
            ));
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Failed::Refused(SaveRefused::Fields(unknown)))
}

/// One connection, as stored.
pub async fn find(tx: &mut Tx, id: ConnectionId) -> Result<Option<Connection>, Internal> {
    store::find(tx, id).await
}
