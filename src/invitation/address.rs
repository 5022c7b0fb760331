//! An address other than the invited one (R36–R38): proven by a code that was sent to it, approved where the policy says so.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::code;
use super::issue::Desk;
use super::store;
use super::{Invitation, InvitationId, Refused, Status};
use crate::application::Application;
use crate::db::Tx;
use crate::event::{self, Actor};
use crate::keys::Sealer;
use crate::kit::{EmailAddress, Failed, Internal, Moment, same_secret};
use crate::mail::{self, AddressCodeLetter, AddressWaitingLetter, Envelope};
use crate::web::Locale;

/// How long a code is good.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// Between two letters to the same address.
const PAUSE: TimeDelta = TimeDelta::seconds(45);
const MOST_FAILURES: i64 = 5;

/// What is known about an address for one invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub proven: bool,
    pub approved: bool,
}

/// One row, as the columns are.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) code_hash: Vec<u8>,
    pub(super) failures: i64,
    pub(super) sent_at: DateTime<Utc>,
    pub(super) proven_at: Option<DateTime<Utc>>,
    pub(super) approved_at: Option<DateTime<Utc>>,
}

/// Whose proof it is: an invitation's, or that of somebody who signs up uninvited.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub id: Uuid,
    pub application: &'a Application,
    pub locale: &'a Locale,
}

pub async fn state(tx: &mut Tx, subject: Uuid, address: &EmailAddress) -> Result<State, Internal> {
    let row = store::find_proof(tx, subject, address.key()).await?;
    Ok(State {
        proven: row.as_ref().is_some_and(|row| row.proven_at.is_some()),
        approved: row.as_ref().is_some_and(|row| row.approved_at.is_some()),
    })
}

/// Sends a code to the address; the one before it ends. Too soon after the last, nothing is sent.
pub async fn send_code(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    subject: Subject<'_>,
    address: &EmailAddress,
) -> Result<(), Failed<Refused>> {
    let before = store::find_proof(tx, subject.id, address.key()).await?;
    if before.is_some_and(|row| moment.now < row.sent_at + PAUSE) {
        return Err(Failed::Refused(Refused::TooSoon));
    }
    let code = code::make(moment);
    let hash = code::digest(sealer, subject.id, code.reveal());
    store::put_proof(tx, subject.id, address, hash, moment.now).await?;
    let letter = AddressCodeLetter {
        application: subject.application.name.clone(),
        accent: subject.application.accent.clone(),
        code: code.reveal().to_owned(),
        expires_at: moment.now + LIFETIME,
    };
    let envelope = Envelope {
        recipient: address,
        locale: subject.locale,
        invitation: None,
    };
    mail::enqueue(tx, sealer, moment, envelope, &letter).await?;
    Ok(())
}

/// Whether the code was the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Proven,
    /// Wrong, too old, or tried too often.
    Wrong,
}

/// Compares a code; a wrong one counts.
pub async fn prove(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    (subject, address): (Uuid, &EmailAddress),
    code: &str,
) -> Result<Answer, Internal> {
    let Some(row) = store::find_proof(tx, subject, address.key()).await? else {
        return Ok(Answer::Wrong);
    };
    let alive = row.failures < MOST_FAILURES && moment.now < row.sent_at + LIFETIME;
    let right = same_secret(&code::digest(sealer, subject, code), &row.code_hash);
    if !(alive && right) {
        store::count_proof_failure(tx, subject, address.key()).await?;
        return Ok(Answer::Wrong);
    }
    store::mark_proven(tx, subject, address.key(), moment.now).await?;
    Ok(Answer::Proven)
}

/// An address other than the invited one that the invitee has proven.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Proven {
    pub email: String,
    pub proven_at: DateTime<Utc>,
    pub approved_at: Option<DateTime<Utc>>,
}

/// What there is to agree to.
pub async fn proven(tx: &mut Tx, invitation: InvitationId) -> Result<Vec<Proven>, Internal> {
    store::proven(tx, invitation.uuid()).await
}

/// Tells the inviter, and whoever listens to the log, that an invitee waits for somebody to agree.
pub async fn ask_approval(
    tx: &mut Tx,
    desk: &Desk<'_>,
    moment: &Moment,
    invitation: &Invitation,
    address: &EmailAddress,
) -> Result<(), Internal> {
    let data = serde_json::json!({ "address": address.as_typed() });
    let happening = event::Kind::InvitationAddressWaiting.about(invitation.id, data);
    event::record(tx, moment, &Actor::Anonymous, happening).await?;
    let Some(recipient) = &invitation.inviter.email else {
        return Ok(());
    };
    let application = desk.catalogue.application(invitation.application);
    let letter = AddressWaitingLetter {
        application: application.map(|it| it.name.clone()).unwrap_or_default(),
        accent: application.and_then(|it| it.accent.clone()),
        invitee: invitation.email.as_typed().to_owned(),
        address: address.as_typed().to_owned(),
        details: Some(desk.links.console_invitation(&invitation.id.to_string())),
    };
    let envelope = Envelope {
        recipient,
        locale: &invitation.locale,
        invitation: None,
    };
    mail::enqueue(tx, desk.sealer, moment, envelope, &letter).await?;
    Ok(())
}

/// An administrator agrees to the address (mode `any_with_approval`). Agreeing twice changes nothing.
pub async fn approve(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    invitation: InvitationId,
    address: &EmailAddress,
) -> Result<(), Failed<Refused>> {
    let found = store::find(tx, invitation, moment.now).await?;
    let found = found.ok_or(Failed::Refused(Refused::UnknownInvitation))?;
    let status = found.stage.status();
    if !matches!(status, Status::Pending | Status::Expired) {
        return Err(Failed::Refused(Refused::NotPending(status)));
    }
    if !store::mark_approved(tx, invitation.uuid(), address.key(), moment.now).await? {
        let state = state(tx, invitation.uuid(), address).await?;
        return if state.approved {
            Ok(())
        } else {
            Err(Failed::Refused(Refused::AddressUnproven))
        };
    }
    let data = serde_json::json!({ "address": address.as_typed() });
    let happening = event::Kind::InvitationAddressApproved.about(invitation, data);
    event::record(tx, moment, actor, happening).await?;
    Ok(())
}
