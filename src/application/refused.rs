//! Why a change to applications or clients is not made.
//!
//! Doesn't say it in a person's language; hosted pages never show these.

use super::{ApplicationId, ClientId};
use crate::kit::{Because, FieldProblem, Id, Refusal, kinds};

#[derive(Debug)]
pub enum Refused {
    Fields(Vec<FieldProblem>),
    /// The identity store has an application of that name.
    NameTaken,
    UnknownStore(Id<kinds::Store>),
    UnknownApplication(ApplicationId),
    UnknownClient(ClientId),
    UnknownGroup(Id<kinds::Group>),
    /// Somebody else changed it since it was read.
    Stale,
    /// An OpenID Connect application has a client, a SAML application has none.
    ClientMismatch,
    /// The client proves itself without a secret of ours.
    NoSecret,
    /// Nobody deletes the console itself.
    ConsoleStays,
    /// Somebody holds an invitation into the application.
    PendingInvitations,
    /// A client that belongs to an application goes with it.
    ClientOfApplication(ApplicationId),
    /// The caller is the client.
    OwnClient,
}

impl Refusal for Refused {
    fn because(&self) -> Because {
        match self {
            Self::Fields(_) => Because::Invalid,
            Self::NameTaken
            | Self::ConsoleStays
            | Self::PendingInvitations
            | Self::ClientOfApplication(_)
            | Self::OwnClient => Because::Conflict,
            Self::UnknownStore(_)
            | Self::UnknownGroup(_)
            | Self::ClientMismatch
            | Self::NoSecret => Because::Unprocessable,
            Self::UnknownApplication(_) | Self::UnknownClient(_) => Because::NotFound,
            Self::Stale => Because::Stale,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Fields(_) => "invalid_fields",
            Self::NameTaken => "application_name_taken",
            Self::UnknownStore(_) => "unknown_store",
            Self::UnknownApplication(_) => "unknown_application",
            Self::UnknownClient(_) => "unknown_client",
            Self::UnknownGroup(_) => "unknown_group",
            Self::Stale => "stale_revision",
            Self::ClientMismatch => "client_mismatch",
            Self::NoSecret => "client_without_secret",
            Self::ConsoleStays => "console_stays",
            Self::PendingInvitations => "application_has_pending_invitations",
            Self::ClientOfApplication(_) => "client_of_application",
            Self::OwnClient => "own_client",
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Fields(_) => "Some fields need another value.".into(),
            Self::NameTaken => {
                "The identity store has an application of this name. Choose another name.".into()
            }
            Self::UnknownStore(id) => format!("There is no identity store {id}."),
            Self::UnknownApplication(id) => format!("There is no application {id}."),
            Self::UnknownClient(id) => format!("There is no client {id}."),
            Self::UnknownGroup(id) => format!("There is no group {id}."),
            Self::Stale => {
                "It was changed since you read it. Read it again, then repeat your change.".into()
            }
            Self::ClientMismatch => {
                "An application that speaks OpenID Connect has a client; one that speaks only SAML 2.0 has none.".into()
            }
            Self::NoSecret => "This client authenticates without a secret.".into(),
            Self::ConsoleStays => {
                "This is the console, where administrators sign in. It can't be deleted.".into()
            }
            Self::PendingInvitations => {
                "People hold invitations into this application. Revoke them, or wait until they are over, then delete it.".into()
            }
            Self::ClientOfApplication(id) => {
                format!("This client belongs to the application {id}. Delete the application instead.")
            }
            Self::OwnClient => {
                "This is the client that you call with. Delete it with another one.".into()
            }
        }
    }

    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Fields(problems) => problems.clone(),
            _ => Vec::new(),
        }
    }
}
