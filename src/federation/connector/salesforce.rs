//! Salesforce: an issuer that depends on the host, ids in two lengths, and organizations.
//!
//! Whether somebody administers an organization is asked of Salesforce's API by the checks.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use url::Url;

use super::super::settings::{Quirks, Salesforce, SalesforceHost, TokenAuthentication};
use super::super::{AccountKey, Address};
use super::claim::{self};
use super::{Account, Claims, Connector, Denied, Meaning, UpstreamError, Wish, meaning, oidc};

/// The id of a record, in the form of 18 characters that survives a loss of case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordId(String);

impl RecordId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Organizations begin with `00D`, users with `005`.
    #[must_use]
    pub fn is(&self, prefix: &str) -> bool {
        self.0.starts_with(prefix)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is no Salesforce id of 15 or 18 letters and digits.")]
pub struct NotARecordId;

impl FromStr for RecordId {
    type Err = NotARecordId;

    /// The last three of 18 characters say which of the 15 before are capitals: five a character, the first the lowest bit.
    fn from_str(text: &str) -> Result<Self, NotARecordId> {
        let bytes = text.as_bytes();
        if !matches!(bytes.len(), 15 | 18) || !bytes.iter().all(u8::is_ascii_alphanumeric) {
            return Err(NotARecordId);
        }
        let (id, given) = text.split_at(15);
        let sums: String = id.as_bytes().chunks(5).map(check_sum).collect();
        if !given.is_empty() && !given.eq_ignore_ascii_case(&sums) {
            return Err(NotARecordId);
        }
        Ok(Self(format!("{id}{sums}")))
    }
}

fn check_sum(five: &[u8]) -> char {
    let bits = five
        .iter()
        .enumerate()
        .map(|(at, byte)| u8::from(byte.is_ascii_uppercase()) << at);
    let sum: u8 = bits.sum();
    char::from(if sum < 26 {
        b'A' + sum
    } else {
        b'0' + (sum - 26)
    })
}

/// Whether this names a My Domain: one DNS label, for a sandbox with `--name`. A host is built from it, so nothing else may pass.
#[must_use]
pub fn is_my_domain(label: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    label.len() <= 63 && label.split("--").count() <= 2 && label.split("--").all(part)
}

impl Salesforce {
    /// The host that people sign in at, which is also the issuer; `None` for a My Domain that is none.
    fn issuer(&self) -> Option<String> {
        if let Some(base) = &self.base_url {
            return Some(base.as_str().trim_end_matches('/').to_owned());
        }
        Some(match &self.host {
            SalesforceHost::Production => "https://login.salesforce.com".to_owned(),
            SalesforceHost::Sandbox => "https://test.salesforce.com".to_owned(),
            SalesforceHost::MyDomain(label) if is_my_domain(label) => {
                let label = label.to_ascii_lowercase();
                let kind = if label.contains("--") {
                    ".sandbox"
                } else if label.ends_with("-dev-ed") {
                    ".develop"
                } else {
                    ""
                };
                format!("https://{label}{kind}.my.salesforce.com")
            }
            SalesforceHost::MyDomain(_) => return None,
        })
    }

    fn admits(&self, organization: &RecordId) -> bool {
        let listed = self.organizations.iter().map(|id| id.parse::<RecordId>());
        self.organizations.is_empty() || listed.flatten().any(|id| id == *organization)
    }
}

/// Organization and user, as every part of the answer that names them agrees.
fn named(claims: &Claims, answer: &Claims) -> Result<(RecordId, RecordId), Denied> {
    let sub = claims.get("sub").and_then(Value::as_str);
    let sub = sub.and_then(identity_url);
    let (organization, user) = sub.ok_or(Denied::Unbelievable("sub is no identity URL"))?;
    if !organization.is("00D") || !user.is("005") {
        return Err(Denied::Unbelievable("sub names no organization and user"));
    }
    for (name, id) in [("organization_id", &organization), ("user_id", &user)] {
        let other = claims.get(name).map(|value| value.as_str().map(str::parse));
        if other.is_some_and(|other| other != Some(Ok(id.clone()))) {
            return Err(Denied::Unbelievable("sub and ids differ"));
        }
    }
    let other = answer
        .get("id")
        .map(|id| id.as_str().and_then(identity_url));
    if other.is_some_and(|other| other != Some((organization.clone(), user.clone()))) {
        return Err(Denied::Unbelievable("sub and the answer's id differ"));
    }
    Ok((organization, user))
}

/// `https://login.salesforce.com/id/{organization}/{user}`; the host depends on where the person signed in.
fn identity_url(text: &str) -> Option<(RecordId, RecordId)> {
    let url: Url = text.parse().ok()?;
    let segments: Vec<&str> = url.path_segments()?.collect();
    let [.., "id", organization, user] = segments.as_slice() else {
        return None;
    };
    Some((organization.parse().ok()?, user.parse().ok()?))
}

impl Connector for Salesforce {
    fn discovery(&self) -> Option<Url> {
        oidc::discovery_of(&self.issuer()?)
    }

    fn describes_itself_as(&self, issuer: &str) -> bool {
        self.issuer().as_deref() == Some(issuer)
    }

    fn quirks(&self) -> Quirks {
        Quirks {
            token_authentication: TokenAuthentication::Post,
            ..Quirks::default()
        }
    }

    fn scopes(&self) -> Vec<String> {
        oidc::scopes()
    }

    fn parameters(&self, wish: &Wish) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        let prompts = [
            (wish.fresh, "login"),
            (wish.choose_account, "select_account"),
        ];
        let prompts = prompts.into_iter().filter(|prompt| prompt.0);
        let prompt = prompts.map(|prompt| prompt.1).collect::<Vec<_>>().join(" ");
        if !prompt.is_empty() {
            parameters.push(("prompt", prompt));
        }
        if let Some(hint) = &wish.login_hint {
            parameters.push(("login_hint", hint.clone()));
        }
        parameters
    }

    /// A person of one organization may arrive by different hosts; each connection believes its own only.
    fn issuer_of(&self, metadata_issuer: &str, _: &Claims) -> Result<String, Denied> {
        Ok(metadata_issuer.to_owned())
    }

    fn may_sign(&self, _: &Value, _: &str, _: &Value) -> bool {
        true
    }

    fn admit(&self, claims: &Claims) -> Result<(), Denied> {
        let (organization, _) = named(claims, &Claims::new())?;
        if claims.get("active").is_some_and(|active| *active != true) {
            return Err(Denied::Inactive);
        }
        if self.admits(&organization) {
            Ok(())
        } else {
            Err(Denied::Organization)
        }
    }

    /// The issuer says only where somebody signed in: the organization is what user ids are unique in.
    fn account(&self, _: &str, claims: &Claims, answer: &Claims) -> Result<Account, Denied> {
        let (organization, user) = named(claims, answer)?;
        let world = match &self.base_url {
            Some(base) => base.as_str().trim_end_matches('/'),
            None => "https://salesforce.com",
        };
        let label = claim::first(claims, &["preferred_username", "email", "name"]);
        Ok(Account {
            label: label.unwrap_or(user.as_str()).to_owned(),
            key: AccountKey {
                namespace: format!("{world}/{organization}"),
                subject: user.to_string(),
            },
            tenant: Some(organization.to_string()),
        })
    }

    /// Administrators of an organization set addresses as they like.
    fn address(&self, claims: &Claims) -> Option<Address> {
        claim::address(claims).map(|address| Address {
            address,
            proven: false,
        })
    }

    /// Pictures and profile pages need a session at Salesforce; the user name is none of ours.
    fn profile(&self, claims: &Claims) -> BTreeMap<String, String> {
        let names = [
            "name",
            "given_name",
            "family_name",
            "nickname",
            "zoneinfo",
            "locale",
            "phone_number",
        ];
        claim::profile_of(claims, &names)
    }

    fn meaning(&self, error: &UpstreamError) -> Meaning {
        meaning::salesforce(error)
    }

    fn proves_freshness(&self) -> bool {
        false
    }

    fn offers_logout(&self) -> bool {
        false
    }
}
