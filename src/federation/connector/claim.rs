//! Reading claims without believing their shape: whatever has another type than expected isn't there.
//!
//! Knows no provider.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Claims;
use crate::identity::{Profile, standard_fields};
use crate::kit::EmailAddress;

/// More than any honest subject, name or address has.
const LONGEST: usize = 500;

/// A claim that is a text with something in it, on one line.
pub(super) fn text<'c>(claims: &'c Claims, name: &str) -> Option<&'c str> {
    let text = claims.get(name)?.as_str()?.trim();
    let readable = !text.is_empty() && text.len() <= LONGEST && !text.contains(char::is_control);
    readable.then_some(text)
}

/// The first of these claims that is a text.
pub(super) fn first<'c>(claims: &'c Claims, names: &[&str]) -> Option<&'c str> {
    names.iter().find_map(|name| text(claims, name))
}

/// What a subject may look like: as it is, never trimmed, for two accounts may differ in a space.
pub(super) fn subject(value: &Value) -> Option<String> {
    let subject = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_u64() || number.is_i64() => number.to_string(),
        _ => return None,
    };
    let readable = !subject.trim().is_empty() && subject.len() <= LONGEST;
    (readable && !subject.contains(char::is_control)).then_some(subject)
}

pub(super) fn address(claims: &Claims) -> Option<EmailAddress> {
    text(claims, "email")?.parse().ok()
}

/// How a truth may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `true`.
    Standard,
    /// Also `"true"`.
    Strings,
    /// Also `1` and `"1"`.
    Numbers,
}

impl Spelling {
    /// Whether the claim says yes. Missing, `null` and everything unknown is no.
    pub(super) fn says_yes(self, claims: &Claims, name: &str) -> bool {
        match claims.get(name) {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::String(text)) => match self {
                Self::Standard => false,
                Self::Strings => text == "true",
                Self::Numbers => text == "true" || text == "1",
            },
            Some(Value::Number(number)) => self == Self::Numbers && number.as_u64() == Some(1),
            _ => false,
        }
    }
}

/// The standard claims (OpenID Connect Core 1.0 section 5.1) that a profile would take.
pub(super) fn profile(claims: &Claims) -> BTreeMap<String, String> {
    let found = standard_fields().filter_map(|field| {
        let value = match field.split_once('.') {
            Some((object, part)) => claims.get(object)?.get(part)?.as_str()?,
            None => claims.get(field)?.as_str()?,
        };
        Some((field.to_owned(), acceptable(field, value).ok()?))
    });
    found.collect()
}

/// The value as a profile keeps it, or why it wouldn't: a form shall not begin with an error.
pub(in crate::federation) fn acceptable(field: &str, value: &str) -> Result<String, String> {
    let one = BTreeMap::from([(field.to_owned(), value.to_owned())]);
    match Profile::parse(one) {
        Ok(profile) => {
            let kept = profile.get(field).map(str::to_owned);
            kept.ok_or_else(|| "The value is empty.".to_owned())
        }
        Err(problems) => Err(problems
            .into_iter()
            .next()
            .map_or_else(String::new, |problem| problem.sentence)),
    }
}

/// The names of a profile without what is only good at the provider.
pub(super) fn profile_of(claims: &Claims, names: &[&str]) -> BTreeMap<String, String> {
    let mut profile = profile(claims);
    profile.retain(|name, _| names.contains(&name.as_str()));
    profile
}
