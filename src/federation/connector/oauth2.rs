//! OAuth 2.0 without OpenID Connect, as GitHub speaks it: an API says who the person is.
//!
//! Asking the API is the flow's; here its answers become claims.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::super::settings::{OAuth2, Quirks};
use super::super::{AccountKey, Address};
use super::claim::{self, Spelling};
use super::{Account, Claims, Connector, Denied, Meaning, UpstreamError, Wish, meaning, oidc};

/// Names that APIs give to standard claims.
const NAMES: [(&str, &[&str]); 3] = [
    ("preferred_username", &["login", "username"]),
    ("picture", &["avatar_url"]),
    ("profile", &["html_url"]),
];

impl OAuth2 {
    /// The answers of the user endpoint and of the addresses' endpoint as claims.
    ///
    /// Where addresses are asked for, the user object's own `email` counts for nothing: GitHub lets people publish any.
    pub fn claims(user: Value, emails: Option<&Value>) -> Result<Claims, Denied> {
        let Value::Object(mut claims) = user else {
            return Err(Denied::Unbelievable("the user endpoint answers no object"));
        };
        for (standard, others) in NAMES {
            let found = claim::first(&claims, others).map(Value::from);
            if let (false, Some(value)) = (claims.contains_key(standard), found) {
                claims.insert(standard.to_owned(), value);
            }
        }
        if let Some(emails) = emails {
            claims.remove("email");
            claims.remove("email_verified");
            if let Some(primary) = primary(emails) {
                let verified = primary.get("verified").cloned().unwrap_or(Value::Null);
                let email = primary.get("email").cloned().unwrap_or(Value::Null);
                claims.insert("email".to_owned(), email);
                claims.insert("email_verified".to_owned(), verified);
            }
        }
        Ok(claims)
    }
}

fn primary(emails: &Value) -> Option<&Claims> {
    let all = || emails.as_array().into_iter().flatten();
    let mut objects = all().filter_map(Value::as_object);
    objects.find(|email| Spelling::Standard.says_yes(email, "primary"))
}

impl Connector for OAuth2 {
    fn discovery(&self) -> Option<Url> {
        None
    }

    fn describes_itself_as(&self, issuer: &str) -> bool {
        self.issuer == issuer
    }

    fn quirks(&self) -> Quirks {
        Quirks {
            nonce: false, // there is no ID token to hold one
            ..self.quirks.clone()
        }
    }

    /// Those that the connection adds are all: every API has its own.
    fn scopes(&self) -> Vec<String> {
        Vec::new()
    }

    fn parameters(&self, wish: &Wish) -> Vec<(&'static str, String)> {
        let choose = wish.choose_account.then(|| "select_account".to_owned());
        choose
            .map(|prompt| ("prompt", prompt))
            .into_iter()
            .collect()
    }

    fn issuer_of(&self, _: &str, _: &Claims) -> Result<String, Denied> {
        Ok(self.issuer.clone())
    }

    /// Nothing is signed.
    fn may_sign(&self, _: &Value, _: &str, _: &Value) -> bool {
        false
    }

    fn admit(&self, _: &Claims) -> Result<(), Denied> {
        Ok(())
    }

    fn account(&self, _: &str, claims: &Claims, _: &Claims) -> Result<Account, Denied> {
        let claims_value = Value::Object(claims.clone());
        let subject = claims_value.pointer(&self.subject);
        let subject = subject.and_then(claim::subject);
        let subject = subject.ok_or(Denied::Unbelievable("no subject at the settings' pointer"))?;
        let label = claim::first(claims, &["preferred_username", "email", "name"]);
        Ok(Account {
            label: label.unwrap_or(&subject).to_owned(),
            key: AccountKey {
                // Its issuer is only said; a connection to another API must not lead into accounts of this one.
                namespace: self.user_endpoint.to_string(),
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
        oidc::address(claims, spelling, &self.authoritative_domains)
    }

    fn profile(&self, claims: &Claims) -> BTreeMap<String, String> {
        claim::profile(claims)
    }

    fn meaning(&self, error: &UpstreamError) -> Meaning {
        meaning::oauth2(error)
    }

    fn proves_freshness(&self) -> bool {
        false
    }

    fn offers_logout(&self) -> bool {
        false
    }
}
