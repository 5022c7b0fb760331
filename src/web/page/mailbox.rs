//! The local mailbox: letters that nobody sends while no SMTP server is configured.
//!
//! Development only; a letter's HTML is a document of its own, shown in a frame without rights.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::web::Page;

/// All letters, newest first.
#[derive(Debug, Clone, Serialize)]
pub struct Mailbox {
    pub letters: Vec<LetterRow>,
}

#[derive(Debug, Clone, Serialize)]
pub struct LetterRow {
    /// `links.letter(id)`.
    pub url: String,
    pub recipient: String,
    pub subject: String,
    pub at: DateTime<Utc>,
}

impl Page for Mailbox {
    const TEMPLATE: &'static str = "mailbox.html";
}

/// One letter.
#[derive(Debug, Clone, Serialize)]
pub struct LetterView {
    pub sender: String,
    pub recipient: String,
    pub subject: String,
    pub at: DateTime<Utc>,
    /// `links.letter_html(id)`, answered under `headers::LETTER`; this page needs `headers::PAGE_WITH_FRAME`.
    pub html_url: String,
    pub text: String,
}

impl Page for LetterView {
    const TEMPLATE: &'static str = "letter.html";
}
