//! Linked accounts: with which accounts at providers a person signs in here.
//!
//! Doesn't decide whether two accounts are one person's; whoever links has seen both proven, or makes the account just now.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::store::link as store;
use super::{AccountKey, ConnectionId, ExternalIdentity};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::group;
use crate::identity::{IdentityId, StoreId};
use crate::kit::{Because, Failed, Internal, Moment, Refusal};

/// An account at a provider, as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedAccount {
    pub key: AccountKey,
    pub connection: ConnectionId,
    /// As the button says.
    pub connection_name: String,
    /// Whether the connection is switched on: with others nobody signs in.
    pub usable: bool,
    pub label: String,
    pub linked_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
}

/// Why an account isn't linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkRefused {
    /// Somebody else of this store signs in with it.
    LinkedElsewhere,
}

impl Refusal for LinkRefused {
    fn because(&self) -> Because {
        match self {
            Self::LinkedElsewhere => Because::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::LinkedElsewhere => "external_account_linked",
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::LinkedElsewhere => "Somebody signs in here with this account already. Sign in with it, or choose another one."
                .to_owned(),
        }
    }
}

/// Who of this store signs in with the account. Its key decides, never an address (R131).
pub async fn find(
    tx: &mut Tx,
    store: StoreId,
    key: &AccountKey,
) -> Result<Option<IdentityId>, Internal> {
    store::find(tx, store, key).await
}

/// Links an account to a person, and puts the person into the groups that the connection's mapping gives. Later sign-ins add
/// no group again (R50). Linking twice changes nothing.
pub async fn link(
    tx: &mut Tx,
    moment: &Moment,
    store: StoreId,
    identity: IdentityId,
    external: &ExternalIdentity,
) -> Result<(), Failed<LinkRefused>> {
    if store::insert(tx, (store, identity), external, moment.now).await? == 0 {
        let owner = store::find(tx, store, &external.key).await?;
        return match owner {
            Some(owner) if owner == identity => Ok(()),
            _ => Err(Failed::Refused(LinkRefused::LinkedElsewhere)),
        };
    }
    let data = json!({
        "connection": external.connection, "namespace": external.key.namespace, "subject": external.key.subject,
        "label": external.label,
    });
    let happening = Kind::IdentityAccountLinked.about(identity, data);
    event::record(tx, moment, &Actor::Identity(identity), happening).await?;
    let cause = external.connection.uuid();
    group::place_mapped(tx, moment, identity, &external.groups, cause).await?;
    Ok(())
}

/// Notes that the person signed in with the account, and what the provider calls it now. False if the account is theirs no
/// longer: somebody disconnected it meanwhile.
pub async fn touch(
    tx: &mut Tx,
    moment: &Moment,
    (store, owner): (StoreId, IdentityId),
    external: &ExternalIdentity,
) -> Result<bool, Internal> {
    let touched = store::touch(tx, (store, owner), external, moment.now).await?;
    Ok(touched == 1)
}

/// A person's linked accounts, the oldest first.
pub async fn of(tx: &mut Tx, identity: IdentityId) -> Result<Vec<LinkedAccount>, Internal> {
    store::list(tx, identity).await
}
