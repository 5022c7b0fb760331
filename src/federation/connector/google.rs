//! Google: two spellings of one issuer, hosted domains, and addresses for which Google speaks.
//!
//! Whether somebody administers a domain is asked of Google's APIs by the checks.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::super::settings::{Google, Quirks, TokenAuthentication};
use super::super::{AccountKey, Address};
use super::claim::{self, Spelling};
use super::{Account, Claims, Connector, Denied, Meaning, UpstreamError, Wish, meaning, oidc};

const ISSUER: &str = "https://accounts.google.com";
/// Its addresses are Google's own.
const CONSUMERS: &str = "gmail.com";

impl Google {
    fn issuer(&self) -> &str {
        let base = self.base_url.as_ref().map(Url::as_str);
        base.map_or(ISSUER, |base| base.trim_end_matches('/'))
    }

    /// The same issuer as old tokens name it: without its scheme.
    fn bare_issuer(&self) -> &str {
        let issuer = self.issuer();
        issuer.split_once("://").map_or(issuer, |(_, rest)| rest)
    }
}

impl Connector for Google {
    fn discovery(&self) -> Option<Url> {
        oidc::discovery_of(self.issuer())
    }

    fn describes_itself_as(&self, issuer: &str) -> bool {
        self.issuer() == issuer
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

    /// Google knows neither `prompt=login` nor `max_age`.
    fn parameters(&self, wish: &Wish) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        if wish.choose_account || wish.fresh {
            parameters.push(("prompt", "select_account".to_owned()));
        }
        if let Some(hint) = &wish.login_hint {
            parameters.push(("login_hint", hint.clone()));
        }
        match (self.hosted_domains.as_slice(), &wish.domain) {
            ([only], _) => parameters.push(("hd", only.clone())),
            (hosted, Some(domain)) if hosted.is_empty() || hosted.contains(domain) => {
                parameters.push(("hd", domain.clone()));
            }
            ([], _) => {}
            _ => parameters.push(("hd", "*".to_owned())), // any Workspace; the claim decides
        }
        parameters
    }

    fn issuer_of(&self, metadata_issuer: &str, claims: &Claims) -> Result<String, Denied> {
        let bare = claims.get("iss").and_then(Value::as_str) == Some(self.bare_issuer());
        Ok(if bare {
            self.bare_issuer()
        } else {
            metadata_issuer
        }
        .to_owned())
    }

    fn may_sign(&self, _: &Value, _: &str, _: &Value) -> bool {
        true
    }

    /// What the request asked for with `hd` was only a wish: the claim counts.
    fn admit(&self, claims: &Claims) -> Result<(), Denied> {
        if self.hosted_domains.is_empty() {
            return Ok(());
        }
        let hosted = claim::text(claims, "hd").ok_or(Denied::Personal)?;
        let admitted = |domain: &String| domain.eq_ignore_ascii_case(hosted);
        if self.hosted_domains.iter().any(admitted) {
            Ok(())
        } else {
            Err(Denied::Organization)
        }
    }

    /// Both spellings of the issuer are one namespace.
    fn account(&self, _: &str, claims: &Claims, _: &Claims) -> Result<Account, Denied> {
        let subject = claims.get("sub").and_then(claim::subject);
        let subject = subject.ok_or(Denied::Unbelievable("no sub"))?;
        let label = claim::first(claims, &["email", "name"]);
        Ok(Account {
            label: label.unwrap_or(&subject).to_owned(),
            key: AccountKey {
                namespace: self.issuer().to_owned(),
                subject,
            },
            tenant: claim::text(claims, "hd").map(str::to_ascii_lowercase),
        })
    }

    /// Other mailboxes were verified once, in the past, and may have changed hands.
    fn address(&self, claims: &Claims) -> Option<Address> {
        let address = claim::address(claims)?;
        let verified = Spelling::Standard.says_yes(claims, "email_verified");
        let own = address.domain() == CONSUMERS || claim::text(claims, "hd").is_some();
        Some(Address {
            proven: verified && own,
            address,
        })
    }

    fn profile(&self, claims: &Claims) -> BTreeMap<String, String> {
        claim::profile_of(
            claims,
            &["name", "given_name", "family_name", "picture", "locale"],
        )
    }

    fn meaning(&self, error: &UpstreamError) -> Meaning {
        meaning::google(error)
    }

    fn proves_freshness(&self) -> bool {
        false
    }

    fn offers_logout(&self) -> bool {
        false
    }
}
