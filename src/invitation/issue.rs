//! An administrator invites (R20–R49, R63): the row, its groups, the letter and the event appear together or not at all.

use chrono::{DateTime, SubsecRound as _, Utc};

use super::admission::{self, Address};
use super::store::{self, Secrets};
use super::token::{self, Binding};
use super::{Appoints, Invitation, Inviter, NewInvitation, Refused, Sending, Stage, code};
use crate::application::{Application, Catalogue, ClientId, Purpose};
use crate::db::Tx;
use crate::event;
use crate::group;
use crate::identity::{self, Attributes, IdentifierKind};
use crate::keys::{KeyRing, Sealer};
use crate::kit::{EmailAddress, Failed, FieldProblem, Internal, Moment, Secret};
use crate::mail::{self, Envelope, InvitationLetter};
use crate::web::Links;

/// What issuing needs beside the database: everything is in memory.
pub struct Desk<'a> {
    pub keys: &'a KeyRing,
    pub sealer: &'a Sealer,
    pub links: &'a Links,
    pub catalogue: &'a Catalogue,
}

/// An invitation and its link, which is shown to nobody but the one who may have it (R133).
pub struct Issued {
    pub invitation: Invitation,
    pub link: Secret,
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
    store::expire_for(tx, application.id, new.email.key(), moment.now).await?;
    if !store::insert(tx, &invitation, fresh.secrets).await? {
        let pending = store::find_pending(tx, application.id, new.email.key()).await?;
        let id = pending
            .ok_or_else(|| Internal::because("an invitation was neither inserted nor found"))?;
        return Err(Failed::Refused(Refused::AlreadyPending(id)));
    }
    for group in &new.groups {
        store::add_group(tx, invitation.id, *group).await?;
    }
    record_created(tx, moment, &invitation, new.sending).await?;
    if new.sending == Sending::Letter {
        post(tx, desk, moment, &invitation, (&fresh.link, &fresh.code)).await?;
    }
    Ok(Issued {
        invitation,
        link: fresh.link,
    })
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
    for group in &new.groups {
        if group::find(tx, *group).await?.is_none() {
            let problem = FieldProblem::new(
                "groups",
                "group_unknown",
                format!("There is no group {group}."),
            );
            return Err(Failed::Refused(Refused::Fields(vec![problem])));
        }
    }
    let store = identity::find_store(tx, new.store)
        .await?
        .ok_or_else(unknown)?;
    let attributes =
        Attributes::parse(&store.attributes, new.attributes.clone()).map_err(|problems| {
            Failed::Refused(Refused::Fields(
                problems.into_iter().map(of_attributes).collect(),
            ))
        })?;
    let address = address_of(tx, new, &new.email).await?;
    admission::address_admits(application.policy.invite_method, address)
        .map_err(Failed::Refused)?;
    Ok((application, client.id, attributes))
}

fn of_attributes(problem: FieldProblem) -> FieldProblem {
    FieldProblem {
        field: format!("attributes/{}", problem.field),
        ..problem
    }
}

async fn address_of(
    tx: &mut Tx,
    new: &NewInvitation,
    email: &EmailAddress,
) -> Result<Address, Internal> {
    let taken = identity::is_taken(tx, new.store, IdentifierKind::Email, email.key()).await?;
    Ok(if taken { Address::Taken } else { Address::Free })
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

/// Puts the letter into the outbox, in the same transaction.
pub(super) async fn post(
    tx: &mut Tx,
    desk: &Desk<'_>,
    moment: &Moment,
    invitation: &Invitation,
    (link, code): (&Secret, &Secret),
) -> Result<(), Internal> {
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
        link: link.reveal().to_owned(),
        code: code.reveal().to_owned(),
        code_page: desk.links.enter_code(),
        expires_at: invitation.expires_at,
        details: Some(desk.links.console_invitation(&invitation.id.to_string())),
    };
    let envelope = Envelope {
        recipient: &invitation.email,
        locale: &invitation.locale,
        invitation: Some(invitation.id),
    };
    mail::enqueue(tx, desk.sealer, moment, envelope, &letter).await?;
    Ok(())
}

async fn record_created(
    tx: &mut Tx,
    moment: &Moment,
    invitation: &Invitation,
    sending: Sending,
) -> Result<(), Internal> {
    let data = serde_json::json!({
        "application": invitation.application,
        "store": invitation.store,
        "email": invitation.email.as_typed(),
        "expires_at": invitation.expires_at,
        "letter": sending == Sending::Letter,
    });
    let happening = event::Kind::InvitationCreated.about(invitation.id, data);
    event::record(tx, moment, &invitation.inviter.actor, happening).await?;
    Ok(())
}
