//! What can go wrong on the way to a provider and back, and what it means.
//!
//! Shows nothing and records nothing; the texts of others end here, but for a code that support can look up.

use http::StatusCode;

use super::connector::{Connector, Denied, Meaning, UpstreamError};
use crate::web::Unanswered;

/// Why nobody came back, or nobody who is believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The provider said so, or its silence did.
    #[error("{meaning:?}: {why}")]
    Meant {
        meaning: Meaning,
        /// The provider's code, for support: `access_denied`, `AADSTS50105`.
        code: Option<String>,
        /// For the log; holds nothing that a provider wrote.
        why: &'static str,
    },
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A new sign-in was asked for, and the provider doesn't show that there was one.
    #[error("the provider doesn't show when the person signed in")]
    NotFresh,
    /// The account here may not be used any more.
    #[error("the account here is disabled")]
    ShutOut,
    /// The person wants to connect it, and it is somebody else's way in here.
    #[error("the account signs in another person of this store")]
    OtherOwner,
    /// The way leads round in circles.
    #[error("this browser was sent away too often without coming back")]
    Circles,
}

impl Trouble {
    pub(super) const fn unbelievable(why: &'static str) -> Self {
        Self::Denied(Denied::Unbelievable(why))
    }

    pub(super) const fn unavailable(why: &'static str) -> Self {
        Self::of(Meaning::Unavailable, why)
    }

    pub(super) const fn misconfigured(why: &'static str) -> Self {
        Self::of(Meaning::Misconfigured, why)
    }

    pub(super) const fn of(meaning: Meaning, why: &'static str) -> Self {
        Self::Meant {
            meaning,
            code: None,
            why,
        }
    }

    /// An error as the provider reported it.
    pub(super) fn reported(connector: &dyn Connector, error: &UpstreamError) -> Self {
        Self::Meant {
            meaning: connector.meaning(error),
            code: code_of(error),
            why: "the provider reported an error",
        }
    }

    pub(super) fn unanswered(unanswered: &Unanswered) -> Self {
        match unanswered {
            Unanswered::Forbidden(_) => Self::misconfigured("an address that nothing is sent to"),
            Unanswered::Failed(_) => Self::unavailable("no answer"),
        }
    }

    /// Stable, for programs and for choosing the words.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Meant { meaning, .. } => match meaning {
                Meaning::Cancelled => "cancelled",
                Meaning::ConsentNeeded => "consent_needed",
                Meaning::WrongAccount => "wrong_account",
                Meaning::WrongCloud => "wrong_cloud",
                Meaning::Blocked => "blocked",
                Meaning::InteractionNeeded => "interaction_needed",
                Meaning::StartAgain => "start_again",
                Meaning::Misconfigured => "misconfigured",
                Meaning::Unavailable => "unavailable",
            },
            Self::Denied(denied) => match denied {
                Denied::Unbelievable(_) => "unbelievable",
                Denied::Personal => "personal",
                Denied::Organization => "organization",
                Denied::Guest => "guest",
                Denied::Inactive => "inactive",
            },
            Self::NotFresh => "not_fresh",
            Self::ShutOut => "shut_out",
            Self::OtherOwner => "other_owner",
            Self::Circles => "circles",
        }
    }

    /// The provider's code, for support.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Meant { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// Whether only those who run this installation, or the provider, can mend it.
    #[must_use]
    pub const fn is_for_operators(&self) -> bool {
        matches!(
            self,
            Self::Denied(Denied::Unbelievable(_))
                | Self::Circles
                | Self::Meant {
                    meaning: Meaning::Misconfigured,
                    ..
                }
        )
    }
}

/// What support can look up: an error code, or Microsoft's number. Nothing else of the provider's text goes on.
fn code_of(error: &UpstreamError) -> Option<String> {
    if let Some(number) = error.codes.first() {
        return Some(format!("AADSTS{number}"));
    }
    let code = &error.error;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    ((1..=64).contains(&code.len()) && code.bytes().all(plain)).then(|| code.clone())
}

/// What an answer that isn't a success says: by its status first, since its body may be anything (HTML, text, an array, nested).
pub(super) fn refused(connector: &dyn Connector, status: StatusCode, body: &[u8]) -> Trouble {
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Trouble::unavailable("the provider can't answer now");
    }
    if status.is_redirection() {
        return Trouble::misconfigured("the endpoint leads somewhere else");
    }
    if status == StatusCode::NOT_FOUND {
        // An address that is wrong, or one that our scopes don't open.
        return Trouble::misconfigured("the endpoint is not there for us");
    }
    let error = UpstreamError::from_body(body);
    if error.error.is_empty() && error.codes.is_empty() {
        return Trouble::misconfigured("the provider refused without saying why");
    }
    Trouble::reported(connector, &error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A12, H: of an error, only a code goes on.
    #[test]
    fn only_a_code_goes_on() {
        let code = |body: serde_json::Value| code_of(&UpstreamError::from_json(&body));
        let entra = json!({"error": "invalid_grant", "error_description": "AADSTS70008: The code\r\nis old."});
        assert_eq!(code(entra).as_deref(), Some("AADSTS70008"));
        assert_eq!(
            code(json!({"error": "access_denied"})).as_deref(),
            Some("access_denied")
        );
        assert_eq!(code(json!({"error": "<script>alert(1)</script>"})), None);
        assert_eq!(code(json!({"error": "x".repeat(65)})), None);
        assert_eq!(code(json!({"error_description": "text"})), None);
    }
}
