//! One way to a provider and back: begun, taken once by the callback, arrived, finished once by what follows.
//!
//! Knows neither providers nor pages. What travels is sealed, and belongs to the browser in which the way began.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::store::external as store;
use super::{ConnectionId, ExternalIdentity, ExternalSignInId};
use crate::db::Tx;
use crate::keys::Sealer;
use crate::kit::{Internal, Moment, Secret, same_secret};

const ASKED_AS: &str = "external sign-in";
const ARRIVED_AS: &str = "external identity";
/// To sign in at the provider and come back.
pub(super) const FOR_THE_CALLBACK: TimeDelta = TimeDelta::minutes(10);
/// For what follows: reading a form, or signing in to an account to link.
const FOR_WHAT_FOLLOWS: TimeDelta = TimeDelta::minutes(60);
/// Kept after the end, so that who comes late is told so.
const KEPT: TimeDelta = TimeDelta::days(1);

/// What was asked for, and has to come back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    /// As it travels.
    pub(super) flow: String,
    pub(super) nonce: String,
    /// Of PKCE, unless the connection's quirks forbid it.
    pub(super) verifier: Option<String>,
    pub(super) redirect_uri: String,
    /// What the provider called itself then.
    pub(super) issuer: String,
    pub(super) begun: DateTime<Utc>,
    pub(super) fresh: bool,
    /// In seconds.
    pub(super) max_age: Option<i64>,
}

/// A way that the callback has found.
pub(super) struct Way {
    pub(super) id: ExternalSignInId,
    pub(super) asked: Asked,
}

/// Why a callback belongs to no way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// No such state, or it is another connection's.
    Unknown,
    /// It began in another browser.
    OtherBrowser,
    Expired,
    /// A callback has come already.
    Used,
}

/// Begins a way; its state goes to the provider and comes back.
pub(super) async fn begin(
    tx: &mut Tx,
    moment: &Moment,
    (connection, browser): (ConnectionId, &[u8]),
    (state, request_sealed): (&Secret, Vec<u8>),
) -> Result<(), Internal> {
    let new = store::New {
        id: moment.id(),
        state_hash: state.digest(),
        connection,
        browser_hash: browser.to_vec(),
        request_sealed,
        created_at: moment.now,
        expires_at: moment.now + FOR_THE_CALLBACK,
    };
    store::insert(tx, new).await
}

/// Finds the way of a callback. Nothing has changed yet: whoever is lost here has lost nothing.
pub(super) async fn find(
    tx: &mut Tx,
    sealer: &Sealer,
    (connection, browser): (ConnectionId, &[u8]),
    state: &Secret,
    now: DateTime<Utc>,
) -> Result<Result<Way, Lost>, Internal> {
    let Some(row) = store::find_by_state(tx, state.digest()).await? else {
        return Ok(Err(Lost::Unknown));
    };
    if row.connection_id != connection {
        return Ok(Err(Lost::Unknown));
    }
    if !same_secret(&row.browser_hash, browser) {
        return Ok(Err(Lost::OtherBrowser));
    }
    if row.taken_at.is_some() {
        return Ok(Err(Lost::Used));
    }
    if row.expires_at <= now {
        return Ok(Err(Lost::Expired));
    }
    let asked = serde_json::from_slice(&sealer.open(ASKED_AS, &row.request_sealed)?)?;
    Ok(Ok(Way { id: row.id, asked }))
}

/// Takes it; `false`: another callback was faster.
pub(super) async fn take(tx: &mut Tx, way: &Way, now: DateTime<Utc>) -> Result<bool, Internal> {
    Ok(store::take(tx, way.id, now).await? == 1)
}

/// Keeps who came back, sealed, for what follows.
pub(super) async fn keep(
    tx: &mut Tx,
    moment: &Moment,
    sealer: &Sealer,
    (id, identity): (ExternalSignInId, &ExternalIdentity),
) -> Result<bool, Internal> {
    let kept = sealer.seal(ARRIVED_AS, &serde_json::to_vec(identity)?, moment)?;
    Ok(store::keep(tx, id, kept, moment.now + FOR_WHAT_FOLLOWS).await? == 1)
}

impl Asked {
    pub(super) fn seal(&self, sealer: &Sealer, moment: &Moment) -> Result<Vec<u8>, Internal> {
        sealer.seal(ASKED_AS, &serde_json::to_vec(self)?, moment)
    }
}

/// Who came back: arrived in this browser, not finished, not expired.
pub async fn arrived(
    tx: &mut Tx,
    sealer: &Sealer,
    (id, browser): (ExternalSignInId, &[u8]),
    now: DateTime<Utc>,
) -> Result<Option<ExternalIdentity>, Internal> {
    let kept = store::find_arrived(tx, id, browser.to_vec(), now).await?;
    let Some(kept) = kept else {
        return Ok(None);
    };
    Ok(Some(serde_json::from_slice(
        &sealer.open(ARRIVED_AS, &kept)?,
    )?))
}

/// Something follows from it, in this unit of work. `false`: something has followed already, or it is too late; the caller
/// undoes its work.
pub async fn finish(
    tx: &mut Tx,
    id: ExternalSignInId,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    Ok(store::finish(tx, id, now).await? == 1)
}

/// Removes what is over; tells how many rows went.
pub async fn sweep(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, Internal> {
    store::delete_old(tx, now - KEPT).await
}
