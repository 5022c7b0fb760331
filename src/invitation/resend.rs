//! A new link for an invitation that is still open (R57, R63): its validity begins anew and the older link ends.

use chrono::TimeDelta;

use super::admission;
use super::issue::{self, Desk, FreshLink, Issued, whole_second};
use super::store::{self, NewLink};
use super::{Appoints, Invitation, InvitationId, Refused, Sending, Stage};
use crate::application::Purpose;
use crate::db::Tx;
use crate::event::{self, Actor};
use crate::kit::{Failed, Moment};
use crate::mail;

/// Who wants what for which invitation.
pub struct Resend<'a> {
    pub invitation: InvitationId,
    pub actor: &'a Actor,
    /// Another lifetime than the last one.
    pub lifetime: Option<TimeDelta>,
    pub sending: Sending,
    pub appoints: Appoints,
}

/// Resends. Pending and expired ones can be; done, declined and revoked ones can't (R62).
pub async fn resend(
    tx: &mut Tx,
    desk: &Desk<'_>,
    moment: &Moment,
    wish: Resend<'_>,
) -> Result<Issued, Failed<Refused>> {
    let unknown = || Failed::Refused(Refused::UnknownInvitation);
    let problem = wish.lifetime.and_then(admission::lifetime_problem);
    if let Some(problem) = problem {
        return Err(Failed::Refused(Refused::Fields(vec![problem])));
    }
    let found = store::find(tx, wish.invitation, moment.now)
        .await?
        .ok_or_else(unknown)?;
    let application = desk.catalogue.application(found.application);
    let application = application.ok_or(Failed::Refused(Refused::UnknownApplication))?;
    if application.purpose == Purpose::Console && wish.appoints == Appoints::Nobody {
        return Err(Failed::Refused(Refused::MayNotAppoint));
    }
    refuse_what_is_over(tx, &found).await?;
    let lifetime = wish.lifetime.unwrap_or(found.lifetime);
    let invitation = Invitation {
        version: found.version + 1,
        stage: Stage::Pending,
        sent_at: moment.now,
        expires_at: whole_second(moment.now + lifetime),
        ..found
    };
    let fresh = FreshLink::make(desk, moment, &invitation)?;
    let link = NewLink {
        version: invitation.version,
        sent_at: invitation.sent_at,
        expires_at: invitation.expires_at,
        secrets: fresh.secrets.clone(),
    };
    if !store::replace_link(tx, invitation.id, link).await? {
        return Err(Failed::Refused(Refused::LinkReplaced));
    }
    mail::cancel_for_invitation(tx, moment, invitation.id).await?;
    let data =
        serde_json::json!({ "version": invitation.version, "expires_at": invitation.expires_at });
    let kind = event::Kind::InvitationResent;
    let event = event::record(tx, moment, wish.actor, kind.about(invitation.id, data)).await?;
    let delivery = issue::post(tx, desk, moment, &invitation, (&fresh, wish.sending)).await?;
    Ok(Issued {
        invitation,
        link: fresh.link,
        event,
        delivery,
    })
}

async fn refuse_what_is_over(tx: &mut Tx, found: &Invitation) -> Result<(), Failed<Refused>> {
    match found.stage {
        Stage::Pending => Ok(()),
        Stage::Expired => {
            let pending = store::find_pending(tx, found.application, found.email.key()).await?;
            match pending.filter(|id| *id != found.id) {
                Some(id) => Err(Failed::Refused(Refused::AlreadyPending(id))),
                None => Ok(()),
            }
        }
        Stage::Done { .. } | Stage::Declined { .. } | Stage::Revoked { .. } => {
            Err(Failed::Refused(Refused::NotPending(found.stage.status())))
        }
    }
}
