//! Somebody presents a link (R120, R128, R129, R142): nothing changes but the record that it was opened.

use super::store;
use super::token;
use super::{Invitation, InvitationRef, Stage};
use crate::application::ClientId;
use crate::db::Tx;
use crate::event::{self, Actor};
use crate::keys::KeyRing;
use crate::kit::{Internal, Moment};

/// What a presented link turns out to be. Each has a page of its own (R142).
#[derive(Debug)]
pub enum Link {
    Usable(Invitation),
    Expired(Invitation),
    /// A newer link was sent since.
    Replaced(Invitation),
    Used(Invitation),
    Declined(Invitation),
    Revoked(Invitation),
    /// Forged, damaged, or of another deployment; nothing is known about it.
    Unknown,
    /// Genuine, and presented for an application that it was not made for.
    OtherApplication,
}

/// Reads a token and looks at the row behind it.
pub async fn open(
    tx: &mut Tx,
    keys: &KeyRing,
    issuer: &str,
    moment: &Moment,
    token: &str,
) -> Result<Link, Internal> {
    let Ok(presented) = token::read(keys, issuer, token, moment) else {
        return Ok(Link::Unknown);
    };
    let Some(invitation) = store::find(tx, presented.invitation, moment.now).await? else {
        return Ok(Link::Unknown);
    };
    if presented.audience != invitation.client.to_string() {
        return Ok(Link::OtherApplication);
    }
    let current = store::is_current(tx, invitation.id, presented.jti_hash).await?;
    Ok(sorted(invitation, current))
}

/// The same for a token that came with an authorization request: it must be bound to that client.
pub async fn open_for(
    tx: &mut Tx,
    keys: &KeyRing,
    issuer: &str,
    moment: &Moment,
    (token, client): (&str, ClientId),
) -> Result<Link, Internal> {
    match open(tx, keys, issuer, moment, token).await? {
        Link::Usable(invitation) if invitation.client != client => Ok(Link::OtherApplication),
        link => Ok(link),
    }
}

/// What has become of the link that a flow is following.
pub async fn look_again(
    tx: &mut Tx,
    moment: &Moment,
    link: InvitationRef,
) -> Result<Link, Internal> {
    let Some(invitation) = store::find(tx, link.id, moment.now).await? else {
        return Ok(Link::Unknown);
    };
    let current = invitation.version == link.version;
    Ok(sorted(invitation, current))
}

fn sorted(invitation: Invitation, current: bool) -> Link {
    match (&invitation.stage, current) {
        (Stage::Done { .. }, _) => Link::Used(invitation),
        (Stage::Declined { .. }, _) => Link::Declined(invitation),
        (Stage::Revoked { .. }, _) => Link::Revoked(invitation),
        (Stage::Pending | Stage::Expired, false) => Link::Replaced(invitation),
        (Stage::Expired, true) => Link::Expired(invitation),
        (Stage::Pending, true) => Link::Usable(invitation),
    }
}

/// A person went on from the landing page (a POST in the same browser, not a scanner's GET): recorded once per link.
pub async fn opened(tx: &mut Tx, moment: &Moment, link: InvitationRef) -> Result<(), Internal> {
    if store::mark_opened(tx, link, moment.now).await? {
        record(tx, moment, link, event::Kind::InvitationOpened).await?;
    }
    Ok(())
}

/// The sign-up form was shown to a person: recorded once per invitation (R146).
pub async fn started(tx: &mut Tx, moment: &Moment, link: InvitationRef) -> Result<(), Internal> {
    if store::mark_started(tx, link, moment.now).await? {
        record(tx, moment, link, event::Kind::InvitationStarted).await?;
    }
    Ok(())
}

async fn record(
    tx: &mut Tx,
    moment: &Moment,
    link: InvitationRef,
    kind: event::Kind,
) -> Result<(), Internal> {
    let data = serde_json::json!({ "version": link.version });
    event::record(tx, moment, &Actor::Anonymous, kind.about(link.id, data)).await?;
    Ok(())
}
