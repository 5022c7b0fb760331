//! Scopes: a set of words in the order of their asking (RFC 6749 section 3.3).
//!
//! Which scopes exist and what they release is not decided here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of scope words; no word twice, the first order kept.
#[derive(Debug, Clone, Default)]
pub struct Scopes(Vec<String>);

/// The text is no list of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "Scopes are words of printable ASCII without quotes and backslashes, separated by one space."
)]
pub struct BadScope;

/// What an authorization request may ask for; anything else in it is passed over (OpenID Connect Core section 3.1.2.1).
pub const SIGN_IN_SCOPES: &[&str] = &[
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "groups",
    "offline_access",
];

impl Scopes {
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.0.iter().any(|own| own == word)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every word of this is in the other.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|word| other.contains(word))
    }

    /// The words that the other has too.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        self.filtered(|word| other.contains(word))
    }

    #[must_use]
    pub fn without(&self, word: &str) -> Self {
        self.filtered(|own| own != word)
    }

    /// Both together, this one's words first.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        self.iter().filter(|word| keep(word)).collect()
    }
}

impl<'a> FromIterator<&'a str> for Scopes {
    /// For words known to be scopes; foreign text goes through `parse`.
    fn from_iter<I: IntoIterator<Item = &'a str>>(words: I) -> Self {
        let mut own = Vec::<String>::new();
        for word in words {
            if !own.iter().any(|seen| seen == word) {
                own.push(word.to_owned());
            }
        }
        Self(own)
    }
}

impl FromStr for Scopes {
    type Err = BadScope;

    fn from_str(text: &str) -> Result<Self, BadScope> {
        let allowed = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if text.len() > 2000 || !text.bytes().all(|b| b == b' ' || allowed(b)) {
            return Err(BadScope);
        }
        Ok(text.split(' ').filter(|word| !word.is_empty()).collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// Sets: the order doesn't count.
impl PartialEq for Scopes {
    fn eq(&self, other: &Self) -> bool {
        self.is_within(other) && other.is_within(self)
    }
}
impl Eq for Scopes {}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_a_set_in_the_order_of_their_asking() {
        let scopes: Scopes = "openid  groups openid email".parse().unwrap();
        assert_eq!(scopes.to_string(), "openid groups email");
        assert_eq!(scopes, "email openid groups".parse().unwrap());
        assert_eq!(scopes.without("groups").to_string(), "openid email");
        for text in ["open\"id", "a\\b", "a\tb", "a\nb", "ü", "a\0"] {
            assert_eq!(text.parse::<Scopes>(), Err(BadScope), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_reads_back_as_the_same_set(text in "\\PC{0,60}") {
            if let Ok(scopes) = text.parse::<Scopes>() {
                prop_assert_eq!(scopes.to_string().parse::<Scopes>(), Ok(scopes));
            }
        }

        #[test]
        fn the_common_part_is_within_both(one in "[a-d ]{0,12}", other in "[a-d ]{0,12}") {
            let (one, other): (Scopes, Scopes) = (one.parse().unwrap(), other.parse().unwrap());
            let common = one.within(&other);
            prop_assert!(common.is_within(&one) && common.is_within(&other));
            prop_assert!(one.is_within(&one.and(&other)) && other.is_within(&one.and(&other)));
        }
    }
}
