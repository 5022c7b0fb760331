//! A person who accepted an invitation is put into groups (R45–R49).

use serde_json::json;
use uuid::Uuid;

use super::{GroupId, Reason, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Id, Internal, Moment, kinds};

/// Who belongs where, and why.
pub struct Placing<'a> {
    pub identity: Id<kinds::Identity>,
    /// The groups that the invitation names.
    pub invited: &'a [GroupId],
    pub invitation: Option<Id<kinds::Invitation>>,
    /// The groups assigned to it at this moment count.
    pub application: Id<kinds::Application>,
}

/// Adds the union of both; who is in a group already stays for one more reason. Runs at acceptance only: a later sign-in adds
/// nothing, so that a removed membership stays removed (R50).
pub async fn place(tx: &mut Tx, moment: &Moment, placing: Placing<'_>) -> Result<(), Internal> {
    let (identity, application) = (placing.identity, placing.application);
    for group in placing.invited {
        let cause = placing.invitation.map(Id::uuid);
        let reason = (Reason::Invitation, cause);
        store::insert_member(tx, (*group, identity), reason, moment.now).await?;
    }
    let assigned = store::insert_assigned(tx, identity, application, moment.now).await?;
    if placing.invited.is_empty() && assigned == 0 {
        return Ok(());
    }
    let data = json!({
        "invited": placing.invited, "invitation": placing.invitation, "application": application,
    });
    event::record(
        tx,
        moment,
        &Actor::Identity(identity),
        Kind::MembershipAdded.about(identity, data),
    )
    .await?;
    Ok(())
}

/// Adds the groups that a rule about an account from elsewhere gives. Those that are gone since the rule was written are passed
/// over. Runs when the account is linked only, for the same reason as `place`.
pub async fn place_mapped(
    tx: &mut Tx,
    moment: &Moment,
    identity: Id<kinds::Identity>,
    groups: &[GroupId],
    connection: Uuid,
) -> Result<(), Internal> {
    let mut added = Vec::new();
    for group in groups {
        let reason = (Reason::Mapping, connection);
        if store::insert_mapped(tx, (*group, identity), reason, moment.now).await? > 0 {
            added.push(*group);
        }
    }
    if added.is_empty() {
        return Ok(());
    }
    let data =
        json!({ "mapped": added, "connection": Id::<kinds::Connection>::from_uuid(connection) });
    let happening = Kind::MembershipAdded.about(identity, data);
    event::record(tx, moment, &Actor::Identity(identity), happening).await?;
    Ok(())
}
