//! Who came back from a provider, once everything that they brought has been checked.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ConnectionId;
use crate::kit::{EmailAddress, Id, kinds};

/// The account at the provider. An address, a user name or any other thing that can change hands is never part of it (R131).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AccountKey {
    /// The issuer; for Entra the tenant's issuer, for Salesforce the organization.
    pub namespace: String,
    /// `sub`; for Entra `oid`, for Salesforce the user's id of 18 characters.
    pub subject: String,
}

/// An address that the provider names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub address: EmailAddress,
    /// The provider is authoritative for it and says that it is this person's.
    pub proven: bool,
}

/// A person as a provider has proven them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalIdentity {
    pub connection: ConnectionId,
    pub key: AccountKey,
    /// `iss` and `sub` as the ID token has them: what the provider's logout tokens will say.
    pub issuer: String,
    pub sub: String,
    pub sid: Option<String>,
    /// Entra: `tid`; Google: `hd`; Salesforce: the organization's id.
    pub tenant: Option<String>,
    /// What the person recognises the account by.
    pub label: String,
    pub address: Option<Address>,
    /// By profile field (`given_name`) or `attributes.<name>`: mapped, not yet checked against a store.
    pub profile: BTreeMap<String, String>,
    /// Groups that the connection's mapping gives.
    pub groups: Vec<Id<kinds::Group>>,
    /// When the person authenticated there, if the provider says so.
    pub authenticated_at: Option<DateTime<Utc>>,
    /// What of `amr` the connection lets through (checklist BR-01).
    pub methods: Vec<String>,
    /// The ID token, for the provider's logout endpoint. Stored sealed only.
    pub id_token: Option<String>,
}
