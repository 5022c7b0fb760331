//! The fields of drafts: a check each, whose problem names the field.
//!
//! Doesn't know how fields depend on each other; the drafts do.

use std::net::IpAddr;

use url::{Host, Url};

use super::draft::Audience;
use super::scope::SIGN_IN_SCOPES;
use super::{RedirectUri, Scopes};
use crate::access::Permission;
use crate::kit::FieldProblem;
use crate::web::{Forbidden, Loopback};

pub(super) fn checked_uris(
    field: &str,
    texts: &[String],
    problems: &mut Vec<FieldProblem>,
) -> Vec<RedirectUri> {
    if texts.len() > 50 {
        problems.push(FieldProblem::new(field, "too_many", "Use at most 50."));
    }
    let mut uris = Vec::new();
    for (at, text) in texts.iter().take(50).enumerate() {
        match RedirectUri::parse(text) {
            Ok(uri) => uris.push(uri),
            Err(bad) => problems.push(FieldProblem::new(
                format!("{field}/{at}"),
                "bad_redirect_uri",
                bad.to_string(),
            )),
        }
    }
    uris
}

pub(super) fn checked_scopes(
    text: &str,
    audience: Audience,
    problems: &mut Vec<FieldProblem>,
) -> Scopes {
    let scopes: Scopes = text.parse().unwrap_or_default();
    let known = |word: &str| match audience {
        Audience::RelyingParty => SIGN_IN_SCOPES.contains(&word),
        Audience::Api => word.parse::<Permission>().is_ok(),
    };
    if scopes.is_empty() || !scopes.iter().all(known) {
        let allowed: Vec<&str> = match audience {
            Audience::RelyingParty => SIGN_IN_SCOPES.to_vec(),
            Audience::Api => Permission::ALL.iter().map(|one| one.scope()).collect(),
        };
        let sentence = format!("Name one or more of: {}.", allowed.join(", "));
        problems.push(FieldProblem::new("scopes", "unknown_scope", sentence));
    }
    scopes
}

/// https, or http where it doesn't leave the machine (OpenID Connect Core section 4, R132).
pub(super) fn checked_url(
    field: &str,
    text: Option<&str>,
    problems: &mut Vec<FieldProblem>,
) -> Option<Url> {
    let text = text?;
    let uri = RedirectUri::parse(text)
        .ok()
        .filter(|uri| !uri.is_private_use());
    let url = uri.and_then(|uri| Url::parse(uri.as_str()).ok());
    if url.is_none() {
        problems.push(FieldProblem::new(
            field,
            "bad_url",
            "Give an https address without a fragment; plain http is possible on localhost, 127.0.0.1 and [::1].",
        ));
    }
    url
}

/// The same for an address that we send to: what is in a private network is refused here, and what a name resolves to when
/// it is used.
pub(super) fn checked_target(
    field: &str,
    text: Option<&str>,
    problems: &mut Vec<FieldProblem>,
) -> Option<Url> {
    let url = checked_url(field, text, problems)?;
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        _ => None,
    };
    if address.is_some_and(|address| !Loopback::Allowed.admits(address)) {
        let sentence = Forbidden::Private.to_string();
        problems.push(FieldProblem::new(field, "private_address", sentence));
    }
    Some(url)
}

pub(super) fn checked_name(text: &str, problems: &mut Vec<FieldProblem>) -> String {
    let name = text.trim();
    if !(1..=80).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        let sentence = "Give a name of 1 to 80 characters on one line.";
        problems.push(FieldProblem::new("name", "bad_name", sentence));
    }
    name.to_owned()
}

pub(super) fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}
