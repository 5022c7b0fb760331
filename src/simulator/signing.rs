//! Keys that sign, and compact JWS made of them, in all the ways that a token can be signed rightly or wrongly.
//!
//! What stands in a token is not decided here.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::provider::{Members, members};
use crate::kit::{Internal, digest};

/// A key pair and its name.
pub(super) struct Key {
    pub(super) kid: String,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

impl Key {
    /// Takes a tenth of a second.
    pub(super) fn rsa() -> Result<Self, Internal> {
        Ok(Self::named(Pair::Rsa(Box::new(RsaKeyPair::generate(
            KeySize::Rsa2048,
        )?))))
    }

    pub(super) fn ec() -> Result<Self, Internal> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        Ok(Self::named(Pair::Ec(Box::new(pair))))
    }

    fn named(pair: Pair) -> Self {
        let public = match &pair {
            Pair::Rsa(pair) => digest(pair.public_key().as_ref()),
            Pair::Ec(pair) => digest(pair.public_key().as_ref()),
        };
        let kid = encode(public.get(..20).unwrap_or_default());
        Self { kid, pair }
    }

    pub(super) const fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
        }
    }

    pub(super) fn jwk(&self) -> Members {
        let jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "n": encode(&parts.n), "e": encode(&parts.e)})
            }
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let part =
                    |range: std::ops::Range<usize>| encode(point.get(range).unwrap_or_default());
                json!({"kty": "EC", "crv": "P-256", "x": part(1..33), "y": part(33..65)})
            }
        };
        let mut jwk = members(jwk);
        jwk.insert("kid".to_owned(), json!(self.kid));
        jwk.insert("use".to_owned(), json!("sig"));
        jwk
    }

    /// A compact JWS. The header's `alg` is the key's own.
    pub(super) fn sign(&self, header: Members, claims: &Value) -> Result<String, Internal> {
        let message = message(header, self.algorithm(), claims);
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &random,
                    message.as_bytes(),
                    &mut signature,
                )?;
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, message.as_bytes())?.as_ref().to_vec(),
        };
        Ok(format!("{message}.{}", encode(&signature)))
    }

    /// The public key as a text, which a careless verifier takes for a shared secret (RFC 8725 section 2.1).
    pub(super) fn public_text(&self) -> String {
        let bytes = match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::Ec(pair) => pair.public_key().as_ref(),
        };
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        format!("-----BEGIN RSA PUBLIC KEY-----\n{text}\n-----END RSA PUBLIC KEY-----\n")
    }
}

/// Signed with a secret that both sides know.
pub(super) fn sign_with_secret(secret: &[u8], header: Members, claims: &Value) -> String {
    let message = message(header, "HS256", claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", encode(tag.as_ref()))
}

/// Not signed at all.
pub(super) fn unsigned(header: Members, claims: &Value) -> String {
    format!("{}.", message(header, "none", claims))
}

fn message(mut header: Members, algorithm: &str, claims: &Value) -> String {
    header.insert("alg".to_owned(), json!(algorithm));
    let part = |value: &Value| encode(value.to_string().as_bytes());
    format!("{}.{}", part(&Value::Object(header)), part(claims))
}

pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `at_hash` (OpenID Connect Core section 3.1.3.6): the left half of the digest.
pub(super) fn half_hash(token: &str) -> String {
    let hash = digest(token.as_bytes());
    encode(hash.get(..16).unwrap_or_default())
}
