//! What people find in their mailboxes.

use usher::job;
use usher::kit::Internal;
use usher::mail::{self, Delivered};

use super::TestApp;

/// A letter as its reader sees it.
pub(crate) struct Letter {
    pub(crate) recipient: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    links: Vec<String>,
}

impl TestApp {
    /// Carries out what waits in the outbox, and gives all letters so far, newest first.
    pub(crate) async fn letters(&self) -> Vec<Letter> {
        let postman = self.app.postman().unwrap();
        job::drain(&postman, &self.app.clock).await.unwrap();
        let delivered: Result<Vec<Delivered>, Internal> = self
            .app
            .db
            .read(async |tx| mail::list_delivered(tx).await)
            .await;
        let letter = |it: Delivered| Letter {
            links: it.links().into_iter().map(str::to_owned).collect(),
            recipient: it.recipient,
            subject: it.subject,
            text: it.text,
        };
        delivered.unwrap().into_iter().map(letter).collect()
    }

    /// The newest letter to somebody.
    pub(crate) async fn letter_to(&self, address: &str) -> Letter {
        let letters = self.letters().await;
        letters
            .into_iter()
            .find(|letter| letter.recipient.eq_ignore_ascii_case(address))
            .unwrap_or_else(|| panic!("no letter to {address}"))
    }
}

impl Letter {
    /// The first link that contains the text.
    pub(crate) fn link(&self, part: &str) -> &str {
        let found = self.links.iter().find(|link| link.contains(part));
        found.unwrap_or_else(|| panic!("no link with {part} in:\n{}", self.text))
    }

    /// The short code: two groups of four.
    pub(crate) fn code(&self) -> &str {
        let is_code = |word: &&str| {
            let letters = |part: &str| {
                part.len() == 4
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            };
            word.split_once('-')
                .is_some_and(|(left, right)| letters(left) && letters(right))
        };
        self.text
            .split_whitespace()
            .find(is_code)
            .unwrap_or_else(|| panic!("no code in:\n{}", self.text))
    }
}
