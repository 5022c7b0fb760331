//! When a logout token is believed (OpenID Connect Back-Channel Logout 1.0, section 2.6): what holds for ID tokens, and more.
//!
//! Ends nothing, and doesn't know which tokens have come before.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::AccountKey;
use super::connector::Claims;
use super::token::{Doubt, Terms, is_for, is_from, is_of_now, no, signed, skew, text};
use crate::keys::Unbelieved;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// A provider that tries again sends a new token, so that an old one is somebody else's.
const OLDEST: TimeDelta = TimeDelta::minutes(10);

/// Whose session has ended.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) account: Option<AccountKey>,
    pub(super) sid: Option<String>,
    pub(super) jti: String,
    /// The token is too old from then on.
    pub(super) until: DateTime<Utc>,
}

/// The list. Whether the token comes for the first time is for the caller to see.
pub(super) fn believe(token: &str, terms: &Terms<'_>) -> Result<Said, Doubt> {
    let token = read(token)?;
    let issuer = signed(&token, terms)?;
    let claims = token.claims();
    is_from(&token, &issuer)?;
    is_for(claims, terms.client_id)?;
    is_of_now(&token, terms)?;
    let until = is_new(&token, terms)?;
    is_about_a_logout(claims)?;
    let jti = text(claims, "jti").filter(|jti| (1..=500).contains(&jti.len()));
    let account = text(claims, "sub").map(|_| {
        let account = terms.connector.account(&issuer, claims, &Claims::new());
        account.map(|account| account.key)
    });
    let sid = text(claims, "sid").map(str::to_owned);
    let account = account.transpose();
    let account = account.or_else(|denied| sid.is_some().then_some(None).ok_or(denied));
    let account = account.map_err(|_| no("the logout token names nobody"))?;
    if account.is_none() && sid.is_none() {
        return Err(no("the logout token names nobody"));
    }
    Ok(Said {
        account,
        sid,
        jti: jti.ok_or(no("the logout token has no name"))?.to_owned(),
        until,
    })
}

/// The type is recommended only (section 2.4), and what a logout token says, no ID token says; but other kinds of tokens are
/// none (RFC 8725 section 3.11).
fn read(token: &str) -> Result<Unbelieved<'_>, Doubt> {
    let token = Unbelieved::read(token).map_err(|_| no("the logout token can't be read"))?;
    let known = ["logout+jwt", "application/logout+jwt", "JWT"];
    match token.typ() {
        Some(typ) if !known.iter().any(|one| typ.eq_ignore_ascii_case(one)) => {
            Err(no("the token is no logout token"))
        }
        _ => Ok(token),
    }
}

fn is_new(token: &Unbelieved<'_>, terms: &Terms<'_>) -> Result<DateTime<Utc>, Doubt> {
    let issued = token.date("iat").ok().flatten();
    let issued = issued.ok_or(no("the logout token has no beginning"))?;
    let until = issued + OLDEST + skew(terms.connector);
    if until <= terms.now {
        return Err(no("the logout token is too old"));
    }
    Ok(until)
}

fn is_about_a_logout(claims: &Claims) -> Result<(), Doubt> {
    let events = claims.get("events").and_then(Value::as_object);
    let event = events.and_then(|events| events.get(EVENT));
    if !event.is_some_and(Value::is_object) {
        return Err(no("the token is not about a logout"));
    }
    if claims.contains_key("nonce") {
        return Err(no("a logout token has no nonce"));
    }
    Ok(())
}
