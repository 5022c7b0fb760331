//! People: the stores they live in, how they are identified, what is known about them, and their passwords.
//!
//! Knows nothing of sessions, groups or invitations: who registers a person decides where the person belongs.

pub mod api;
mod attribute;
pub mod console;
mod disable;
mod find;
mod identifier;
pub mod password;
mod profile;
mod register;
mod store;
mod stores;
mod text;
mod update;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::kit::{EmailAddress, Id, kinds};

pub use attribute::{AttributeDefinition, AttributeKind, Attributes};
pub use disable::{disable, enable};
pub use find::{Search, find, find_by_identifier, hold, is_taken, list};
pub use identifier::{
    Identifier, IdentifierKind, NewIdentifier, NotAnIdentifier, Proof, recognise,
};
pub use profile::{Profile, standard_fields};
pub use register::{NewIdentity, NewPassword, Refused, register};
pub use stores::{
    NewStore, StoreRefused, create_store, find_store, find_store_by_name, list_stores, update_store,
};
pub use update::{Update, UpdateRefused, update};

/// Names an identity; it is the `sub` that every application sees.
pub type IdentityId = Id<kinds::Identity>;
/// Names an identity store.
pub type StoreId = Id<kinds::Store>;

/// A separate world of people: the same address may exist in two stores, never twice in one.
#[derive(Debug, Clone)]
pub struct IdentityStore {
    pub id: StoreId,
    pub name: String,
    /// What a person may type to sign in.
    pub identifiers: Vec<IdentifierKind>,
    /// What this store keeps beside the standard claims.
    pub attributes: Vec<AttributeDefinition>,
    pub created_at: DateTime<Utc>,
    pub revision: i64,
}

impl IdentityStore {
    /// Whether people of this store can be identified in this way (R34, R35).
    #[must_use]
    pub fn supports(&self, kind: IdentifierKind) -> bool {
        self.identifiers.contains(&kind)
    }
}

/// Whether a person may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Active,
    Disabled,
}

impl Status {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// A person, as one store knows them.
#[derive(Debug, Clone)]
pub struct Identity {
    pub id: IdentityId,
    pub store: StoreId,
    pub status: Status,
    pub profile: Profile,
    pub attributes: Attributes,
    pub identifiers: Vec<Identifier>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub revision: i64,
}

impl Identity {
    /// How pages and letters call the person: the name, else the first identifier.
    #[must_use]
    pub fn display_name(&self) -> String {
        let identifier = || self.identifiers.first().map(|first| first.value.clone());
        self.profile
            .display_name()
            .or_else(identifier)
            .unwrap_or_else(|| self.id.to_string())
    }

    /// The address at which the person can be told what only they may know. One that nobody has proven may be somebody else's.
    #[must_use]
    pub fn proven_address(&self) -> Option<EmailAddress> {
        let (address, true) = self.email()? else {
            return None;
        };
        address.parse().ok()
    }

    /// The address of the `email` claim and whether it is proven: an identifier if there is one, else the contact address.
    #[must_use]
    pub fn email(&self) -> Option<(&str, bool)> {
        let identifiers = || {
            self.identifiers
                .iter()
                .filter(|one| one.kind == IdentifierKind::Email)
        };
        identifiers()
            .find(|one| one.verified_at.is_some())
            .or_else(|| identifiers().next())
            .map(|one| (one.value.as_str(), one.verified_at.is_some()))
            .or_else(|| self.profile.contact().map(|contact| (contact, true)))
    }
}
