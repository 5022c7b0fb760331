//! Says which groups an application places its people in when they sign up (R45–R49).
//!
//! Changes nobody's membership: those who signed up before stay where they are.

use serde_json::json;

use super::{ApplicationId, Refused, changed, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Failed, Id, Moment, kinds};

/// The groups become exactly these.
pub async fn assign_groups(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: ApplicationId,
    mut groups: Vec<Id<kinds::Group>>,
) -> Result<(), Failed<Refused>> {
    if store::application(tx, id).await?.is_none() {
        return Err(Failed::Refused(Refused::UnknownApplication(id)));
    }
    groups.sort_unstable();
    groups.dedup();
    store::drop_assignments(tx, id).await?;
    for group in &groups {
        if !store::assign(tx, id, *group).await? {
            return Err(Failed::Refused(Refused::UnknownGroup(*group)));
        }
    }
    let happening = Kind::ApplicationGroupsChanged.about(id, json!({"groups": groups}));
    event::record(tx, moment, actor, happening).await?;
    changed(tx).await?;
    Ok(())
}
