//! An identity becomes an administrator, or one of another kind.

use serde_json::json;

use super::{Permission, Role, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{EmailAddress, Id, Internal, Moment, kinds};

/// The custom attribute of an administrator's invitation that says which role accepting it brings.
/// Only what the invitation was pre-filled with counts: an invitee can't choose it.
pub const ROLE_ATTRIBUTE: &str = "role";

/// What the identity may do in the console; `None` for everybody who is no administrator.
pub async fn role_of(tx: &mut Tx, identity: Id<kinds::Identity>) -> Result<Option<Role>, Internal> {
    store::role_of(tx, identity).await
}

/// Whether there is any administrator.
pub async fn is_administered(tx: &mut Tx) -> Result<bool, Internal> {
    store::is_administered(tx).await
}

/// Where everybody reads who may do this: for what operators have to know.
pub async fn addresses_of(
    tx: &mut Tx,
    permission: Permission,
) -> Result<Vec<EmailAddress>, Internal> {
    let all = store::addresses(tx).await?;
    let may = |role: &str| role.parse::<Role>().is_ok_and(|role| role.may(permission));
    let addresses = all.iter().filter(|(role, _)| may(role));
    Ok(addresses
        .filter_map(|(_, address)| address.parse().ok())
        .collect())
}

/// Gives the identity this role and no other.
pub async fn appoint(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    identity: Id<kinds::Identity>,
    role: Role,
) -> Result<(), Internal> {
    let before = store::role_of(tx, identity).await?;
    if before == Some(role) {
        return Ok(());
    }
    store::put(tx, identity, role, moment.now).await?;
    let kind = if before.is_some() {
        Kind::AdministratorChanged
    } else {
        Kind::AdministratorAdded
    };
    let data = json!({ "role": role.name(), "before": before.map(Role::name) });
    event::record(tx, moment, actor, kind.about(identity, data)).await?;
    Ok(())
}
