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
}

impl Refusal for Refused {
    fn because(&self) -> Because {
        match self {
            Self::Fields(_) => Because::Invalid,
            Self::NameTaken => Because::Conflict,
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
        }
    }

    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Fields(problems) => problems.clone(),
            _ => Vec::new(),
        }
    }
}
