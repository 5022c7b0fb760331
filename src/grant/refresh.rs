//! Refreshing: each token is used once and replaced; one that comes a second time ends its whole family (RFC 9700 section 4.14).
//!
//! Doesn't know what a token looks like; `refresh_token` does.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::store::{self, GrantRow, NewRefreshToken, RefreshRow};
use super::{Grant, GrantId, refresh_token, revoke_grant};
use crate::application::{ClientId, Scopes};
use crate::config;
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::keys::Sealer;
use crate::kit::{Internal, Moment, Secret};

/// How long a client may stay.
#[derive(Debug, Clone, Copy)]
pub struct RefreshLifetimes {
    /// Without refreshing.
    pub idle: TimeDelta,
    /// In any case.
    pub absolute: TimeDelta,
    /// For this long after a rotation the older token still works: for clients that lost the answer.
    pub grace: TimeDelta,
}

impl From<&config::Tokens> for RefreshLifetimes {
    fn from(tokens: &config::Tokens) -> Self {
        Self {
            idle: TimeDelta::days(tokens.refresh_idle_days),
            absolute: TimeDelta::days(tokens.refresh_absolute_days),
            grace: TimeDelta::seconds(tokens.refresh_grace_seconds),
        }
    }
}

/// What the client sends. The client has authenticated.
pub struct Refreshing {
    pub client: ClientId,
    pub token: Secret,
    /// Less than was granted, if the client wants less for now (RFC 6749 section 6).
    pub scope: Option<Scopes>,
}

/// What came of it. Both answers are to be committed: a second use ends the family.
pub enum Refreshed {
    Granted { grant: Box<Grant>, next: Secret },
    Refused(NotRefreshed),
}

/// Why a refresh token is not accepted; all of them are `invalid_grant`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRefreshed {
    /// Also a token of another client: nobody learns that it exists.
    #[error("The refresh token is unknown, or it was revoked.")]
    Unknown,
    #[error("The refresh token has expired.")]
    Expired,
    /// Nothing is used up: the token still works.
    #[error("The scope is more than was granted.")]
    BroaderScope,
    #[error("The refresh token was used before. The whole family is revoked.")]
    UsedBefore(GrantId),
}

/// The first refresh token of a grant.
pub async fn begin_refresh(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    grant: &Grant,
    lifetimes: RefreshLifetimes,
) -> Result<Secret, Internal> {
    let mut ends_at = moment.now + lifetimes.absolute;
    if !grant.is_offline() {
        ends_at = ends_at.min(grant.details.session_ends_at);
    }
    let (token, row) = next(sealer, moment, grant.id, (lifetimes.idle, ends_at));
    store::insert_refresh_token(tx, row).await?;
    Ok(token)
}

/// A refresh token that may be exchanged, as it was read; `exchange` finds whether it still is.
pub struct Exchangeable {
    pub grant: Grant,
    hash: Vec<u8>,
    ends_at: DateTime<Utc>,
}

/// Reads a token that can be exchanged in one statement. `None`: `refresh` knows what is the matter with it.
pub async fn look(
    tx: &mut Tx,
    moment: &Moment,
    refreshing: &Refreshing,
    lifetimes: RefreshLifetimes,
) -> Result<Option<Exchangeable>, Internal> {
    let hash = refreshing.token.digest();
    let row = store::find_refresh_token(tx, hash.clone()).await?;
    let Some(row) = row.filter(|_| lifetimes.grace == TimeDelta::zero()) else {
        return Ok(None);
    };
    if !matches!(
        standing(&row, moment, refreshing, lifetimes)?,
        Standing::Good
    ) {
        return Ok(None);
    }
    Ok(Some(Exchangeable {
        grant: Grant::try_from(row.grant)?,
        hash,
        ends_at: row.ends_at,
    }))
}

/// Puts the next token of the family in the place of this one. `None`: somebody was faster.
///
/// One statement: what ends a grant deletes its tokens, so a token that is still there is still good.
pub async fn exchange(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    held: &Exchangeable,
    lifetimes: RefreshLifetimes,
) -> Result<Option<Secret>, Internal> {
    let (token, next) = next(
        sealer,
        moment,
        held.grant.id,
        (lifetimes.idle, held.ends_at),
    );
    let replaced = store::replace_refresh_token(tx, held.hash.clone(), next).await?;
    Ok(replaced.then_some(token))
}

/// Exchanges a refresh token for the next one of its family, or says why not.
pub async fn refresh(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    refreshing: &Refreshing,
    lifetimes: RefreshLifetimes,
) -> Result<Refreshed, Internal> {
    let hash = refreshing.token.digest();
    let Some(row) = store::find_refresh_token(tx, hash.clone()).await? else {
        return no_longer_kept(tx, sealer, moment, refreshing).await;
    };
    match standing(&row, moment, refreshing, lifetimes)? {
        Standing::Good => {}
        Standing::UsedBefore => return used_before(tx, moment, &row.grant).await,
        Standing::Bad(reason) => return Ok(Refreshed::Refused(reason)),
    }
    let held = Exchangeable {
        grant: Grant::try_from(row.grant)?,
        hash,
        ends_at: row.ends_at,
    };
    let next = if lifetimes.grace > TimeDelta::zero() {
        Some(add(tx, sealer, moment, &held, lifetimes).await?)
    } else {
        exchange(tx, sealer, moment, &held, lifetimes).await?
    };
    match next {
        Some(next) => Ok(Refreshed::Granted {
            grant: Box::new(held.grant),
            next,
        }),
        // Another request with the same token was faster.
        None => no_longer_kept(tx, sealer, moment, refreshing).await,
    }
}

/// Keeps this token for the grace window, beside the next one.
async fn add(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    held: &Exchangeable,
    lifetimes: RefreshLifetimes,
) -> Result<Secret, Internal> {
    let (token, next) = next(
        sealer,
        moment,
        held.grant.id,
        (lifetimes.idle, held.ends_at),
    );
    store::rotate_refresh_token(tx, held.hash.clone(), moment.now).await?;
    store::delete_rotated(tx, held.grant.id, moment.now - lifetimes.grace).await?;
    store::insert_refresh_token(tx, next).await?;
    Ok(token)
}

enum Standing {
    Good,
    UsedBefore,
    Bad(NotRefreshed),
}

fn standing(
    row: &RefreshRow,
    moment: &Moment,
    refreshing: &Refreshing,
    lifetimes: RefreshLifetimes,
) -> Result<Standing, Internal> {
    if row.grant.client_id != refreshing.client || row.grant.revoked_at.is_some() {
        return Ok(Standing::Bad(NotRefreshed::Unknown));
    }
    if row.expires_at <= moment.now {
        return Ok(Standing::Bad(NotRefreshed::Expired));
    }
    let forgiven = row
        .rotated_at
        .is_none_or(|at| moment.now <= at + lifetimes.grace);
    if !forgiven {
        return Ok(Standing::UsedBefore);
    }
    let granted: Scopes = row.grant.scope.parse()?;
    let wanted = refreshing.scope.as_ref();
    if wanted.is_some_and(|wanted| !wanted.is_within(&granted)) {
        return Ok(Standing::Bad(NotRefreshed::BroaderScope));
    }
    Ok(Standing::Good)
}

/// A client's refresh token that would work now, with the time at which it expires.
pub async fn find_refresh_token(
    tx: &mut Tx,
    moment: &Moment,
    client: ClientId,
    token: &Secret,
) -> Result<Option<(Grant, DateTime<Utc>)>, Internal> {
    let row = store::find_refresh_token(tx, token.digest()).await?;
    let row = row.filter(|row| {
        row.grant.client_id == client
            && row.grant.revoked_at.is_none()
            && row.rotated_at.is_none()
            && moment.now < row.expires_at
    });
    row.map(|row| Ok((Grant::try_from(row.grant)?, row.expires_at)))
        .transpose()
}

/// The token is not kept: it was used before, if we ever gave it to this client.
async fn no_longer_kept(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    refreshing: &Refreshing,
) -> Result<Refreshed, Internal> {
    let grant = match refresh_token::grant_of(sealer, &refreshing.token) {
        Some(grant) => store::find_grant(tx, grant).await?,
        None => None,
    };
    match grant.filter(|grant| grant.client_id == refreshing.client) {
        Some(grant) => used_before(tx, moment, &grant).await,
        None => Ok(Refreshed::Refused(NotRefreshed::Unknown)),
    }
}

async fn used_before(
    tx: &mut Tx,
    moment: &Moment,
    grant: &GrantRow,
) -> Result<Refreshed, Internal> {
    if revoke_grant(tx, moment, grant.grant_id).await? {
        let about = json!({"client": grant.client_id, "identity": grant.identity_id});
        let happening = Kind::TokenReuseDetected.about(grant.grant_id, about);
        event::record(tx, moment, &Actor::Client(grant.client_id), happening).await?;
    }
    Ok(Refreshed::Refused(NotRefreshed::UsedBefore(grant.grant_id)))
}

fn next(
    sealer: &Sealer,
    moment: &Moment,
    grant: GrantId,
    (idle, ends_at): (TimeDelta, DateTime<Utc>),
) -> (Secret, NewRefreshToken) {
    let token = refresh_token::make(sealer, moment, grant);
    let row = NewRefreshToken {
        token_hash: token.digest(),
        grant,
        created_at: moment.now,
        expires_at: ends_at.min(moment.now + idle),
        ends_at,
    };
    (token, row)
}
