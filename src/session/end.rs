//! Sessions end: one of one's own, all of a person, or those that an external provider has ended.
//!
//! In every case the applications lose what they hold because of it, and those that want it are told.

use serde_json::json;

use super::{NewSession, Session, Started, begin, logout, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::identity::{self, IdentityId};
use crate::kit::{Failed, Internal, Moment};
use crate::{grant, session::SessionId};

/// Signs out, and ends what applications hold because of this session. Ending it twice changes nothing.
pub async fn end(tx: &mut Tx, moment: &Moment, session: &Session) -> Result<(), Internal> {
    let (id, identity) = (session.id, session.identity);
    end_one(tx, moment, &Actor::Identity(identity), (id, identity)).await?;
    Ok(())
}

/// Ends these sessions, which their person didn't ask for; tells how many there were.
pub async fn end_each(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    sessions: Vec<(SessionId, IdentityId)>,
) -> Result<usize, Internal> {
    let mut ended = 0;
    for session in sessions {
        if end_one(tx, moment, actor, session).await? {
            ended += 1;
        }
    }
    Ok(ended)
}

async fn end_one(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    (id, identity): (SessionId, IdentityId),
) -> Result<bool, Internal> {
    if store::end(tx, id, moment.now).await? == 0 {
        return Ok(false);
    }
    log_end(tx, moment, actor, (id, identity)).await?;
    // What began in the sessions that this one followed goes on in it, under their names.
    let mut ending = vec![id];
    while let Some(one) = ending.pop() {
        grant::revoke_of_session(tx, moment, one).await?;
        logout::tell(tx, moment, one, identity).await?;
        let followed = store::followed_by(tx, one).await?;
        ending.extend(followed.into_iter().map(|(before,)| before));
    }
    Ok(true)
}

async fn log_end(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    (id, identity): (SessionId, IdentityId),
) -> Result<(), Internal> {
    let data = json!({ "identity": identity });
    event::record(tx, moment, actor, Kind::SessionEnded.about(id, data)).await?;
    Ok(())
}

/// Begins a session in the place of the one that the browser had. If it is the same person's, the applications stay as they
/// are until the new one ends.
pub async fn begin_after(
    tx: &mut Tx,
    moment: &Moment,
    before: Option<&Session>,
    new: NewSession,
) -> Result<Started, Internal> {
    let started = begin(tx, moment, new).await?;
    let Some(before) = before else {
        return Ok(started);
    };
    let (id, identity) = (before.id, before.identity);
    if identity != started.session.identity {
        end(tx, moment, before).await?;
    } else if store::follow(tx, id, started.session.id, moment.now).await? == 1 {
        log_end(tx, moment, &Actor::Identity(identity), (id, identity)).await?;
    }
    Ok(started)
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
        log_end(tx, moment, actor, (*id, identity)).await?;
    }
    logout::tell_all(tx, moment, identity).await?;
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
