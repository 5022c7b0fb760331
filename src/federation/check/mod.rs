//! Whether the person who signed in administers the organization and holds the licence, and what is known about the organization.
//!
//! Decides nothing about customers: each answer says how it was proved, or what helps where it wasn't.

mod ask;
mod google;
mod graph;
mod rules;
mod salesforce;
mod simulated;
mod tenant;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;

use super::connector::{Account, Claims};
use super::settings::Provider;
use crate::kit::Secret;
use crate::web::Outgoing;

pub use google::Marketplace;
pub use rules::{NotAPermission, Permission, Rules};
pub use simulated::Simulated;
pub use tenant::{Environment, Tenant, TenantLookup, Unfound};

/// An answer that takes a network.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whether a person administers the organization whose account it is.
pub trait AdministratorCheck: Send + Sync {
    fn administrator<'a>(&'a self, person: &'a Person<'a>) -> Asked<'a, Proof>;
}

/// Whether a person, or the organization, holds what the product needs: a plan at Microsoft, the installed app at Google.
pub trait LicenceCheck: Send + Sync {
    fn licence<'a>(&'a self, person: &'a Person<'a>) -> Asked<'a, Proof>;
}

/// What the provider knows about the person's organization.
pub trait OrganizationLookup: Send + Sync {
    fn organization<'a>(
        &'a self,
        person: &'a Person<'a>,
    ) -> Asked<'a, Result<Organization, Unproven>>;
}

/// Who signed in just now, with what the provider gave for it.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// Validated.
    pub claims: &'a Claims,
    pub account: &'a Account,
    /// The token endpoint's answer without its tokens.
    pub answer: &'a Claims,
    /// Dropped after the checks.
    pub access_token: Option<&'a Secret>,
}

/// What was found out, and on whose word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    pub how: How,
    pub verdict: Verdict,
    /// For the receipt and for support; holds no secret and nothing that the provider wrote.
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A claim of the ID token.
    Claim { name: &'static str },
    /// An API of the provider.
    Api { call: &'static str },
    /// An operator says so; nobody verified it.
    Statement { by: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Proven,
    /// Good enough to go on; the provider is still setting it up.
    ProvenWithWarning,
    NotProven(Remedy),
}

/// What helps where something isn't proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// An administrator's role may be assigned and not active (PIM): activate it, wait some minutes, sign in anew.
    ActivateRole,
    /// Sign in with an account of the organization that administers it.
    UseAdministrator,
    /// The account is a guest's or a personal one: use one of the organization itself.
    UseOwnAccount,
    /// The account is suspended or inactive.
    Reactivate,
    /// The rights to ask were not granted: sign in again and allow them.
    GrantConsent,
    AssignLicence,
    InstallApp,
    /// The organization's edition has no API: state it instead.
    EditionWithoutApi,
    /// The API is not enabled in the operator's own project.
    EnableApi,
    /// What the provider gave for this sign-in is no longer good.
    SignInAgain,
    /// Nobody could be asked: an operator may state it.
    StateIt,
    /// The provider is busy or doesn't answer.
    TryLater {
        after: Option<Duration>,
    },
}

/// Why something couldn't be found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unproven {
    pub how: How,
    pub remedy: Remedy,
    pub detail: String,
}

/// What a form begins with, and the key that one organization has for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Organization {
    /// Entra: the tenant's id; Google: the customer's id, never the domain; Salesforce: the organization's id.
    pub key: String,
    pub name: Option<String>,
    pub domain: Option<String>,
    /// ISO 3166-1, or as the provider writes it.
    pub country: Option<String>,
    pub phone: Option<String>,
    /// Salesforce: a copy for trying things out.
    pub sandbox: bool,
}

impl Proof {
    /// An operator's word, for what can't be asked.
    #[must_use]
    pub fn stated(by: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            how: How::Statement { by: by.into() },
            verdict: Verdict::Proven,
            detail: what.into(),
        }
    }

    #[must_use]
    pub fn is_proven(&self) -> bool {
        !matches!(self.verdict, Verdict::NotProven(_))
    }

    fn proven(how: How, detail: impl Into<String>) -> Self {
        Self {
            how,
            verdict: Verdict::Proven,
            detail: detail.into(),
        }
    }

    fn not(how: How, remedy: Remedy, detail: impl Into<String>) -> Self {
        Self {
            how,
            verdict: Verdict::NotProven(remedy),
            detail: detail.into(),
        }
    }
}

impl From<Unproven> for Proof {
    fn from(unproven: Unproven) -> Self {
        Self::not(unproven.how, unproven.remedy, unproven.detail)
    }
}

/// The checks that a provider has. `None` where nobody can be asked, so that only an operator's statement is left.
pub struct Checks {
    pub administrator: Option<Box<dyn AdministratorCheck>>,
    pub licence: Option<Box<dyn LicenceCheck>>,
    pub organization: Option<Box<dyn OrganizationLookup>>,
}

impl Checks {
    /// Those that ask the provider itself.
    #[must_use]
    pub fn live(provider: &Provider, outgoing: &Outgoing, rules: &Rules) -> Self {
        match provider {
            Provider::Microsoft(settings) => {
                let graph = graph::Graph::new(settings, outgoing, rules);
                Self {
                    administrator: Some(Box::new(graph.clone())),
                    licence: Some(Box::new(graph.clone())),
                    organization: Some(Box::new(graph)),
                }
            }
            Provider::Google(settings) => {
                let directory = google::Directory::new(settings, outgoing);
                let licence = rules.marketplace.clone().map(|marketplace| {
                    let licences = google::Licences::new(settings, outgoing, marketplace);
                    Box::new(licences) as Box<dyn LicenceCheck>
                });
                Self {
                    administrator: Some(Box::new(directory.clone())),
                    licence,
                    organization: Some(Box::new(directory)),
                }
            }
            Provider::Salesforce(settings) => {
                let rest = salesforce::Rest::new(settings, outgoing, rules);
                Self {
                    administrator: Some(Box::new(rest.clone())),
                    licence: None,
                    organization: Some(Box::new(rest)),
                }
            }
            Provider::Oidc(_) | Provider::OAuth2(_) => Self {
                administrator: None,
                licence: None,
                organization: None,
            },
        }
    }

    /// Those that ask nobody and answer as they were told, as the operator's statement that this is a simulation.
    #[must_use]
    pub fn simulated(answers: &Simulated) -> Self {
        Self {
            administrator: Some(Box::new(answers.clone())),
            licence: Some(Box::new(answers.clone())),
            organization: Some(Box::new(answers.clone())),
        }
    }
}
