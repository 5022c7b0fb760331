//! "Send me a fresh one" (R142): mails only the original address, and tells the inviter.

use chrono::TimeDelta;

use super::issue::Desk;
use super::resend::{self, Resend};
use super::store;
use super::{Appoints, Invitation, InvitationId, Refused, Sending};
use crate::db::Tx;
use crate::event::Actor;
use crate::kit::{Failed, Internal, Moment};
use crate::mail::{self, Envelope, FreshLinkAskedLetter};

/// Asking again within this time changes nothing: a stranger with an old link must not fill a mailbox.
const PAUSE: TimeDelta = TimeDelta::minutes(10);

/// Sends a fresh link to the invited address.
pub async fn ask(
    tx: &mut Tx,
    desk: &Desk<'_>,
    moment: &Moment,
    id: InvitationId,
) -> Result<(), Failed<Refused>> {
    if !store::mark_fresh_link_asked(tx, id, moment.now, moment.now - PAUSE).await? {
        return Err(Failed::Refused(Refused::TooSoon));
    }
    let wish = Resend {
        invitation: id,
        actor: &Actor::Anonymous,
        lifetime: None,
        sending: Sending::Letter,
        // The letter goes to nobody but whom somebody who may has invited.
        appoints: Appoints::Administrators,
    };
    let issued = resend::resend(tx, desk, moment, wish).await?;
    tell_inviter(tx, desk, moment, &issued.invitation).await?;
    Ok(())
}

async fn tell_inviter(
    tx: &mut Tx,
    desk: &Desk<'_>,
    moment: &Moment,
    invitation: &Invitation,
) -> Result<(), Internal> {
    let Some(recipient) = &invitation.inviter.email else {
        return Ok(());
    };
    let application = desk.catalogue.application(invitation.application);
    let letter = FreshLinkAskedLetter {
        application: application.map(|it| it.name.clone()).unwrap_or_default(),
        accent: application.and_then(|it| it.accent.clone()),
        details: Some(desk.links.console_invitation(&invitation.id.to_string())),
        invitee: invitation.email.as_typed().to_owned(),
    };
    let envelope = Envelope {
        recipient,
        locale: &invitation.locale,
        invitation: None,
    };
    mail::enqueue(tx, desk.sealer, moment, envelope, &letter).await?;
    Ok(())
}
