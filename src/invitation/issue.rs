//! An administrator invites (R20–R49, R63): the row, its groups, the letter and the event appear together or not at all.

use std::collections::BTreeSet;

use chrono::{DateTime, SubsecRound as _, Utc};

use super::admission::{self, Address};
use super::store::{self, Secrets};
use super::token::{self, Binding};
use super::{
    Appoints, Invitation, InvitationId, Inviter, NewInvitation, Refused, Sending, Stage, code,
};
use crate::application::{Application, Catalogue, ClientId, InviteMethod, Purpose};
use crate::db::Tx;
use crate::event::{self, Event};
use crate::group::GroupId;
use crate::identity::{self, Attributes, IdentifierKind};
use crate::keys::{KeyRing, Sealer};
use crate::kit::{Failed, FieldProblem, Internal, Moment, Secret};
use crate::mail::{self, Delivery, Envelope, InvitationLetter};
use crate::web::Links;

/// What issuing needs beside the database: everything is in memory.
pub struct Desk<'a> {
    pub keys: &'a KeyRing,
    pub sealer: &'a Sealer,
    pub links: &'a Links,
    pub catalogue: &'a Catalogue,
}

/// What was written, and the link, which is shown to nobody but the one who may have it (R133).
pub struct Issued {
    pub invitation: Invitation,
    pub link: Secret,
    pub event: Event,
    /// `None`: no letter goes out.
    pub delivery: Option<Delivery>,
}

/// Issues an invitation.
pub async fn issue(
    tx: &mut Tx,
    desk: &Desk<'_>,
    moment: &Moment,
    (inviter, appoints): (Inviter, Appoints),
    new: NewInvitation,
) -> Result<Issued, Failed<Refused>> {
    let (application, client, attributes) = admit(tx, desk, &new).await?;
    if application.purpose == Purpose::Console && appoints == Appoints::Nobody {
        return Err(Failed::Refused(Refused::MayNotAppoint));
    }
    let invitation = Invitation {
        attributes,
        ..drawn_up(moment, client, inviter, &new)
    };
    let fresh = FreshLink::make(desk, moment, &invitation)?;
    insert(tx, moment, &invitation, &fresh.secrets).await?;
    place(tx, invitation.id, new.groups).await?;
    let event = record_created(tx, moment, &invitation, new.sending).await?;
    let delivery = post(tx, desk, moment, &invitation, (&fresh, new.sending)).await?;
    Ok(Issued {
        invitation,
        link: fresh.link,
        event,
        delivery,
    })
}

/// One that should have expired by now doesn't stand in the way, but only then is looked for.
async fn insert(
    tx: &mut Tx,
    moment: &Moment,
    invitation: &Invitation,
    secrets: &Secrets,
) -> Result<(), Failed<Refused>> {
    if store::insert(tx, invitation, secrets).await? {
        return Ok(());
    }
    let (application, email) = (invitation.application, invitation.email.key());
    let expired = store::expire_for(tx, application, email, moment.now).await?;
    if expired > 0 && store::insert(tx, invitation, secrets).await? {
        return Ok(());
    }
    let pending = store::find_pending(tx, application, email).await?;
    let id =
        pending.ok_or_else(|| Internal::because("an invitation was neither inserted nor found"))?;
    Err(Failed::Refused(Refused::AlreadyPending(id)))
}

async fn place(
    tx: &mut Tx,
    invitation: InvitationId,
    groups: Vec<GroupId>,
) -> Result<(), Failed<Refused>> {
    let distinct: BTreeSet<_> = groups.into_iter().collect();
    for group in distinct {
        if !store::add_group(tx, invitation, group).await? {
            let sentence = format!("There is no group {group}.");
            let problem = FieldProblem::new("groups", "group_unknown", sentence);
            return Err(Failed::Refused(Refused::Fields(vec![problem])));
        }
    }
    Ok(())
}

async fn admit<'a>(
    tx: &mut Tx,
    desk: &'a Desk<'_>,
    new: &NewInvitation,
) -> Result<(&'a Application, ClientId, Attributes), Failed<Refused>> {
    let unknown = || Failed::Refused(Refused::UnknownApplication);
    let application = desk
        .catalogue
        .application(new.application)
        .ok_or_else(unknown)?;
    admission::application_admits(application, new).map_err(Failed::Refused)?;
    let client = desk
        .catalogue
        .client_of(application.id)
        .ok_or_else(unknown)?;
    admission::fields_admit(new).map_err(Failed::Refused)?;
    let attributes = attributes(tx, new).await?;
    let method = application.policy.invite_method;
    let address = address_of(tx, new, method).await?;
    admission::address_admits(method, address).map_err(Failed::Refused)?;
    Ok((application, client.id, attributes))
}

/// Nobody is looked for where it doesn't matter.
async fn address_of(
    tx: &mut Tx,
    new: &NewInvitation,
    method: InviteMethod,
) -> Result<Address, Internal> {
    let kind = IdentifierKind::Email;
    let taken = admission::address_matters(method)
        && identity::is_taken(tx, new.store, kind, new.email.key()).await?;
    Ok(if taken { Address::Taken } else { Address::Free })
}

/// The store is asked only where there is something to check against it.
async fn attributes(tx: &mut Tx, new: &NewInvitation) -> Result<Attributes, Failed<Refused>> {
    if new.attributes.is_empty() {
        return Ok(Attributes::default());
    }
    let store = identity::find_store(tx, new.store).await?;
    let store = store.ok_or(Failed::Refused(Refused::UnknownApplication))?;
    let parsed = Attributes::parse(&store.attributes, new.attributes.clone());
    parsed.map_err(|problems| {
        let problems = problems.into_iter().map(of_attributes).collect();
        Failed::Refused(Refused::Fields(problems))
    })
}

fn of_attributes(problem: FieldProblem) -> FieldProblem {
    FieldProblem {
        field: format!("attributes/{}", problem.field),
        ..problem
    }
}

fn drawn_up(
    moment: &Moment,
    client: ClientId,
    inviter: Inviter,
    new: &NewInvitation,
) -> Invitation {
    Invitation {
        id: moment.id(),
        store: new.store,
        application: new.application,
        client,
        email: new.email.clone(),
        inviter,
        message: new
            .message
            .clone()
            .filter(|message| !message.trim().is_empty()),
        profile: new.profile.clone(),
        attributes: Attributes::default(),
        locale: new.locale.clone(),
        stage: Stage::Pending,
        version: 1,
        created_at: moment.now,
        sent_at: moment.now,
        expires_at: whole_second(moment.now + new.lifetime),
        lifetime: new.lifetime,
        opened_at: None,
        started_at: None,
        revision: 1,
    }
}

/// Tokens count seconds (RFC 7519 section 2, NumericDate): the row ends when the token does.
pub(super) fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(0)
}

/// A link and its short code, with what the row keeps of them.
pub(super) struct FreshLink {
    pub(super) link: Secret,
    pub(super) code: Secret,
    pub(super) secrets: Secrets,
}

impl FreshLink {
    pub(super) fn make(
        desk: &Desk<'_>,
        moment: &Moment,
        invitation: &Invitation,
    ) -> Result<Self, Internal> {
        let binding = Binding {
            issuer: desk.links.issuer(),
            client: invitation.client,
            invitation: invitation.id,
            expires_at: invitation.expires_at,
        };
        let token = token::make(desk.keys, moment, &binding)?;
        let code = code::make(moment);
        let code_hash = code::digest(desk.sealer, invitation.id.uuid(), code.reveal());
        let link = Secret::new(desk.links.invitation(token.text.reveal()));
        Ok(Self {
            link,
            code,
            secrets: Secrets {
                jti_hash: token.jti_hash,
                code_hash,
            },
        })
    }
}

/// Puts the letter into the outbox, in the same transaction, if one is wanted.
pub(super) async fn post(
    tx: &mut Tx,
    desk: &Desk<'_>,
    moment: &Moment,
    invitation: &Invitation,
    (fresh, sending): (&FreshLink, Sending),
) -> Result<Option<Delivery>, Internal> {
    if sending == Sending::LinkOnly {
        return Ok(None);
    }
    let application = desk.catalogue.application(invitation.application);
    let letter = InvitationLetter {
        application: application.map(|it| it.name.clone()).unwrap_or_default(),
        accent: application.and_then(|it| it.accent.clone()),
        inviter: invitation.inviter.name.clone(),
        inviter_email: invitation
            .inviter
            .email
            .as_ref()
            .map(|it| it.as_typed().to_owned()),
        message: invitation.message.clone(),
        link: fresh.link.reveal().to_owned(),
        code: fresh.code.reveal().to_owned(),
        code_page: desk.links.enter_code(),
        expires_at: invitation.expires_at,
        details: Some(desk.links.console_invitation(&invitation.id.to_string())),
    };
    let envelope = Envelope {
        recipient: &invitation.email,
        locale: &invitation.locale,
        invitation: Some(invitation.id),
    };
    let letter = mail::enqueue(tx, desk.sealer, moment, envelope, &letter).await?;
    Ok(Some(Delivery::begins(letter, moment)))
}

async fn record_created(
    tx: &mut Tx,
    moment: &Moment,
    invitation: &Invitation,
    sending: Sending,
) -> Result<Event, Internal> {
    let data = serde_json::json!({
        "application": invitation.application,
        "store": invitation.store,
        "email": invitation.email.as_typed(),
        "expires_at": invitation.expires_at,
        "letter": sending == Sending::Letter,
    });
    let happening = event::Kind::InvitationCreated.about(invitation.id, data);
    event::record(tx, moment, &invitation.inviter.actor, happening).await
}
