//! What the provider says when a session has ended there (OpenID Connect Back-Channel Logout 1.0, section 2.6).
//!
//! A token that comes twice ends nothing twice, so none is remembered.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, JsonWebKeyId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// Whose visits end: those of one session at the provider, or all of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedOut {
    pub(super) session: Option<String>,
    pub(super) subject: Option<String>,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotBelieved {
    #[error("it is no logout token")]
    Malformed,
    #[error("it is signed with a key that the provider does not publish")]
    UnknownKey,
    #[error("its signature is wrong")]
    BadSignature,
    #[error("it is from somebody else, for somebody else, or not of now")]
    NotForUs,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    typ: Option<String>,
    kid: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    #[serde(rename = "jti")]
    _jti: String,
    events: Map<String, Value>,
    sub: Option<String>,
    sid: Option<String>,
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn is(&self, client: &str) -> bool {
        match self {
            Self::One(one) => one == client,
            Self::Many(many) => many.iter().any(|one| one == client),
        }
    }
}

/// Between whom a token must be, and when.
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e str,
    pub(super) client: &'e str,
    pub(super) now: DateTime<Utc>,
}

/// Believes a token that one of the keys signed, that is about a logout, and that is meant for us now.
pub(super) fn read(
    token: &str,
    keys: &CoreJsonWebKeySet,
    expected: &Expected<'_>,
) -> Result<SignedOut, NotBelieved> {
    let (message, signature) = token.rsplit_once('.').ok_or(NotBelieved::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(NotBelieved::Malformed)?;
    let header: Header = part(header)?;
    if header.typ.as_deref() != Some("logout+jwt") {
        return Err(NotBelieved::Malformed);
    }
    let key = key(keys, header.kid)?;
    let signature = bytes(signature)?;
    key.verify_signature(&header.alg, message.as_bytes(), &signature)
        .map_err(|_| NotBelieved::BadSignature)?;
    let claims: Claims = part(payload)?;
    let (issued, ends) = (moment(claims.iat)?, moment(claims.exp)?);
    let between = claims.iss == expected.issuer && claims.aud.is(expected.client);
    let now = issued <= expected.now + SKEW && expected.now < ends + SKEW;
    if !between || !now {
        return Err(NotBelieved::NotForUs);
    }
    let about_logout = claims.events.get(EVENT).is_some_and(Value::is_object);
    let about_somebody = claims.sub.is_some() || claims.sid.is_some();
    if !about_logout || !about_somebody || claims.nonce.is_some() {
        return Err(NotBelieved::Malformed);
    }
    Ok(SignedOut {
        session: claims.sid,
        subject: claims.sub,
    })
}

/// The keys that are published are public ones, which sign by no symmetric algorithm; `none` fits no key at all.
fn key(keys: &CoreJsonWebKeySet, kid: Option<String>) -> Result<&CoreJsonWebKey, NotBelieved> {
    let kid = JsonWebKeyId::new(kid.ok_or(NotBelieved::Malformed)?);
    let mut known = keys.keys().iter();
    known
        .find(|key| key.key_id() == Some(&kid))
        .ok_or(NotBelieved::UnknownKey)
}

fn bytes(encoded: &str) -> Result<Vec<u8>, NotBelieved> {
    let decoded = URL_SAFE_NO_PAD.decode(encoded);
    decoded.map_err(|_| NotBelieved::Malformed)
}

fn part<T: DeserializeOwned>(encoded: &str) -> Result<T, NotBelieved> {
    serde_json::from_slice(&bytes(encoded)?).map_err(|_| NotBelieved::Malformed)
}

fn moment(seconds: i64) -> Result<DateTime<Utc>, NotBelieved> {
    DateTime::from_timestamp_secs(seconds).ok_or(NotBelieved::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use openidconnect::PrivateSigningKey as _;
    use openidconnect::core::CoreEdDsaPrivateSigningKey;
    use serde_json::json;

    /// An Ed25519 key from RFC 8037 appendix A.1, in PKCS #8.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----";

    fn signer() -> CoreEdDsaPrivateSigningKey {
        let kid = Some(JsonWebKeyId::new("one".to_owned()));
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(KEY, kid).unwrap()
    }

    fn sign(header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = signer().sign(&CoreJwsSigningAlgorithm::EdDsa, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.unwrap()))
    }

    fn read_at(token: &str, now: i64) -> Result<SignedOut, NotBelieved> {
        let keys = CoreJsonWebKeySet::new(vec![signer().as_verification_key()]);
        let expected = Expected {
            issuer: "https://us.example",
            client: "cli_1",
            now: DateTime::from_timestamp_secs(now).unwrap(),
        };
        read(token, &keys, &expected)
    }

    fn header() -> Value {
        json!({ "alg": "EdDSA", "kid": "one", "typ": "logout+jwt" })
    }

    fn claims() -> Value {
        json!({
            "iss": "https://us.example", "aud": "cli_1", "iat": 1000, "exp": 1120, "jti": "x",
            "events": { EVENT: {} }, "sub": "ann", "sid": "s1",
        })
    }

    fn with(mut value: Value, name: &str, to: Value) -> Value {
        value[name] = to;
        value
    }

    #[test]
    fn a_logout_token_says_whose_session_has_ended() {
        let said = SignedOut {
            session: Some("s1".to_owned()),
            subject: Some("ann".to_owned()),
        };
        let token = sign(&header(), &claims());
        assert_eq!(read_at(&token, 1010), Ok(said.clone()));
        let many = sign(&header(), &with(claims(), "aud", json!(["other", "cli_1"])));
        assert_eq!(read_at(&many, 1010), Ok(said));
        for now in [900, 1200] {
            assert_eq!(read_at(&token, now), Err(NotBelieved::NotForUs));
        }
    }

    /// Section 2.6, step by step.
    #[test]
    fn everything_else_is_refused() {
        for (name, value) in [
            ("typ", json!("JWT")),
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("kid", json!("two")),
        ] {
            let token = sign(&with(header(), name, value.clone()), &claims());
            assert!(read_at(&token, 1010).is_err(), "{name} {value}");
        }
        for (name, value) in [
            ("iss", json!("https://them.example")),
            ("aud", json!("cli_2")),
            ("events", json!({})),
            ("events", json!({ EVENT: "x" })),
            ("nonce", json!("n")),
            ("jti", json!(null)),
            ("exp", json!(i64::MAX)),
        ] {
            let token = sign(&header(), &with(claims(), name, value.clone()));
            assert!(read_at(&token, 1010).is_err(), "{name} {value}");
        }
        let mut nobody = claims();
        nobody
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !["sub", "sid"].contains(&name.as_str()));
        assert!(read_at(&sign(&header(), &nobody), 1010).is_err());
        let token = sign(&header(), &claims());
        let forged = with(claims(), "sub", json!("bob")).to_string();
        let forged = URL_SAFE_NO_PAD.encode(forged);
        let parts: Vec<&str> = token.split('.').collect();
        let forged = format!("{}.{forged}.{}", parts[0], parts[2]);
        assert_eq!(read_at(&forged, 1010), Err(NotBelieved::BadSignature));
        for text in ["", "a.b", "a.b.c", "...."] {
            assert_eq!(read_at(text, 1010), Err(NotBelieved::Malformed));
        }
    }
}
