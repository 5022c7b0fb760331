//! Microsoft Entra ID: one issuer a tenant, keys that name whom they sign for, and clouds that know nothing of each other.
//!
//! Whether somebody administers a tenant is asked of Microsoft Graph by the checks.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::super::settings::{Audience, Cloud, Microsoft, Quirks, TokenAuthentication};
use super::super::{AccountKey, Address};
use super::claim::{self, Spelling};
use super::{Account, Claims, Connector, Denied, Meaning, UpstreamError, Wish, meaning, oidc};

/// Stands for the tenant's id in the issuer of documents and keys that serve every tenant.
const TEMPLATE: &str = "{tenantid}";
/// The tenant of personal accounts.
const CONSUMERS: Uuid = Uuid::from_u128(0x9188_040d_6c67_4c5b_b112_36a3_04b6_6dad);

impl Cloud {
    #[must_use]
    pub fn login(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGovernment | Self::UsGovernmentDod => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
        }
    }

    #[must_use]
    pub fn graph(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGovernment => "https://graph.microsoft.us",
            Self::UsGovernmentDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }
}

impl Microsoft {
    /// Where people of this cloud sign in, without a slash at the end.
    #[must_use]
    pub fn login(&self) -> &str {
        let own = self.login_url.as_ref().map(Url::as_str);
        own.map_or(self.cloud.login(), |url| url.trim_end_matches('/'))
    }

    /// This cloud's Microsoft Graph, without a slash at the end.
    #[must_use]
    pub fn graph(&self) -> &str {
        let own = self.graph_url.as_ref().map(Url::as_str);
        own.map_or(self.cloud.graph(), |url| url.trim_end_matches('/'))
    }

    fn issuer(&self, tenant: &str) -> String {
        format!("{}/{tenant}/v2.0", self.login())
    }

    /// The tenant whose own document is read; several share the one for all organizations.
    fn only_tenant(&self) -> Option<Uuid> {
        match &self.audience {
            Audience::Tenants(tenants) => match tenants.as_slice() {
                [only] => Some(*only),
                _ => None,
            },
            Audience::Organizations => None,
        }
    }
}

/// `tid`, written one way only: a second spelling would let two readers see two tenants.
fn tenant(claims: &Claims) -> Result<Uuid, Denied> {
    let spelled = claims
        .keys()
        .filter(|name| name.eq_ignore_ascii_case("tid"));
    if spelled.count() != 1 {
        return Err(Denied::Unbelievable("tid is missing or there twice"));
    }
    let tid = claims.get("tid").and_then(Value::as_str);
    tid.and_then(guid)
        .ok_or(Denied::Unbelievable("tid is no GUID"))
}

/// Why this account says nothing about the organization: it is a personal one, or a guest's.
pub(in crate::federation) fn outsider(claims: &Claims) -> Option<Denied> {
    match tenant(claims) {
        Ok(CONSUMERS) => Some(Denied::Personal),
        Ok(_) => is_guest(claims).then_some(Denied::Guest),
        Err(denied) => Some(denied),
    }
}

/// 8-4-4-4-12 digits; other forms that the parser knows aren't Entra's.
fn guid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

/// `acct` 1, or an identity provider other than the tenant.
fn is_guest(claims: &Claims) -> bool {
    let other = match (claims.get("idp"), claims.get("iss")) {
        (Some(idp), issuer) => Some(idp) != issuer,
        (None, _) => false,
    };
    Spelling::Numbers.says_yes(claims, "acct") || other
}

impl Connector for Microsoft {
    fn discovery(&self) -> Option<Url> {
        let tenant = self.only_tenant().map(|tenant| tenant.to_string());
        oidc::discovery_of(&self.issuer(tenant.as_deref().unwrap_or("organizations")))
    }

    fn describes_itself_as(&self, issuer: &str) -> bool {
        let tenant = self.only_tenant().map(|tenant| tenant.to_string());
        issuer == self.issuer(tenant.as_deref().unwrap_or(TEMPLATE))
    }

    /// The ID token says more than userinfo.
    fn quirks(&self) -> Quirks {
        Quirks {
            token_authentication: TokenAuthentication::Post,
            userinfo: false,
            ..Quirks::default()
        }
    }

    fn scopes(&self) -> Vec<String> {
        oidc::scopes()
    }

    /// Entra takes one value of `prompt`; a chooser would hide the hint.
    fn parameters(&self, wish: &Wish) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        if wish.fresh {
            parameters.push(("prompt", "login".to_owned()));
        } else if wish.choose_account {
            parameters.push(("prompt", "select_account".to_owned()));
        }
        if let Some(seconds) = oidc::max_age(wish) {
            parameters.push(("max_age", seconds));
        }
        match &wish.login_hint {
            Some(hint) if !wish.choose_account => parameters.push(("login_hint", hint.clone())),
            _ => {}
        }
        let domain = wish.domain.as_deref().unwrap_or("organizations");
        parameters.push(("domain_hint", domain.to_owned()));
        if !wish.locales.is_empty() {
            parameters.push(("ui_locales", wish.locales.join(" ")));
        }
        parameters
    }

    fn issuer_of(&self, metadata_issuer: &str, claims: &Claims) -> Result<String, Denied> {
        let tenant = tenant(claims)?.to_string();
        let issuer = metadata_issuer.replace(TEMPLATE, &tenant);
        if issuer == self.issuer(&tenant) {
            Ok(issuer)
        } else {
            Err(Denied::Unbelievable("iss and tid differ"))
        }
    }

    /// What keeps a key for personal accounts from signing for a work tenant, and one cloud's from signing for another.
    fn may_sign(&self, jwk: &Value, issuer: &str, metadata: &Value) -> bool {
        let tenant = issuer.rsplit('/').nth(1).unwrap_or_default();
        let of_issuer = match jwk.get("issuer") {
            Some(Value::String(template)) => template.replace(TEMPLATE, tenant) == issuer,
            Some(_) => false,
            None => true,
        };
        let cloud = jwk.get("cloud_instance_name");
        of_issuer && cloud.is_none_or(|cloud| Some(cloud) == metadata.get("cloud_instance_name"))
    }

    fn admit(&self, claims: &Claims) -> Result<(), Denied> {
        if claims.get("ver").and_then(Value::as_str) != Some("2.0") {
            return Err(Denied::Unbelievable("ver is not 2.0"));
        }
        let tenant = tenant(claims)?;
        if tenant == CONSUMERS {
            return Err(Denied::Personal);
        }
        match &self.audience {
            Audience::Tenants(tenants) if !tenants.contains(&tenant) => {
                return Err(Denied::Organization);
            }
            _ => {}
        }
        if self.refuse_guests && is_guest(claims) {
            return Err(Denied::Guest);
        }
        Ok(())
    }

    /// `oid` is the same for every application of the tenant, and another in every tenant where the person is a guest.
    fn account(&self, _: &str, claims: &Claims, _: &Claims) -> Result<Account, Denied> {
        let tenant = tenant(claims)?;
        let object = claims.get("oid").and_then(Value::as_str).and_then(guid);
        let object = object.ok_or(Denied::Unbelievable("oid is no GUID"))?;
        let label = claim::first(claims, &["preferred_username", "email", "name"]);
        let subject = object.to_string();
        Ok(Account {
            label: label.unwrap_or(&subject).to_owned(),
            key: AccountKey {
                namespace: self.issuer(&tenant.to_string()),
                subject,
            },
            tenant: Some(tenant.to_string()),
        })
    }

    /// Any administrator can write any address into a user; only `xms_edov` says that the domain is the tenant's own.
    fn address(&self, claims: &Claims) -> Option<Address> {
        claim::address(claims).map(|address| Address {
            address,
            proven: Spelling::Numbers.says_yes(claims, "xms_edov"),
        })
    }

    /// Pictures are behind Microsoft Graph.
    fn profile(&self, claims: &Claims) -> BTreeMap<String, String> {
        claim::profile_of(claims, &["name", "given_name", "family_name"])
    }

    fn meaning(&self, error: &UpstreamError) -> Meaning {
        meaning::microsoft(error)
    }

    /// By the optional claim `auth_time`.
    fn proves_freshness(&self) -> bool {
        true
    }

    fn offers_logout(&self) -> bool {
        true
    }
}
