//! Keys of issuers: the JWK sets of identity providers, and the tokens that they sign.
//!
//! Doesn't know whom a token is for, nor what it must say; only whose signature it carries.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::BadToken;
use super::foreign::{BadKeySet, ForeignKey, parse_key};
use super::jose::{self, Parts};

/// A set with more keys is none that a provider means.
const MOST_KEYS: usize = 100;

/// An issuer's public keys: those that we can use.
pub struct IssuerKeys(Vec<IssuerKey>);

struct IssuerKey {
    /// As it was published: providers say more about a key than the standard knows.
    jwk: Value,
    key: ForeignKey,
}

/// A token that says something, and that nobody has to believe yet.
pub struct Unbelieved<'t> {
    parts: Parts<'t>,
    claims: Map<String, Value>,
}

impl IssuerKeys {
    /// Reads a set. Keys for encryption and of unknown types are passed over (RFC 7517 section 5).
    pub fn parse(set: &Value) -> Result<Self, BadKeySet> {
        let keys = set.get("keys").and_then(Value::as_array);
        let keys = keys.filter(|keys| keys.len() <= MOST_KEYS);
        let keys = keys.ok_or(BadKeySet::NotASet)?.iter();
        let usable = keys.filter_map(|jwk| {
            let key = parse_key(jwk).ok()?;
            Some(IssuerKey {
                jwk: jwk.clone(),
                key,
            })
        });
        Ok(Self(usable.collect()))
    }

    /// None at all: of a provider that signs nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of the keys that may sign has signed the token. `UnknownKey`: a newer set may say otherwise.
    pub fn check(
        &self,
        token: &Unbelieved<'_>,
        may_sign: impl Fn(&Value) -> bool,
    ) -> Result<(), BadToken> {
        let header = &token.parts.header;
        let algorithm = header.alg.parse::<jsonwebtoken::Algorithm>();
        let algorithm = algorithm.map_err(|_| BadToken::BadSignature)?;
        let (message, signature) = (token.parts.message.as_bytes(), token.parts.signature);
        let mut named = false;
        for IssuerKey { jwk, key } in &self.0 {
            named |= header.kid.is_some() && header.kid == key.kid;
            let fits = key.answers_to(header.kid.as_deref())
                && key.algorithms.contains(&algorithm)
                && may_sign(jwk)
                && jsonwebtoken::crypto::verify(signature, message, &key.decoding, algorithm)
                    .unwrap_or(false);
            if fits {
                return Ok(());
            }
        }
        Err(if named {
            BadToken::BadSignature
        } else {
            BadToken::UnknownKey
        })
    }
}

impl<'t> Unbelieved<'t> {
    /// Takes a token apart: its size, its JSON and its header are checked, nothing else.
    pub fn read(token: &'t str) -> Result<Self, BadToken> {
        let parts = jose::take_apart(token)?;
        let claims = parts.unverified_claims()?;
        Ok(Self { parts, claims })
    }

    #[must_use]
    pub fn algorithm(&self) -> &str {
        &self.parts.header.alg
    }

    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.parts.header.typ.as_deref()
    }

    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// A date among the claims (RFC 7519 section 2, `NumericDate`).
    pub fn date(&self, name: &str) -> Result<Option<DateTime<Utc>>, BadToken> {
        jose::date(&self.claims, name)
    }

    #[must_use]
    pub fn into_claims(self) -> Map<String, Value> {
        self.claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_set_keeps_what_can_be_used() {
        let good = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let mut encrypting = good.clone();
        encrypting["use"] = json!("enc");
        let unknown = json!({"kty": "XYZ"});
        let set =
            |keys: Vec<Value>| IssuerKeys::parse(&json!({ "keys": keys })).map(|set| set.0.len());
        assert_eq!(set(vec![good.clone(), encrypting, unknown]), Ok(1));
        assert_eq!(set(vec![]), Ok(0));
        assert_eq!(set(vec![good; 101]), Err(BadKeySet::NotASet));
        assert!(IssuerKeys::parse(&json!([])).is_err());
    }

    /// A7: what isn't a signed token, or says things twice, isn't read at all.
    #[test]
    fn what_is_no_token_is_not_read() {
        for text in [
            "",
            "a.b",
            "a.b.c",
            "e30.e30.",
            &"x".repeat(20_000),
            "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxLCJhIjoyfQ.AA",
        ] {
            assert!(Unbelieved::read(text).is_err(), "{text}");
        }
        let none = "eyJhbGciOiJub25lIn0.e30."; // {"alg":"none"}
        let read = Unbelieved::read(none).unwrap();
        assert_eq!(read.algorithm(), "none");
        assert_eq!(
            IssuerKeys::none().check(&read, |_| true),
            Err(BadToken::BadSignature)
        );
    }
}
