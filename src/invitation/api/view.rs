//! What callers of the management API see of an invitation: everything but its link and its code (R133).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::application::{ApplicationId, ClientId};
use crate::db::Tx;
use crate::event::{self, Event, api::EventView};
use crate::group::GroupId;
use crate::identity::{IdentityId, StoreId};
use crate::invitation::address::{self, Proven};
use crate::invitation::issue::Issued;
use crate::invitation::{Invitation, InvitationId, Stage, Status};
use crate::kit::{Internal, PageRequest, Secret};
use crate::mail::{self, Delivery};

/// One person, invited into one application.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationView {
    pub id: InvitationId,
    pub status: Status,
    store: StoreId,
    application: ApplicationId,
    client: ClientId,
    /// Where the letter goes.
    email: String,
    /// Pre-filled OpenID Connect standard claims.
    profile: BTreeMap<String, String>,
    /// Pre-filled custom attributes of the identity store.
    #[schema(value_type = Object)]
    attributes: Value,
    locale: String,
    message: Option<String>,
    /// As the letter names them.
    inviter: String,
    created_at: DateTime<Utc>,
    /// When the current link was made.
    sent_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    opened_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    /// When it was accepted, declined or revoked.
    ended_at: Option<DateTime<Utc>>,
    /// Who accepted.
    identity: Option<IdentityId>,
    /// Whether the invitee reported it as unexpected.
    #[serde(skip_serializing_if = "Option::is_none")]
    reported: Option<bool>,
}

impl From<&Invitation> for InvitationView {
    fn from(invitation: &Invitation) -> Self {
        let (ended_at, identity, reported) = match invitation.stage {
            Stage::Pending | Stage::Expired => (None, None, None),
            Stage::Done { at, identity } => (Some(at), Some(identity), None),
            Stage::Declined { at, reported } => (Some(at), None, Some(reported)),
            Stage::Revoked { at } => (Some(at), None, None),
        };
        let profile = invitation.profile.iter();
        Self {
            id: invitation.id,
            status: invitation.stage.status(),
            store: invitation.store,
            application: invitation.application,
            client: invitation.client,
            email: invitation.email.as_typed().to_owned(),
            profile: profile
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            attributes: serde_json::to_value(&invitation.attributes).unwrap_or_default(),
            locale: invitation.locale.to_string(),
            message: invitation.message.clone(),
            inviter: invitation.inviter.name.clone(),
            created_at: invitation.created_at,
            sent_at: invitation.sent_at,
            expires_at: invitation.expires_at,
            opened_at: invitation.opened_at,
            started_at: invitation.started_at,
            ended_at,
            identity,
            reported,
        }
    }
}

/// An invitation with its groups, its delivery and its history.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationDetail {
    #[serde(flatten)]
    pub invitation: InvitationView,
    groups: Vec<GroupId>,
    /// Other addresses that the invitee has verified; `approve-address` agrees to one where the application's policy asks for that.
    addresses: Vec<AddressView>,
    /// Absent while no letter was written.
    delivery: Option<DeliveryView>,
    /// Newest first, at most 50.
    history: Vec<EventView>,
}

impl InvitationDetail {
    /// Of an invitation that was issued now: nothing has to be read.
    pub(super) fn begins(
        issued: &Issued,
        mut groups: Vec<GroupId>,
        mut history: Vec<Event>,
    ) -> Self {
        groups.sort_unstable();
        groups.dedup();
        history.push(issued.event.clone());
        history.sort_unstable_by_key(|event| std::cmp::Reverse(event.id));
        Self {
            invitation: (&issued.invitation).into(),
            groups,
            addresses: Vec::new(),
            delivery: issued.delivery.clone().map(DeliveryView::from),
            history: history.into_iter().map(EventView::from).collect(),
        }
    }

    pub(super) const fn id(&self) -> InvitationId {
        self.invitation.id
    }

    pub(super) async fn read(tx: &mut Tx, invitation: &Invitation) -> Result<Self, Internal> {
        let about = event::Filter {
            subject: Some(invitation.id.to_string()),
            kind: None,
        };
        let history = event::list(tx, &about, &PageRequest::first()).await?;
        Ok(Self {
            invitation: invitation.into(),
            groups: crate::invitation::groups_of(tx, invitation.id).await?,
            addresses: address::proven(tx, invitation.id)
                .await?
                .into_iter()
                .map(AddressView::from)
                .collect(),
            delivery: mail::delivery_of(tx, invitation.id)
                .await?
                .map(DeliveryView::from),
            history: history.items.into_iter().map(EventView::from).collect(),
        })
    }
}

/// An address other than the invited one, verified by the invitee.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VerifiedAddress)]
struct AddressView {
    email: String,
    verified_at: DateTime<Utc>,
    approved_at: Option<DateTime<Utc>>,
}

impl From<Proven> for AddressView {
    fn from(proven: Proven) -> Self {
        Self {
            email: proven.email,
            verified_at: proven.proven_at,
            approved_at: proven.approved_at,
        }
    }
}

/// The truth about the letter (R137).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
struct DeliveryView {
    /// `queued`, `deferred`, `sent`, `failed`, `bounced` or `cancelled`.
    #[schema(value_type = String, example = "sent")]
    state: &'static str,
    attempts: i64,
    /// The mail server's last words.
    answer: Option<String>,
    next_try: Option<DateTime<Utc>>,
    queued_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            answer: delivery.answer,
            next_try: delivery.next_try,
            queued_at: delivery.queued_at,
            sent_at: delivery.sent_at,
        }
    }
}

/// A new invitation.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedInvitation {
    #[serde(flatten)]
    invitation: InvitationDetail,
    /// In this answer only, and only with `"sending": "link"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl CreatedInvitation {
    pub(super) fn new(invitation: InvitationDetail, link: Option<Secret>) -> Self {
        let link = link.map(|link| link.reveal().to_owned());
        Self { invitation, link }
    }
}

/// A link, in this answer only.
#[derive(Serialize, ToSchema)]
pub(super) struct FreshLink {
    link: String,
    expires_at: DateTime<Utc>,
}

impl FreshLink {
    pub(super) fn new(link: &Secret, expires_at: DateTime<Utc>) -> Self {
        Self {
            link: link.reveal().to_owned(),
            expires_at,
        }
    }
}
