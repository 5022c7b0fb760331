//! When an ID token is believed: one list of checks, in order (OpenID Connect Core 1.0 section 3.1.3.7).
//!
//! Sends nothing, and knows no provider but through its connector.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::Trouble;
use super::connector::{Claims, Connector};
use super::providers::Known;
use crate::keys::{BadToken, Unbelieved};
use crate::kit::same_secret;

/// What a token has to agree with.
pub(super) struct Terms<'a> {
    pub(super) connector: &'a dyn Connector,
    pub(super) known: &'a Known,
    pub(super) client_id: &'a str,
    /// `None`: no nonce was sent, or the provider is known to drop it.
    pub(super) nonce: Option<&'a str>,
    pub(super) access_token: &'a str,
    pub(super) freshness: Freshness,
    pub(super) now: DateTime<Utc>,
}

/// How new the sign-in at the provider has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    Any,
    /// Not earlier than this.
    Since(DateTime<Utc>),
}

/// A token that is believed.
pub(super) struct Believed {
    /// The token's own, and the one that this provider has for it.
    pub(super) issuer: String,
    pub(super) claims: Claims,
    pub(super) authenticated_at: Option<DateTime<Utc>>,
}

/// Why a token isn't believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// No key that is known has signed it: newer keys may say otherwise.
    UnknownKey,
    For(Trouble),
}

impl From<Trouble> for Doubt {
    fn from(trouble: Trouble) -> Self {
        Self::For(trouble)
    }
}

pub(super) const fn no(why: &'static str) -> Doubt {
    Doubt::For(Trouble::unbelievable(why))
}

/// The list.
pub(super) fn believe(token: &str, terms: &Terms<'_>) -> Result<Believed, Doubt> {
    let token = read(token)?;
    let issuer = signed(&token, terms)?;
    is_from(&token, &issuer)?;
    is_for(token.claims(), terms.client_id)?;
    is_of_now(&token, terms)?;
    answers(token.claims(), terms.nonce)?;
    names_somebody(token.claims())?;
    let authenticated_at = is_fresh(&token, terms)?;
    belongs_to(&token, terms.access_token)?;
    Ok(Believed {
        issuer,
        authenticated_at,
        claims: token.into_claims(),
    })
}

/// Size, shape, and that it is an ID token: other tokens that the provider signs say so in `typ` (RFC 8725 section 3.11).
fn read(token: &str) -> Result<Unbelieved<'_>, Doubt> {
    let token = Unbelieved::read(token).map_err(|_| no("the ID token can't be read"))?;
    match token.typ() {
        Some(typ) if !typ.eq_ignore_ascii_case("JWT") => Err(no("the token is no ID token")),
        _ => Ok(token),
    }
}

/// By an algorithm that the connection allows, which is never `none` and never symmetric, and a key that may sign for the one
/// issuer that these claims can come from.
pub(super) fn signed(token: &Unbelieved<'_>, terms: &Terms<'_>) -> Result<String, Doubt> {
    let allowed = terms.connector.quirks().algorithms;
    let algorithm = token.algorithm();
    let asymmetric = ["RS256", "PS256", "ES256", "EdDSA"].contains(&algorithm);
    if !asymmetric || !allowed.iter().any(|one| one == algorithm) {
        return Err(no("the ID token's algorithm is not allowed"));
    }
    let metadata = &terms.known.metadata;
    let issuer = terms
        .connector
        .issuer_of(&metadata.issuer, token.claims())
        .map_err(Trouble::from)?;
    let may_sign = |jwk: &Value| terms.connector.may_sign(jwk, &issuer, &metadata.document);
    match terms.known.keys.keys.check(token, may_sign) {
        Ok(()) => Ok(issuer),
        Err(BadToken::UnknownKey) => Err(Doubt::UnknownKey),
        Err(_) => Err(no("the ID token's signature doesn't fit")),
    }
}

pub(super) fn is_from(token: &Unbelieved<'_>, issuer: &str) -> Result<(), Doubt> {
    if text(token.claims(), "iss") == Some(issuer) {
        Ok(())
    } else {
        Err(no("the ID token is from another issuer"))
    }
}

pub(super) fn is_for(claims: &Claims, client_id: &str) -> Result<(), Doubt> {
    let (ours, several) = match claims.get("aud") {
        Some(Value::String(only)) => (only == client_id, false),
        Some(Value::Array(all)) => (
            all.iter().any(|one| one.as_str() == Some(client_id)),
            all.len() > 1,
        ),
        _ => (false, false),
    };
    if !ours {
        return Err(no("the ID token is for somebody else"));
    }
    match claims.get("azp") {
        Some(Value::String(party)) if party == client_id => Ok(()),
        None if !several => Ok(()),
        _ => Err(no("the ID token was issued to somebody else")),
    }
}

/// `exp`, `iat`, `nbf`, with patience for clocks that differ: at most five minutes.
pub(super) fn is_of_now(token: &Unbelieved<'_>, terms: &Terms<'_>) -> Result<(), Doubt> {
    let (now, skew) = (terms.now, skew(terms.connector));
    let date = |name| {
        let date = token.date(name);
        date.map_err(|_| no("a date of the ID token can't be read"))
    };
    let expires = date("exp")?.ok_or(no("the ID token has no end"))?;
    if expires + skew <= now {
        return Err(no("the ID token has expired"));
    }
    let issued = date("iat")?.ok_or(no("the ID token has no beginning"))?;
    if issued > now + skew || date("nbf")?.is_some_and(|from| from > now + skew) {
        return Err(no("the ID token is from the future"));
    }
    Ok(())
}

fn answers(claims: &Claims, nonce: Option<&str>) -> Result<(), Doubt> {
    let Some(sent) = nonce else {
        return Ok(());
    };
    let back = text(claims, "nonce").unwrap_or_default();
    if same_secret(sent.as_bytes(), back.as_bytes()) {
        Ok(())
    } else {
        Err(no("the ID token answers another request"))
    }
}

fn names_somebody(claims: &Claims) -> Result<(), Doubt> {
    match text(claims, "sub") {
        Some(subject) if (1..=500).contains(&subject.len()) => Ok(()),
        _ => Err(no("the ID token names nobody")),
    }
}

/// Whether the person has signed in when they should have; and when that was.
fn is_fresh(token: &Unbelieved<'_>, terms: &Terms<'_>) -> Result<Option<DateTime<Utc>>, Doubt> {
    let at = token.date("auth_time");
    let at = at.map_err(|_| no("auth_time can't be read"))?;
    let Freshness::Since(since) = terms.freshness else {
        return Ok(at.map(|at| at.min(terms.now)));
    };
    match at {
        Some(at) if at + skew(terms.connector) >= since => Ok(Some(at.min(terms.now))),
        _ => Err(Doubt::For(Trouble::NotFresh)),
    }
}

/// `at_hash`, where there is one, is the half of a digest of the access token.
fn belongs_to(token: &Unbelieved<'_>, access_token: &str) -> Result<(), Doubt> {
    let Some(hash) = token.claims().get("at_hash") else {
        return Ok(());
    };
    // RFC 8037 leaves it open; for Ed25519 providers take SHA-512.
    let algorithm = match token.algorithm() {
        "EdDSA" => &digest::SHA512,
        _ => &digest::SHA256,
    };
    let whole = digest::digest(algorithm, access_token.as_bytes());
    let half: Vec<u8> = whole
        .as_ref()
        .iter()
        .take(whole.as_ref().len() / 2)
        .copied()
        .collect();
    if hash.as_str() == Some(URL_SAFE_NO_PAD.encode(half).as_str()) {
        Ok(())
    } else {
        Err(no("the ID token belongs to another access token"))
    }
}

pub(super) fn skew(connector: &dyn Connector) -> TimeDelta {
    TimeDelta::seconds(connector.quirks().clock_skew_seconds.min(300).into())
}

pub(super) fn text<'c>(claims: &'c Claims, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str)
}
