//! What a person types to sign in: normalised once, compared without case (R33–R35, R139).

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::IdentityStore;
use crate::kit::EmailAddress;

/// The ways in which a store can tell people apart.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum IdentifierKind {
    Email,
    Username,
    Phone,
}

impl IdentifierKind {
    pub const ALL: [Self; 3] = [Self::Email, Self::Username, Self::Phone];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Username => "USERNAME",
            Self::Phone => "PHONE",
        }
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The form in which a value of this kind is stored and compared.
    pub fn normalise(self, typed: &str) -> Result<String, NotAnIdentifier> {
        let key = match self {
            Self::Email => typed
                .parse()
                .ok()
                .map(|it: EmailAddress| it.key().to_owned()),
            Self::Username => username(typed),
            Self::Phone => phone(typed),
        };
        key.ok_or(NotAnIdentifier(self))
    }
}

impl fmt::Display for IdentifierKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text can't identify anybody in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct NotAnIdentifier(pub IdentifierKind);

impl fmt::Display for NotAnIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            IdentifierKind::Email => "This is not an e-mail address. Write it like name@company.example.",
            IdentifierKind::Username => {
                "A user name has 3 to 64 letters (a to z), digits, dots, hyphens and underscores, and begins with a letter or digit."
            }
            IdentifierKind::Phone => {
                "This is not a telephone number. Write it with the country code, like +44 20 7946 0018."
            }
        })
    }
}

/// ASCII only: letters of other scripts that look the same would let one person pose as another.
fn username(typed: &str) -> Option<String> {
    let name = typed.trim().to_ascii_lowercase();
    let shape = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let begins = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    (shape && begins && (3..=64).contains(&name.len())).then_some(name)
}

/// ITU-T E.164 with its plus sign; the usual separators are dropped. `00` is no plus sign: a user name may begin with it.
pub(super) fn phone(typed: &str) -> Option<String> {
    let rest = typed.trim().strip_prefix('+')?;
    if rest.len() > 40 || rest.contains(|c: char| !c.is_ascii_digit() && !" -./()".contains(c)) {
        return None;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let national = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
    national.then(|| format!("+{digits}"))
}

/// One identifier of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    pub kind: IdentifierKind,
    /// As typed.
    pub value: String,
    /// As compared.
    pub key: String,
    /// When the person has proven that it is theirs.
    pub verified_at: Option<DateTime<Utc>>,
}

/// An identifier that a person is going to get. It exists only if it is well-formed.
#[derive(Debug, Clone)]
pub struct NewIdentifier {
    pub(super) kind: IdentifierKind,
    pub(super) value: String,
    pub(super) key: String,
    pub(super) proof: Proof,
}

/// Whether somebody has shown that an identifier is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By a link or a code that was sent to it.
    Given,
    Missing,
}

impl NewIdentifier {
    #[must_use]
    pub const fn kind(&self) -> IdentifierKind {
        self.kind
    }

    /// As typed.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    pub fn parse(kind: IdentifierKind, typed: &str, proof: Proof) -> Result<Self, NotAnIdentifier> {
        let key = kind.normalise(typed)?;
        let value = typed.trim().to_owned();
        Ok(Self {
            kind,
            value,
            key,
            proof,
        })
    }

    #[must_use]
    pub fn email(address: &EmailAddress, proof: Proof) -> Self {
        Self {
            kind: IdentifierKind::Email,
            value: address.as_typed().to_owned(),
            key: address.key().to_owned(),
            proof,
        }
    }
}

/// Which identifier a person means who typed this into the one field of the sign-in page. The shapes of the kinds exclude
/// each other: an address has an `@`, a number a `+` in front, a user name neither.
#[must_use]
pub fn recognise(typed: &str) -> Option<(IdentifierKind, String)> {
    if typed.len() > 400 {
        return None;
    }
    let mut kinds = IdentifierKind::ALL.into_iter();
    kinds.find_map(|kind| Some((kind, kind.normalise(typed).ok()?)))
}

impl IdentityStore {
    /// Which identifier of this store a person means who typed this.
    #[must_use]
    pub fn recognise(&self, typed: &str) -> Option<(IdentifierKind, String)> {
        recognise(typed).filter(|(kind, _)| self.supports(*kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R139: an identifier is normalised once.
    #[test]
    fn r139_identifiers_are_compared_without_case_and_separators() {
        use IdentifierKind::{Email, Phone, Username};
        for (kind, typed, key) in [
            (Email, " Ann@Example.COM ", "ann@example.com"),
            (Username, " Ann.Lee_7 ", "ann.lee_7"),
            (Phone, "+44 (20) 7946-0018", "+442079460018"),
        ] {
            assert_eq!(kind.normalise(typed), Ok(key.to_owned()));
        }
        for (kind, typed) in [
            (Email, "ann"),
            (Username, "an"),
            (Username, "ann@example.com"),
            (Username, "_ann"),
            (Username, "аnn"), // a Cyrillic а
            (Phone, "020 7946 0018"),
            (Phone, "0044 20 7946 0018"),
            (Phone, "+0123456789"),
            (Phone, "+44 20 7946 00181234567"),
        ] {
            assert_eq!(kind.normalise(typed), Err(NotAnIdentifier(kind)), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "[+0]{0,1}[a-zA-Z0-9 .@_-]{0,30}") {
            for kind in IdentifierKind::ALL {
                if let Ok(key) = kind.normalise(&text) {
                    prop_assert_eq!(kind.normalise(&key), Ok(key.clone()));
                }
            }
        }

        #[test]
        fn whatever_is_typed_is_of_one_kind_at_most(text in ".{0,40}") {
            let kinds = IdentifierKind::ALL.iter().filter(|kind| kind.normalise(&text).is_ok());
            prop_assert!(kinds.count() <= 1);
        }
    }
}
