//! Puts a composed letter into MIME (RFC 5322, RFC 2046): text and HTML, a stable Message-ID, the mark of an automatic letter.

use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use super::compose::Composed;
use super::store::Claimed;
use crate::kit::Internal;

/// Who letters are from.
#[derive(Clone)]
pub(super) struct Sender(Mailbox);

impl Sender {
    /// `Name <address>`.
    pub(super) fn new(text: &str) -> Result<Self, Internal> {
        Ok(Self(text.parse()?))
    }

    /// The same letter has the same Message-ID and date at every attempt, so that a receiver knows a second copy as such.
    pub(super) fn wrap(
        &self,
        letter: &Claimed,
        composed: Composed,
    ) -> Result<(Envelope, Vec<u8>), Internal> {
        let recipient: Address = letter.recipient.parse()?;
        let id = format!("<{}@{}>", letter.id, self.0.email.domain());
        let message = Message::builder()
            .from(self.0.clone())
            .to(Mailbox::new(None, recipient))
            .subject(composed.subject)
            .message_id(Some(id))
            .date(letter.created_at.into())
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(
                composed.text,
                composed.html,
            ))?;
        Ok((message.envelope().clone(), message.formatted()))
    }
}

/// Nobody's holiday notice answers an automatic letter (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
