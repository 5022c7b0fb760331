//! E-mail addresses: syntax checked once, compared without case.

use std::fmt;
use std::str::FromStr;

/// An address as typed, with the normalised form that it is compared and stored by (R33, R139).
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    typed: String,
    key: String,
    at: usize,
}

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is not an e-mail address. Write it like name@company.example.")]
pub struct NotAnEmailAddress;

impl EmailAddress {
    /// As the person wrote it, without surrounding spaces.
    #[must_use]
    pub fn as_typed(&self) -> &str {
        &self.typed
    }

    /// Lower case, the domain in its ASCII form.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The domain of the normalised form.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.key.get(self.at + 1..).unwrap_or_default()
    }

    /// `g•••@harborline.example`: enough for the owner to recognise, too little for a stranger.
    #[must_use]
    pub fn masked(&self) -> String {
        let first = self.typed.chars().next().unwrap_or('•');
        format!("{first}•••@{}", self.domain())
    }
}

impl FromStr for EmailAddress {
    type Err = NotAnEmailAddress;

    /// Follows RFC 5321 section 4.1.2 without quoted local parts and address literals, both of which nobody types by intent.
    fn from_str(text: &str) -> Result<Self, NotAnEmailAddress> {
        let typed = text.trim();
        if typed.len() > 254 {
            return Err(NotAnEmailAddress);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(NotAnEmailAddress)?;
        let atoms = local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character));
        if local.len() > 64 || !atoms {
            return Err(NotAnEmailAddress);
        }
        let Ok(url::Host::Domain(domain)) = url::Host::parse(domain) else {
            return Err(NotAnEmailAddress);
        };
        let labels = domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
        if !domain.contains('.') || !labels {
            return Err(NotAnEmailAddress);
        }
        let key = format!("{}@{domain}", local.to_lowercase());
        let at = key.len() - domain.len() - 1;
        Ok(Self {
            typed: typed.to_owned(),
            key,
            at,
        })
    }
}

/// RFC 5322 section 3.2.3 `atext`, and letters beyond ASCII (RFC 6531).
fn is_atom_character(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

impl TryFrom<String> for EmailAddress {
    type Error = NotAnEmailAddress;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.as_typed().to_owned()
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for EmailAddress {}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn r33_r139_addresses_are_compared_without_case() {
        let one: EmailAddress = " Grace.Hopper@Harborline.Example ".parse().unwrap();
        let other: EmailAddress = "grace.hopper@harborline.example".parse().unwrap();
        assert_eq!(one, other);
        assert_eq!(one.as_typed(), "Grace.Hopper@Harborline.Example");
        assert_eq!(one.masked(), "G•••@harborline.example");
        let umlaut: EmailAddress = "info@müller.example".parse().unwrap();
        assert_eq!(umlaut.key(), "info@xn--mller-kva.example");
    }

    #[test]
    fn r33_what_is_no_address_is_refused() {
        for text in [
            "",
            "ann",
            "ann@",
            "@b.example",
            "a b@c.example",
            "a..b@c.example",
            ".a@c.example",
            "a@b",
            "a@[::1]",
            "a@127.0.0.1",
            "a@b..example",
            "a@-b.example",
            "a\0@b.example",
            "a@b.example\r\nBcc: c@d.example",
            "\"a b\"@c.example",
            "a@b@c.example",
        ] {
            assert_eq!(
                text.parse::<EmailAddress>().err(),
                Some(NotAnEmailAddress),
                "{text}"
            );
        }
        let long = format!("{}@b.example", "a".repeat(10_000_000));
        assert!(long.parse::<EmailAddress>().is_err());
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "[a-zA-Z.+]{1,20}@[a-zA-Zü-]{1,20}\\.example") {
            if let Ok(address) = text.parse::<EmailAddress>() {
                let again: EmailAddress = address.key().parse().unwrap();
                prop_assert_eq!(again.key(), address.key());
            }
        }
    }
}
