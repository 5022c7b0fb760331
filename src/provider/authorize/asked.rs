//! What an authorization request says, before anybody judges it: which parameters it has, and which of them twice.
//!
//! Knows the names of the parameters, not their meaning.

use crate::web::BadInput;
use crate::web::extract::decode_pairs;

/// Everything else in a request is passed over (RFC 6749 section 3.1).
const KNOWN: [&str; 22] = [
    "acr_values",
    "claims",
    "claims_locales",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "display",
    "id_token_hint",
    "invitation",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "registration",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];
/// Of our own making, in flows only: whom the `id_token_hint` was about.
pub(super) const HINTED_SUBJECT: &str = "#hinted_subject";

/// The known parameters of a request, in their order. An empty one is an absent one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked(Vec<(String, String)>);

impl Asked {
    /// Reads a query or a form body.
    pub(super) fn parse(encoded: &[u8]) -> Result<Self, BadInput> {
        let mut pairs = decode_pairs(encoded)?;
        pairs.retain(|(name, value)| KNOWN.contains(&name.as_str()) && !value.is_empty());
        Ok(Self(pairs))
    }

    /// Of a flow: what `kept` made.
    pub(super) fn of_flow(parameters: &[(String, String)]) -> Self {
        Self(parameters.to_vec())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value, unless it stands there twice: then nobody knows which one counts.
    pub(super) fn only(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|_| !self.is_repeated(name))
    }

    pub(super) fn is_repeated(&self, name: &str) -> bool {
        self.0.iter().filter(|(known, _)| known == name).count() > 1
    }

    pub(super) fn first_repeated(&self) -> Option<&str> {
        let mut names = self.0.iter().map(|(name, _)| name.as_str());
        names.find(|name| self.is_repeated(name))
    }

    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// What a flow has to remember: the invitation has a place of its own there, and of the hint only the person counts.
    pub(super) fn kept(&self, hinted: Option<&str>) -> Vec<(String, String)> {
        let gone = ["id_token_hint", "invitation", "login_hint", "ui_locales"];
        let mut kept = self.0.clone();
        kept.retain(|(name, _)| !gone.contains(&name.as_str()));
        kept.extend(hinted.map(|subject| (HINTED_SUBJECT.to_owned(), subject.to_owned())));
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// CORE-07, OA-11: unknown is ignored, empty is absent, twice is noticed.
    #[test]
    fn parameters_are_known_single_and_not_empty() {
        let asked =
            Asked::parse(b"scope=openid&foo=1&foo=2&state=&nonce=%C3%BC+&scope=email").unwrap();
        assert_eq!(asked.get("foo"), None);
        assert_eq!(asked.get("state"), None);
        assert_eq!(asked.get("nonce"), Some("ü "));
        assert_eq!(
            (asked.only("scope"), asked.first_repeated()),
            (None, Some("scope"))
        );
        assert_eq!(
            Asked::parse(b"state=&state=a").unwrap().only("state"),
            Some("a")
        );
        assert!(Asked::parse(b"state=%ff").is_err() && Asked::parse(b"state=%00").is_err());
    }

    #[test]
    fn a_request_can_not_say_whom_a_hint_was_about() {
        let asked = Asked::parse(b"%23hinted_subject=idn_1&state=a&id_token_hint=x").unwrap();
        assert_eq!(asked.kept(None), [("state".to_owned(), "a".to_owned())]);
        let kept = asked.kept(Some("idn_2"));
        assert_eq!(Asked::of_flow(&kept).get(HINTED_SUBJECT), Some("idn_2"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Ok(asked) = Asked::parse(&bytes) {
                prop_assert!(asked.pairs().iter().all(|(name, value)| KNOWN.contains(&name.as_str()) && !value.is_empty()));
            }
        }
    }
}
