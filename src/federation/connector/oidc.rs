//! Any OpenID provider: the standard, and the deviations that its settings name.
//!
//! Providers with rules of their own have their own files.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::super::settings::{Oidc, Quirks};
use super::super::{AccountKey, Address};
use super::claim::{self, Spelling};
use super::{Account, Claims, Connector, Denied, Meaning, UpstreamError, Wish, meaning};

impl Connector for Oidc {
    fn discovery(&self) -> Option<Url> {
        discovery_of(&self.issuer)
    }

    fn describes_itself_as(&self, issuer: &str) -> bool {
        self.issuer == issuer
    }

    fn quirks(&self) -> Quirks {
        self.quirks.clone()
    }

    fn scopes(&self) -> Vec<String> {
        scopes()
    }

    fn parameters(&self, wish: &Wish) -> Vec<(&'static str, String)> {
        standard_parameters(wish)
    }

    fn issuer_of(&self, metadata_issuer: &str, _: &Claims) -> Result<String, Denied> {
        Ok(metadata_issuer.to_owned())
    }

    fn may_sign(&self, _: &Value, _: &str, _: &Value) -> bool {
        true
    }

    fn admit(&self, _: &Claims) -> Result<(), Denied> {
        Ok(())
    }

    fn account(&self, issuer: &str, claims: &Claims, _: &Claims) -> Result<Account, Denied> {
        let subject = claims.get("sub").and_then(claim::subject);
        let subject = subject.ok_or(Denied::Unbelievable("no sub"))?;
        let label = claim::first(claims, &["email", "preferred_username", "name"]);
        Ok(Account {
            label: label.unwrap_or(&subject).to_owned(),
            key: AccountKey {
                namespace: issuer.to_owned(),
                subject,
            },
            tenant: None,
        })
    }

    fn address(&self, claims: &Claims) -> Option<Address> {
        let spelling = if self.quirks.string_booleans {
            Spelling::Strings
        } else {
            Spelling::Standard
        };
        address(claims, spelling, &self.authoritative_domains)
    }

    fn profile(&self, claims: &Claims) -> BTreeMap<String, String> {
        claim::profile(claims)
    }

    fn meaning(&self, error: &UpstreamError) -> Meaning {
        meaning::standard(error)
    }

    fn proves_freshness(&self) -> bool {
        true
    }

    fn offers_logout(&self) -> bool {
        true
    }
}

/// OpenID Connect Discovery 1.0 section 4: below the issuer, whether that ends with a slash or not.
pub(super) fn discovery_of(issuer: &str) -> Option<Url> {
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    format!("{issuer}/.well-known/openid-configuration")
        .parse()
        .ok()
}

pub(super) fn scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).to_vec()
}

/// OpenID Connect Core 1.0 section 3.1.2.1.
fn standard_parameters(wish: &Wish) -> Vec<(&'static str, String)> {
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
    if let Some(seconds) = max_age(wish) {
        parameters.push(("max_age", seconds));
    }
    if let Some(hint) = &wish.login_hint {
        parameters.push(("login_hint", hint.clone()));
    }
    if !wish.locales.is_empty() {
        parameters.push(("ui_locales", wish.locales.join(" ")));
    }
    parameters
}

/// Only who asks for `max_age` may count on `auth_time` (OpenID Connect Core 1.0 section 2), which proves a new sign-in.
pub(super) fn max_age(wish: &Wish) -> Option<String> {
    let seconds = wish.max_age.or(wish.fresh.then_some(0));
    seconds.map(|seconds| seconds.to_string())
}

/// The address, proven where the provider says that it is verified and the connection holds it authoritative for the domain.
pub(super) fn address(
    claims: &Claims,
    spelling: Spelling,
    authoritative: &[String],
) -> Option<Address> {
    let address = claim::address(claims)?;
    let authoritative = authoritative
        .iter()
        .any(|domain| domain.eq_ignore_ascii_case(address.domain()));
    Some(Address {
        proven: authoritative && spelling.says_yes(claims, "email_verified"),
        address,
    })
}
