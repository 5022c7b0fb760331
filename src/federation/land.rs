//! Somebody who came back signs in, if the account at the provider is linked here; else they are kept for what follows.
//!
//! One unit of work. Doesn't decide what follows.

use chrono::{DateTime, TimeDelta, Utc};

use super::begin::Desk;
use super::come_back::Arrival;
use super::{Trouble, health, link, session_of, way};
use crate::db::Tx;
use crate::identity::{self, IdentityId, Status, StoreId};
use crate::kit::{Internal, Moment};
use crate::session::{self, NewSession, Session, Started};

/// Where somebody arrives.
pub(super) struct Landing<'a> {
    pub(super) arrival: &'a Arrival,
    pub(super) store: StoreId,
    /// The session of this browser that a new one replaces.
    pub(super) before: Option<&'a Session>,
    /// Who wants the account for one more way in, and not to become somebody else.
    pub(super) connecting: Option<IdentityId>,
    pub(super) lifetime: TimeDelta,
}

/// What became of them.
pub(super) enum Landed {
    SignedIn(Started),
    /// Nobody here has this account: kept for what follows.
    Unknown,
    Troubled(Trouble),
}

pub(super) async fn land(
    desk: &Desk<'_>,
    moment: &Moment,
    landing: &Landing<'_>,
) -> Result<Landed, Internal> {
    let arrival = landing.arrival;
    desk.db
        .write(async |tx| {
            health::worked(tx, moment, arrival.identity.connection).await?;
            let owner = link::find(tx, landing.store, &arrival.identity.key).await?;
            let Some(owner) = owner else {
                let kept = way::keep(tx, moment, desk.sealer, (arrival.way, &arrival.identity));
                return Ok(if kept.await? {
                    Landed::Unknown
                } else {
                    Landed::Troubled(Trouble::unbelievable("the way was used meanwhile"))
                });
            };
            if landing.connecting.is_some_and(|identity| identity != owner) {
                return Ok(Landed::Troubled(Trouble::OtherOwner));
            }
            sign_in(tx, desk, moment, (landing, owner)).await
        })
        .await
}

async fn sign_in(
    tx: &mut Tx,
    desk: &Desk<'_>,
    moment: &Moment,
    (landing, owner): (&Landing<'_>, IdentityId),
) -> Result<Landed, Internal> {
    let external = &landing.arrival.identity;
    let person = identity::find(tx, owner).await?;
    if person.is_none_or(|person| person.status != Status::Active) {
        return Ok(Landed::Troubled(Trouble::ShutOut));
    }
    if !way::finish(tx, landing.arrival.way, moment.now).await? {
        return Err(Internal::because("an external sign-in was finished twice"));
    }
    let whose = (owner, landing.store);
    if !link::touch(tx, moment, (landing.store, owner), external).await? {
        let why = "the account was disconnected meanwhile";
        return Ok(Landed::Troubled(Trouble::unbelievable(why)));
    }
    let new = NewSession {
        authenticated_at: authenticated_at(landing.arrival, moment.now),
        ..session_of(desk.sealer, moment, external, whose, landing.lifetime)?
    };
    let started = session::begin_after(tx, moment, landing.before, new).await?;
    Ok(Landed::SignedIn(started))
}

/// When the provider saw the person. Where a new sign-in was asked for and shown, clocks that differ don't make it an old one.
fn authenticated_at(arrival: &Arrival, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = arrival.identity.authenticated_at?;
    Some(arrival.since.map_or(at, |since| at.max(since)).min(now))
}
