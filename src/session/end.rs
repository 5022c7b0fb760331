//! Sessions end: one of one's own, or all of a person.

use serde_json::json;

use super::{Session, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::identity::{self, IdentityId};
use crate::kit::{Failed, Internal, Moment};
use crate::{grant, session::SessionId};

/// Signs out, and ends what applications hold because of this session. Ending it twice changes nothing.
pub async fn end(tx: &mut Tx, moment: &Moment, session: &Session) -> Result<(), Internal> {
    if replace(tx, moment, session).await? {
        grant::revoke_of_session(tx, moment, session.id).await?;
    }
    Ok(())
}

/// Ends a session that another one of the same browser follows: the applications stay as they are.
pub async fn replace(tx: &mut Tx, moment: &Moment, session: &Session) -> Result<bool, Internal> {
    let ended = store::end(tx, session.id, moment.now).await? == 1;
    if ended {
        let data = json!({ "identity": session.identity });
        let actor = Actor::Identity(session.identity);
        event::record(
            tx,
            moment,
            &actor,
            Kind::SessionEnded.about(session.id, data),
        )
        .await?;
    }
    Ok(ended)
}

/// Ends all sessions of a person and everything that applications hold; tells how many sessions there were.
pub async fn end_all(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    identity: IdentityId,
) -> Result<usize, Internal> {
    let ended: Vec<SessionId> = store::end_all(tx, identity, moment.now).await?;
    for id in &ended {
        let data = json!({ "identity": identity });
        event::record(tx, moment, actor, Kind::SessionEnded.about(id, data)).await?;
    }
    grant::revoke_of_identity(tx, moment, identity, None).await?;
    Ok(ended.len())
}

/// Disables a person: no new sign-in, and nothing that began before goes on.
pub async fn shut_out(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: IdentityId,
) -> Result<(), Failed<identity::UpdateRefused>> {
    identity::disable(tx, moment, actor, id).await?;
    end_all(tx, moment, actor, id).await?;
    Ok(())
}
