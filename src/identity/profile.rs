//! The standard claims about a person (OpenID Connect Core 1.0 section 5.1), each with its own rule.
//!
//! `email` is not among the fields: an address is an identifier, or a contact that was proven.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::identifier;
use super::text::{Lines, Refusal, check};
use crate::kit::{EmailAddress, FieldProblem};

/// What is known about a person beside identifiers and custom attributes. Nested claims are written `address.locality`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(BTreeMap<String, String>);

/// A standard claim that a profile can hold, with the most characters it may have and its rule.
struct Field(&'static str, usize, Rule);

#[derive(Clone, Copy)]
enum Rule {
    Line,
    Lines,
    Url,
    Birthdate,
    Zone,
    Locale,
    Phone,
}

const FIELDS: [Field; 20] = [
    Field("given_name", 100, Rule::Line),
    Field("family_name", 100, Rule::Line),
    Field("middle_name", 100, Rule::Line),
    Field("nickname", 100, Rule::Line),
    Field("preferred_username", 100, Rule::Line),
    Field("name", 200, Rule::Line),
    Field("profile", 500, Rule::Url),
    Field("picture", 500, Rule::Url),
    Field("website", 500, Rule::Url),
    Field("gender", 40, Rule::Line),
    Field("birthdate", 10, Rule::Birthdate),
    Field("zoneinfo", 64, Rule::Zone),
    Field("locale", 35, Rule::Locale),
    Field("phone_number", 40, Rule::Phone),
    Field("address.formatted", 500, Rule::Lines),
    Field("address.street_address", 200, Rule::Lines),
    Field("address.locality", 100, Rule::Line),
    Field("address.region", 100, Rule::Line),
    Field("address.postal_code", 20, Rule::Line),
    Field("address.country", 100, Rule::Line),
];

/// The names of all fields that a profile can hold, in the order in which forms show them.
pub fn standard_fields() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.0)
}

const CONTACT: &str = "email";

impl Profile {
    /// Reads fields as somebody wrote them. Empty ones are left out; all problems are reported together.
    pub fn parse(fields: BTreeMap<String, String>) -> Result<Self, Vec<FieldProblem>> {
        let mut kept = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, text) in fields {
            match parse_field(&name, &text) {
                Ok(value) if value.is_empty() => {}
                Ok(value) => {
                    kept.insert(name, value);
                }
                Err((code, sentence)) => problems.push(FieldProblem::new(name, code, sentence)),
            }
        }
        if problems.is_empty() {
            Ok(Self(kept))
        } else {
            Err(problems)
        }
    }

    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0
            .get(field)
            .map(String::as_str)
            .filter(|_| field != CONTACT)
    }

    /// All fields that have a value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.0.iter().filter(|(name, _)| *name != CONTACT);
        fields.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// These fields, and those of `other` that are missing here.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        for (name, value) in &other.0 {
            self.0.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    /// Where letters go when the store doesn't identify people by address (R35).
    #[must_use]
    pub fn contact(&self) -> Option<&str> {
        self.0.get(CONTACT).map(String::as_str)
    }

    /// Keeps an address that the person has proven, where it can't be an identifier (R35).
    #[must_use]
    pub fn with_contact(mut self, proven: &EmailAddress) -> Self {
        self.0
            .insert(CONTACT.to_owned(), proven.as_typed().to_owned());
        self
    }

    pub(super) fn keeping_contact_of(mut self, before: &Self) -> Self {
        if let Some(contact) = before.contact() {
            self.0.insert(CONTACT.to_owned(), contact.to_owned());
        }
        self
    }

    /// The full name, or what comes nearest to one.
    #[must_use]
    pub fn display_name(&self) -> Option<String> {
        let parts = || {
            let parts = [self.get("given_name"), self.get("family_name")];
            let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
            (!name.is_empty()).then_some(name)
        };
        let one = |field| self.get(field).map(str::to_owned);
        one("name")
            .or_else(parts)
            .or_else(|| one("nickname"))
            .or_else(|| one("preferred_username"))
    }

    /// The fields as claims: `address` is an object (OpenID Connect Core 1.0 section 5.1.1).
    #[must_use]
    pub fn claims(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut address = Map::new();
        for (name, value) in self.iter() {
            match name.strip_prefix("address.") {
                Some(part) => address.insert(part.to_owned(), value.into()),
                None => claims.insert(name.to_owned(), value.into()),
            };
        }
        if !address.is_empty() {
            claims.insert("address".to_owned(), address.into());
        }
        claims
    }
}

fn parse_field(name: &str, text: &str) -> Result<String, Refusal> {
    let Some(Field(_, limit, rule)) = FIELDS.iter().find(|field| field.0 == name) else {
        return Err(("unknown_field", "There is no such field.".to_owned()));
    };
    let text = text.trim();
    let lines = if matches!(rule, Rule::Lines) {
        Lines::Many
    } else {
        Lines::One
    };
    check(text, *limit, lines)?;
    if text.is_empty() {
        return Ok(String::new());
    }
    match rule {
        Rule::Line => Ok(text.to_owned()),
        Rule::Lines => Ok(text.replace("\r\n", "\n").replace('\r', "\n")),
        Rule::Url => url(text),
        Rule::Birthdate => birthdate(text),
        Rule::Zone => shaped(text, is_zone, "Write a time zone like Europe/Berlin."),
        Rule::Locale => shaped(text, is_locale, "Write a language like en or pt-BR."),
        Rule::Phone => identifier::phone(text).ok_or_else(|| {
            let sentence = "Write the number with its country code, like +44 20 7946 0018.";
            ("malformed", sentence.to_owned())
        }),
    }
}

fn shaped(text: &str, is: fn(&str) -> bool, sentence: &str) -> Result<String, Refusal> {
    let right = is(text).then(|| text.to_owned());
    right.ok_or_else(|| ("malformed", sentence.to_owned()))
}

/// Only what a browser fetches: a `javascript:` address in a profile would run in somebody else's page.
fn url(text: &str) -> Result<String, Refusal> {
    let parsed = url::Url::parse(text).ok();
    let right = parsed.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    right.map(String::from).ok_or_else(|| {
        let sentence = "Write a web address like https://company.example/page.";
        ("malformed", sentence.to_owned())
    })
}

/// `YYYY-MM-DD`, `0000-MM-DD` for a birthday without its year, or `YYYY` alone.
fn birthdate(text: &str) -> Result<String, Refusal> {
    let year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let right = year || is_date(text);
    let sentence = "Write a date like 1990-12-31.";
    right
        .then(|| text.to_owned())
        .ok_or_else(|| ("malformed", sentence.to_owned()))
}

/// A day of the calendar, written `YYYY-MM-DD`.
pub(super) fn is_date(text: &str) -> bool {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| {
            if at == 4 || at == 7 {
                byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        });
    shape && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// The shape of a name in the IANA time zone database.
fn is_zone(text: &str) -> bool {
    text.split('/').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    })
}

/// The shape of a language tag (RFC 5646 section 2.1); an underscore instead of the hyphen is common (OpenID Connect Core 5.1).
fn is_locale(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let language = parts.next().is_some_and(|part| {
        (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    language
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(fields: &[(&str, &str)]) -> Result<Profile, Vec<FieldProblem>> {
        let owned = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Profile::parse(owned.collect())
    }

    #[test]
    fn good_values_are_kept_and_normalised() {
        let profile = parse(&[
            ("given_name", "  Grace "),
            ("family_name", "Hopper"),
            ("nickname", "   "),
            ("birthdate", "0000-12-09"),
            ("zoneinfo", "America/Argentina/Buenos_Aires"),
            ("locale", "pt-BR"),
            ("website", "https://harborline.example"),
            ("phone_number", "+1 (202) 555-0143"),
            ("address.street_address", "1 Main Street\r\nFloor 2"),
            ("address.country", "US"),
        ])
        .unwrap();
        assert_eq!(profile.get("given_name"), Some("Grace"));
        assert_eq!(profile.get("nickname"), None);
        assert_eq!(profile.get("phone_number"), Some("+12025550143"));
        assert_eq!(profile.display_name().as_deref(), Some("Grace Hopper"));
        let address = &profile.claims()["address"];
        assert_eq!(address["street_address"], "1 Main Street\nFloor 2");
    }

    #[test]
    fn every_problem_is_reported_at_its_field() {
        let problems = parse(&[
            ("given_name", &"x".repeat(10_000_000)),
            ("family_name", "a\0b"),
            ("birthdate", "2001-02-30"),
            ("picture", "javascript:alert(1)"),
            ("profile", "https://"),
            ("zoneinfo", "Europe/"),
            ("locale", "english please"),
            ("phone_number", "555"),
            ("email", "ann@example.com"),
            ("shoe_size", "44"),
        ])
        .unwrap_err();
        assert_eq!(problems.len(), 10);
    }

    /// R35: an address that can't identify is kept where letters find it, and no form sets it.
    #[test]
    fn r35_a_contact_is_no_field() {
        let address: EmailAddress = "ann@example.com".parse().unwrap();
        let profile = Profile::default().with_contact(&address);
        assert_eq!(profile.contact(), Some("ann@example.com"));
        assert!(profile.get("email").is_none() && profile.claims().is_empty());
    }

    proptest! {
        #[test]
        fn what_was_accepted_is_accepted_again_unchanged(at in 0..FIELDS.len(), text in "\\PC{0,60}|[0-9+-]{1,12}|https?://[a-z.]{1,20}") {
            let name = FIELDS[at].0;
            if let Ok(first) = parse(&[(name, &text)]) {
                let value = first.get(name).unwrap_or_default().to_owned();
                prop_assert_eq!(parse(&[(name, &value)]).unwrap(), first);
            }
        }
    }
}
