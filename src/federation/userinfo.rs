//! Who it is, where the ID token doesn't say everything, or where there is none: userinfo, and the API of plain OAuth 2.0.
//!
//! Sends the access token to the connection's own endpoints and nowhere else.

use http::{StatusCode, header};
use serde_json::Value;
use url::Url;

use super::connector::{Claims, Connector};
use super::providers::Known;
use super::{OAuth2, Trouble, post, trouble};
use crate::keys::{Unbelieved, unique_object};
use crate::kit::Secret;
use crate::web::{Answer, Outgoing};

const LONGEST: usize = 64 * 1024;
const BOTH: &str = "application/json, application/jwt;q=0.9";

/// Whom to ask, and with what.
pub(super) struct Asking<'a> {
    pub(super) outgoing: &'a Outgoing,
    pub(super) connector: &'a dyn Connector,
    pub(super) known: &'a Known,
    pub(super) client_id: &'a str,
    pub(super) access: &'a Secret,
}

/// Userinfo of the person whom the ID token names: another one's is refused (OpenID Connect Core section 5.3.2).
pub(super) async fn userinfo(
    asking: &Asking<'_>,
    issuer: &str,
    subject: &str,
) -> Result<Claims, Trouble> {
    let Some(at) = &asking.known.metadata.userinfo else {
        return Ok(Claims::new());
    };
    let answer = asking.ask(at).await?;
    let claims = if is_jwt(&answer) {
        asking.believe(&answer, issuer)?
    } else {
        unique_object(&answer.body).ok_or(Trouble::unavailable("userinfo is no JSON"))?
    };
    if claims.get("sub").and_then(Value::as_str) != Some(subject) {
        return Err(Trouble::unbelievable("userinfo is about somebody else"));
    }
    Ok(claims)
}

/// What is verified, and what says so: a word about one address proves nothing about another.
const PAIRS: [(&str, &str); 2] = [
    ("email", "email_verified"),
    ("phone_number", "phone_number_verified"),
];

/// What the ID token doesn't say, userinfo may; where both speak, the signed one counts.
pub(super) fn lay_over(claims: &mut Claims, mut more: Claims) {
    for (value, word) in PAIRS {
        match (claims.get(value), more.get(value)) {
            (Some(own), Some(other)) if own == other => {}
            (Some(_), _) => {
                more.remove(word);
            }
            (None, _) => {
                claims.remove(word);
            }
        }
    }
    for (name, value) in more {
        claims.entry(name).or_insert(value);
    }
}

/// The person as an API describes them, for providers without ID tokens.
pub(super) async fn person(asking: &Asking<'_>, settings: &OAuth2) -> Result<Claims, Trouble> {
    let user = json(&asking.ask(&settings.user_endpoint).await?)?;
    let emails = match &settings.emails_endpoint {
        Some(at) => Some(json(&asking.ask(at).await?)?),
        None => None,
    };
    Ok(OAuth2::claims(user, emails.as_ref())?)
}

fn json(answer: &Answer) -> Result<Value, Trouble> {
    serde_json::from_slice(&answer.body)
        .map_err(|_| Trouble::unavailable("the API's answer is no JSON"))
}

fn is_jwt(answer: &Answer) -> bool {
    let kind = answer.headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start().starts_with("application/jwt")
}

impl Asking<'_> {
    async fn ask(&self, at: &Url) -> Result<Answer, Trouble> {
        let token = (self.access.reveal(), BOTH);
        let answer = post::get_with(self.outgoing, at, token, LONGEST).await;
        let answer = answer.map_err(|why| Trouble::unanswered(&why))?;
        if answer.status != StatusCode::OK {
            return Err(trouble::refused(
                self.connector,
                answer.status,
                &answer.body,
            ));
        }
        if answer.cut {
            return Err(Trouble::unavailable("userinfo has no end"));
        }
        Ok(answer)
    }

    /// A15: signed userinfo is verified with the provider's keys, and is from this issuer for us.
    fn believe(&self, answer: &Answer, issuer: &str) -> Result<Claims, Trouble> {
        const NOT_BELIEVED: Trouble = Trouble::unbelievable("signed userinfo doesn't fit");
        let text = std::str::from_utf8(&answer.body).map_err(|_| NOT_BELIEVED)?;
        let token = Unbelieved::read(text.trim()).map_err(|_| NOT_BELIEVED)?;
        let allowed = self.connector.quirks().algorithms;
        let document = &self.known.metadata.document;
        let may_sign = |jwk: &Value| self.connector.may_sign(jwk, issuer, document);
        let signed = allowed.iter().any(|one| one == token.algorithm())
            && self.known.keys.keys.check(&token, may_sign).is_ok();
        let claims = token.into_claims();
        let for_us = match claims.get("aud") {
            Some(Value::String(only)) => only == self.client_id,
            Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(self.client_id)),
            _ => false,
        };
        let from = claims.get("iss").and_then(Value::as_str) == Some(issuer);
        if signed && for_us && from {
            Ok(claims)
        } else {
            Err(NOT_BELIEVED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// R131: "verified" is believed only of the address beside which it stands.
    #[test]
    fn r131_a_word_about_one_address_proves_no_other() {
        let laid = |token: Value, more: Value| {
            let (Value::Object(mut claims), Value::Object(more)) = (token, more) else {
                panic!("objects");
            };
            lay_over(&mut claims, more);
            Value::Object(claims)
        };
        let verified =
            json!({"sub": "s", "email": "b@example.com", "email_verified": true, "name": "B"});
        assert_eq!(
            laid(
                json!({"sub": "s", "email": "a@example.com"}),
                verified.clone()
            ),
            json!({"sub": "s", "email": "a@example.com", "name": "B"})
        );
        assert_eq!(
            laid(
                json!({"sub": "s", "email": "b@example.com"}),
                verified.clone()
            ),
            verified
        );
        assert_eq!(laid(json!({"sub": "s"}), verified.clone()), verified);
        let unverified = json!({"sub": "s", "email": "b@example.com"});
        assert_eq!(
            laid(
                json!({"sub": "s", "email_verified": true}),
                unverified.clone()
            ),
            unverified
        );
    }
}
