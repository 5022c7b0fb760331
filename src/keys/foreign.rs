//! Keys of others: the JWK set of a client, with which it proves itself by a signed assertion (RFC 7523).
//!
//! Doesn't know what an assertion must say; only whose signature it carries and that its dates are right.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::jose::{self, Age};
use super::{BadToken, provider};
use crate::kit::Moment;

/// More keys than a client needs, and few enough to try each.
const MOST_KEYS: usize = 10;
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A client's public keys, checked.
pub struct ForeignKeys(Vec<ForeignKey>);

pub(super) struct ForeignKey {
    pub(super) kid: Option<String>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) decoding: DecodingKey,
}

/// What is wrong with a JWK set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKeySet {
    #[error("A JWK set is an object with the member “keys”, an array of 1 to 10 keys.")]
    NotASet,
    #[error("A key of the set contains private members. Register the public keys only.")]
    PrivateMember,
    #[error(
        "A key of the set can't be used: P-256 (ES256), Ed25519 (EdDSA) and RSA of 2048 to 8192 bits (RS256, PS256) can."
    )]
    UnusableKey,
}

impl ForeignKeys {
    /// Checks a set when it is registered, and again when it is used.
    pub fn parse(set: &Value) -> Result<Self, BadKeySet> {
        let keys = set.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or(BadKeySet::NotASet)?;
        if keys.is_empty() || keys.len() > MOST_KEYS {
            return Err(BadKeySet::NotASet);
        }
        keys.iter()
            .map(parse_key)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The claims of a token that one of the keys signed and that is valid now. Everything they say is the caller's to check.
    pub fn verify<C: DeserializeOwned>(&self, token: &str, moment: &Moment) -> Result<C, BadToken> {
        let parts = jose::take_apart(token)?;
        if let Some(typ) = &parts.header.typ {
            let known = ["JWT", "client-authentication+jwt"];
            if !known.iter().any(|one| typ.eq_ignore_ascii_case(one)) {
                return Err(BadToken::WrongKind);
            }
        }
        let algorithm = parts.header.alg.parse::<Algorithm>();
        let algorithm = algorithm.map_err(|_| BadToken::BadSignature)?;
        let mut candidates = self
            .0
            .iter()
            .filter(|key| key.answers_to(parts.header.kid.as_deref()))
            .peekable();
        if candidates.peek().is_none() {
            return Err(BadToken::UnknownKey);
        }
        let message = parts.message.as_bytes();
        let fits = candidates
            .filter(|key| key.algorithms.contains(&algorithm))
            .any(|key| {
                jsonwebtoken::crypto::verify(parts.signature, message, &key.decoding, algorithm)
                    .unwrap_or(false)
            });
        if !fits {
            return Err(BadToken::BadSignature);
        }
        parts.claims(moment.now, Age::Unexpired)
    }
}

impl ForeignKey {
    pub(super) fn answers_to(&self, kid: Option<&str>) -> bool {
        match (kid, &self.kid) {
            (Some(wanted), Some(own)) => wanted == own,
            _ => true,
        }
    }
}

/// Whom a token says it is about, before anything of it is believed: good only for choosing the keys to verify it with.
pub fn claimed_subject(token: &str) -> Result<String, BadToken> {
    let claims = jose::take_apart(token)?.unverified_claims()?;
    let subject = claims.get("sub").and_then(Value::as_str);
    subject.map(str::to_owned).ok_or(BadToken::Malformed)
}

pub(super) fn parse_key(jwk: &Value) -> Result<ForeignKey, BadKeySet> {
    let members = jwk.as_object().ok_or(BadKeySet::NotASet)?;
    if PRIVATE_MEMBERS
        .iter()
        .any(|name| members.contains_key(*name))
    {
        return Err(BadKeySet::PrivateMember);
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let bytes = |name: &str| {
        let value = text(name).and_then(|value| URL_SAFE_NO_PAD.decode(value).ok());
        value.ok_or(BadKeySet::UnusableKey)
    };
    if text("use").is_some_and(|usage| usage != "sig") {
        return Err(BadKeySet::UnusableKey);
    }
    let (mut algorithms, decoding) = match (text("kty"), text("crv")) {
        (Some("EC"), Some("P-256")) => (vec![Algorithm::ES256], p256(&bytes("x")?, &bytes("y")?)?),
        (Some("OKP"), Some("Ed25519")) => (vec![Algorithm::EdDSA], ed25519(&bytes("x")?)?),
        (Some("RSA"), None) => (
            vec![Algorithm::RS256, Algorithm::PS256],
            rsa(&bytes("n")?, &bytes("e")?)?,
        ),
        _ => return Err(BadKeySet::UnusableKey),
    };
    if let Some(only) = text("alg") {
        algorithms.retain(|algorithm| only.parse() == Ok(*algorithm));
    }
    if algorithms.is_empty() || provider::is_handle(&decoding) {
        return Err(BadKeySet::UnusableKey);
    }
    Ok(ForeignKey {
        kid: text("kid").map(str::to_owned),
        algorithms,
        decoding,
    })
}

/// A point that is not on the curve is refused by the parser (RFC 8725 section 3.4).
fn p256(x: &[u8], y: &[u8]) -> Result<DecodingKey, BadKeySet> {
    if x.len() != 32 || y.len() != 32 {
        return Err(BadKeySet::UnusableKey);
    }
    let point = [&[4], x, y].concat();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).map_err(|_| BadKeySet::UnusableKey)?;
    Ok(DecodingKey::from_ec_der(&point))
}

fn ed25519(x: &[u8]) -> Result<DecodingKey, BadKeySet> {
    ParsedPublicKey::new(&ED25519, x).map_err(|_| BadKeySet::UnusableKey)?;
    Ok(DecodingKey::from_ed_der(x))
}

fn rsa(n: &[u8], e: &[u8]) -> Result<DecodingKey, BadKeySet> {
    let components = RsaPublicKeyComponents { n, e };
    let parsed = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
    parsed.map_err(|_| BadKeySet::UnusableKey)?;
    let bits = n.iter().skip_while(|byte| **byte == 0).count() * 8;
    if !(2048..=8192).contains(&bits) {
        return Err(BadKeySet::UnusableKey);
    }
    Ok(DecodingKey::from_rsa_raw_components(n, e))
}
