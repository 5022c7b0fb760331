//! The invitee says no, or that they never expected this (R143). The inviter hears of it.

use super::open::{self, Link};
use super::store;
use super::{Invitation, InvitationRef, Refused};
use crate::application::Catalogue;
use crate::db::Tx;
use crate::event::{self, Actor};
use crate::keys::Sealer;
use crate::kit::{Failed, Internal, Moment};
use crate::mail::{self, DeclinedLetter, Envelope, HowDeclined};
use crate::web::Links;

/// Why the invitee does not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Declined,
    /// An unexpected or unwanted invitation.
    Reported,
}

/// What telling the inviter needs.
pub struct Post<'a> {
    pub sealer: &'a Sealer,
    pub catalogue: &'a Catalogue,
    pub links: &'a Links,
}

/// Declines. Only the current link of a pending invitation can.
pub async fn decline(
    tx: &mut Tx,
    post: &Post<'_>,
    moment: &Moment,
    link: InvitationRef,
    reason: Reason,
) -> Result<(), Failed<Refused>> {
    let (stored, kind) = match reason {
        Reason::Declined => ("declined", event::Kind::InvitationDeclined),
        Reason::Reported => ("reported", event::Kind::InvitationReported),
    };
    if !store::mark_declined(tx, link, stored, moment.now).await? {
        return Err(Failed::Refused(over(tx, moment, link).await?));
    }
    mail::cancel_for_invitation(tx, moment, link.id).await?;
    let happening = kind.about(link.id, serde_json::json!({}));
    event::record(tx, moment, &Actor::Anonymous, happening).await?;
    if let Some(invitation) = store::find(tx, link.id, moment.now).await? {
        tell_inviter(tx, post, moment, &invitation, reason).await?;
    }
    Ok(())
}

async fn tell_inviter(
    tx: &mut Tx,
    post: &Post<'_>,
    moment: &Moment,
    invitation: &Invitation,
    reason: Reason,
) -> Result<(), Internal> {
    let Some(recipient) = &invitation.inviter.email else {
        return Ok(());
    };
    let application = post.catalogue.application(invitation.application);
    let letter = DeclinedLetter {
        application: application.map(|it| it.name.clone()).unwrap_or_default(),
        accent: application.and_then(|it| it.accent.clone()),
        invitee: invitation.email.as_typed().to_owned(),
        how: match reason {
            Reason::Declined => HowDeclined::Declined,
            Reason::Reported => HowDeclined::Reported,
        },
        reason: None,
        details: Some(post.links.console_invitation(&invitation.id.to_string())),
    };
    let envelope = Envelope {
        recipient,
        locale: &invitation.locale,
        invitation: None,
    };
    mail::enqueue(tx, post.sealer, moment, envelope, &letter).await?;
    Ok(())
}

/// Why a link that a person was following can't be used any more.
pub(super) async fn over(
    tx: &mut Tx,
    moment: &Moment,
    link: InvitationRef,
) -> Result<Refused, Internal> {
    Ok(match open::look_again(tx, moment, link).await? {
        Link::Replaced(_) => Refused::LinkReplaced,
        Link::Unknown | Link::OtherApplication => Refused::UnknownInvitation,
        Link::Usable(invitation)
        | Link::Expired(invitation)
        | Link::Used(invitation)
        | Link::Declined(invitation)
        | Link::Revoked(invitation) => Refused::LinkOver(invitation.stage.status()),
    })
}
