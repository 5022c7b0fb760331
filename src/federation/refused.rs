//! Why a connection is not saved or removed.
//!
//! Doesn't say it in a person's language; hosted pages never show these.

use super::Undescribed;
use crate::kit::{Because, FieldProblem, Refusal};

#[derive(Debug)]
pub enum SaveRefused {
    Fields(Vec<FieldProblem>),
    /// The provider isn't there, or isn't who the settings say.
    Provider(Undescribed),
    /// Another connection has the name or a domain.
    Taken(Vec<FieldProblem>),
    TooMany,
    Unknown,
    /// Somebody else changed it since it was read.
    Stale,
    /// These applications name it.
    InUse(Vec<String>),
    /// So many people have no other way to sign in.
    OnlyWay(i64),
}

impl Refusal for SaveRefused {
    fn because(&self) -> Because {
        match self {
            Self::Fields(_) | Self::Provider(_) => Because::Invalid,
            Self::Taken(_) | Self::TooMany | Self::InUse(_) | Self::OnlyWay(_) => Because::Conflict,
            Self::Unknown => Because::NotFound,
            Self::Stale => Because::Stale,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Fields(_) => "invalid_connection",
            Self::Provider(_) => "provider_check_failed",
            Self::Taken(_) => "connection_taken",
            Self::TooMany => "too_many_connections",
            Self::Unknown => "connection_not_found",
            Self::Stale => "stale",
            Self::InUse(_) => "connection_in_use",
            Self::OnlyWay(_) => "connection_only_way",
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Fields(_) => "The connection can't be saved like this. Mend the fields.".into(),
            Self::Provider(why) => {
                format!("The provider was asked before saving, and something is wrong. {why}")
            }
            Self::Taken(_) => "Another connection has this already.".into(),
            Self::TooMany => {
                let most = super::save::MOST_CONNECTIONS;
                format!("There are {most} connections already. Remove one first.")
            }
            Self::Unknown => "There is no such connection.".into(),
            Self::Stale => "Somebody changed the connection meanwhile. Read it again.".into(),
            Self::InUse(names) => format!(
                "The policies of these applications name the connection: {}. Take it out there first, or disable it.",
                names.join(", ")
            ),
            Self::OnlyWay(people) => format!(
                "{people} people have no other way to sign in. Disable the connection instead, or let them set a password first."
            ),
        }
    }

    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Fields(problems) | Self::Taken(problems) => problems.clone(),
            Self::Provider(why) => {
                vec![FieldProblem::new("provider", self.code(), why.to_string())]
            }
            _ => Vec::new(),
        }
    }
}
