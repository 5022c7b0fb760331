//! What didn't work, and what to do next.
//!
//! `respond` decides which of these a failure becomes.

use serde::Serialize;

use crate::web::Page;

/// What kind of failure a page explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The request can't be done as it was made.
    Refused,
    /// For a moment.
    Unavailable,
    /// On our side.
    Internal,
}

/// What happened, that nothing was lost, and the request id for support.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorPage {
    pub trouble: Trouble,
    pub code: String,
    pub sentence: String,
}

impl ErrorPage {
    #[must_use]
    pub fn refused(code: &str, sentence: &str) -> Self {
        Self {
            trouble: Trouble::Refused,
            code: code.to_owned(),
            sentence: sentence.to_owned(),
        }
    }

    #[must_use]
    pub fn unavailable() -> Self {
        Self {
            trouble: Trouble::Unavailable,
            ..Self::refused("", "")
        }
    }

    #[must_use]
    pub fn internal() -> Self {
        Self {
            trouble: Trouble::Internal,
            ..Self::refused("", "")
        }
    }
}

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "error.html";
}

/// No such page.
#[derive(Debug, Clone, Serialize)]
pub struct NotFound {}

impl Page for NotFound {
    const TEMPLATE: &'static str = "not-found.html";
}

/// Too often; when to try again.
#[derive(Debug, Clone, Serialize)]
pub struct TooManyAttempts {
    pub minutes: u64,
}

impl TooManyAttempts {
    #[must_use]
    pub const fn after(seconds: u64) -> Self {
        Self {
            minutes: seconds.div_ceil(60),
        }
    }
}

impl Page for TooManyAttempts {
    const TEMPLATE: &'static str = "too-many-attempts.html";
}
