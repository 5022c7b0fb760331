//! Invitations: one person, one OpenID Connect application, one link that is good until it is used, replaced or over.
//!
//! Owns the row, its token and its stages. What the invitee becomes is `identity`'s, where they end up is `group`'s.

pub mod accept;
pub mod address;
pub mod admission;
pub mod api;
pub mod code;
pub mod console;
pub mod decline;
pub mod expire;
pub mod form;
pub mod fresh_link;
pub mod issue;
pub mod list;
pub mod merge;
pub mod open;
pub mod pages;
pub mod resend;
pub mod revoke;
mod store;
mod token;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::application::{ApplicationId, ClientId};
use crate::event::Actor;
use crate::group::GroupId;
use crate::identity::{Attributes, IdentityId, Profile, StoreId};
use crate::kit::{Because, EmailAddress, FieldProblem, Id, Refusal, kinds};
use crate::web::Locale;

pub use crate::session::flow::InvitationRef;
pub use store::{find, groups_of};

pub type InvitationId = Id<kinds::Invitation>;

/// How long a link is good when nobody says otherwise.
pub const DEFAULT_LIFETIME: TimeDelta = TimeDelta::days(7);
pub const SHORTEST_LIFETIME: TimeDelta = TimeDelta::hours(1);
pub const LONGEST_LIFETIME: TimeDelta = TimeDelta::days(30);
/// Characters of the personal message.
pub const LONGEST_MESSAGE: usize = 1000;
/// Groups that one invitation may name.
pub const MOST_GROUPS: usize = 100;

/// An invitation as stored.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub id: InvitationId,
    pub store: StoreId,
    pub application: ApplicationId,
    pub client: ClientId,
    /// Where the letter goes (R33), and under the default policy who the invitee is (R34).
    pub email: EmailAddress,
    pub inviter: Inviter,
    pub message: Option<String>,
    /// Pre-filled OpenID Connect standard claims (R23, R42).
    pub profile: Profile,
    /// Pre-filled custom attributes of the identity store (R23).
    pub attributes: Attributes,
    pub locale: Locale,
    pub stage: Stage,
    /// Counts the links: resend makes a new one and ends the older.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    /// When the current link was made.
    pub sent_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub lifetime: TimeDelta,
    pub opened_at: Option<DateTime<Utc>>,
    pub started_at: Option<DateTime<Utc>>,
    pub revision: i64,
}

impl Invitation {
    /// The link that a flow is following.
    #[must_use]
    pub fn link(&self) -> InvitationRef {
        InvitationRef {
            id: self.id,
            version: self.version,
        }
    }
}

/// Where an invitation stands (R51–R56, R60, R143).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    Pending,
    Expired,
    Done {
        at: DateTime<Utc>,
        identity: IdentityId,
    },
    Declined {
        at: DateTime<Utc>,
        reported: bool,
    },
    Revoked {
        at: DateTime<Utc>,
    },
}

impl Stage {
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::Pending => Status::Pending,
            Self::Expired => Status::Expired,
            Self::Done { .. } => Status::Done,
            Self::Declined { .. } => Status::Declined,
            Self::Revoked { .. } => Status::Revoked,
        }
    }
}

/// A stage by its name alone, for lists and filters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pending,
    Done,
    Expired,
    Declined,
    Revoked,
}

impl Status {
    /// What the list shows: a revoked one leaves it for good (R60).
    pub const LISTED: [Self; 4] = [Self::Pending, Self::Done, Self::Expired, Self::Declined];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Expired => "expired",
            Self::Declined => "declined",
            Self::Revoked => "revoked",
        }
    }
}

/// Who invites: how the letter names them, who they are for the log, and where they hear of failures.
#[derive(Debug, Clone)]
pub struct Inviter {
    pub name: String,
    pub actor: Actor,
    pub email: Option<EmailAddress>,
}

/// Whether somebody may invite into the console: who is invited there becomes an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appoints {
    /// Global Administrators, and whoever has the command line.
    Administrators,
    Nobody,
}

/// What an administrator asks for.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    pub store: StoreId,
    pub application: ApplicationId,
    pub email: EmailAddress,
    pub groups: Vec<GroupId>,
    pub profile: Profile,
    /// As written; checked against the store's definitions.
    pub attributes: BTreeMap<String, serde_json::Value>,
    pub locale: Locale,
    pub message: Option<String>,
    pub lifetime: TimeDelta,
    pub sending: Sending,
}

/// How the link reaches the invitee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// We mail it.
    Letter,
    /// The inviter hands it over.
    LinkOnly,
}

/// Why an invitation was not made, changed or accepted.
#[derive(Debug)]
pub enum Refused {
    Fields(Vec<FieldProblem>),
    UnknownApplication,
    /// R32
    ProtocolUnsupported,
    /// The application signs in the people of another identity store.
    OtherStore,
    /// Only Global Administrators make others.
    MayNotAppoint,
    /// R39
    AddressTaken,
    /// R63: a pending one exists.
    AlreadyPending(InvitationId),
    UnknownInvitation,
    /// R62
    NotPending(Status),
    /// The link was used, replaced or ran out while the form was being filled in.
    LinkOver(Status),
    /// The link was replaced by a newer one while the form was being filled in.
    LinkReplaced,
    /// The policy ties the account to the invited address (R36–R38).
    OtherAddress,
    /// The address differs from the invited one and is not proven yet.
    AddressUnproven,
    /// The address differs from the invited one and the inviter has not agreed to it yet.
    AddressUnapproved,
    /// The account belongs to another identity store.
    IdentityElsewhere,
    Identity(crate::identity::Refused),
    /// The application takes nobody without an invitation.
    ByInvitationOnly,
    /// Asked again too soon.
    TooSoon,
    /// The application takes no passwords, or nobody from this provider.
    MethodNotAllowed,
    /// The sign-in at the provider is too long ago, or something has followed from it already.
    ExternalOver,
    Link(crate::federation::LinkRefused),
}

impl Refusal for Refused {
    fn because(&self) -> Because {
        match self {
            Self::Fields(_) => Because::Invalid,
            Self::UnknownApplication | Self::ProtocolUnsupported | Self::OtherStore => {
                Because::Unprocessable
            }
            Self::AddressTaken
            | Self::AlreadyPending(_)
            | Self::NotPending(_)
            | Self::LinkReplaced => Because::Conflict,
            Self::LinkOver(_) | Self::ExternalOver => Because::Gone,
            Self::UnknownInvitation => Because::NotFound,
            Self::OtherAddress
            | Self::AddressUnproven
            | Self::AddressUnapproved
            | Self::IdentityElsewhere
            | Self::ByInvitationOnly
            | Self::MethodNotAllowed
            | Self::MayNotAppoint => Because::Forbidden,
            Self::Identity(refused) => refused.because(),
            Self::Link(refused) => refused.because(),
            Self::TooSoon => Because::TooMany,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Fields(_) => "invalid_fields",
            Self::UnknownApplication => "application_unknown",
            Self::ProtocolUnsupported => "application_protocol_unsupported",
            Self::OtherStore => "application_in_another_store",
            Self::MayNotAppoint => "may_not_appoint",
            Self::AddressTaken => "address_taken",
            Self::AlreadyPending(_) => "invitation_already_pending",
            Self::UnknownInvitation => "invitation_unknown",
            Self::NotPending(_) => "invitation_not_pending",
            Self::LinkOver(_) => "invitation_over",
            Self::LinkReplaced => "invitation_link_replaced",
            Self::OtherAddress => "address_not_invited",
            Self::AddressUnproven => "address_unproven",
            Self::AddressUnapproved => "address_unapproved",
            Self::IdentityElsewhere => "identity_in_another_store",
            Self::ByInvitationOnly => "sign_up_by_invitation_only",
            Self::Identity(refused) => refused.code(),
            Self::TooSoon => "too_soon",
            Self::MethodNotAllowed => "sign_in_method_not_allowed",
            Self::ExternalOver => "external_sign_in_over",
            Self::Link(refused) => refused.code(),
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Fields(_) => "Some fields need correction. Nothing was sent.".into(),
            Self::UnknownApplication => "There is no such application.".into(),
            Self::ProtocolUnsupported => {
                "This application speaks only SAML 2.0. Invitations need OAuth 2.0 / OpenID Connect.".into()
            }
            Self::OtherStore => "This application signs in the people of another identity store. Choose that store.".into(),
            Self::MayNotAppoint => "Only Global Administrators, and the command line, invite into the console.".into(),
            Self::AddressTaken => {
                "An account with this address exists in this identity store, and this application's policy does not let an invitee choose another.".into()
            }
            Self::AlreadyPending(id) => format!("A pending invitation for this address and application exists: {id}. Resend that one, or revoke it first."),
            Self::UnknownInvitation => "There is no such invitation.".into(),
            Self::NotPending(status) => format!("The invitation is {}; only a pending one can be changed.", status.as_str()),
            Self::LinkOver(status) => format!("The invitation is {} and can't be accepted.", status.as_str()),
            Self::LinkReplaced => "A newer link was sent since. Use the latest letter.".into(),
            Self::OtherAddress => "The account must use the invited address.".into(),
            Self::AddressUnproven => "Nobody has verified this address yet. A code that was sent to it has to come back first.".into(),
            Self::AddressUnapproved => "The inviter has to agree to this address first. Nothing is lost; the link stays good.".into(),
            Self::IdentityElsewhere => "This account belongs to another identity store.".into(),
            Self::ByInvitationOnly => "This application takes new people by invitation only. Ask the person who told you about it to invite you.".into(),
            Self::Identity(refused) => refused.sentence(),
            Self::MethodNotAllowed => "This application doesn't take this way of signing in. Choose one of those on the page; nothing is lost.".into(),
            Self::ExternalOver => "Your sign-in at the provider is too long ago. Sign in there once more; nothing is lost.".into(),
            Self::Link(refused) => refused.sentence(),
            Self::TooSoon => "A letter was sent a few minutes ago. Wait a little before asking again.".into(),
        }
    }

    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Fields(problems) => problems.clone(),
            Self::AddressTaken => vec![FieldProblem::new("email", self.code(), self.sentence())],
            Self::UnknownApplication | Self::ProtocolUnsupported | Self::OtherStore => {
                vec![FieldProblem::new(
                    "application",
                    self.code(),
                    self.sentence(),
                )]
            }
            Self::Identity(refused) => refused.fields(),
            _ => Vec::new(),
        }
    }
}
