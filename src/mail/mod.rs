//! Letters: written in the unit of work that causes them, delivered beside it, with the truth about each delivery (R137).
//!
//! Does not decide who is written to or why; the nouns do. No tracking, no remote images, no promise that a letter was read.

mod compose;
mod deliver;
mod letter;
mod mailbox;
mod message;
pub mod pages;
mod smtp;
mod store;
mod tidy;

use chrono::{DateTime, Utc};

use crate::db::Tx;
use crate::keys::Sealer;
use crate::kit::{Corrupt, EmailAddress, Id, Internal, Moment, kinds};
use crate::web::Locale;

pub use deliver::Postman;
pub use letter::{
    AddressCodeLetter, AddressWaitingLetter, DeclinedLetter, DeliveryFailedLetter,
    FreshLinkAskedLetter, HowDeclined, InvitationLetter, Letter, LetterKind, PasswordChangedLetter,
    RecoveryLetter, SecretExpiresLetter, SignInMethodAddedLetter, SignInMethodRemovedLetter,
    SignInMethodsLetter,
};
pub use mailbox::{Delivered, find_delivered, list_delivered};
pub use smtp::Smtp;
pub use store::LETTERS;

pub type LetterId = Id<kinds::Letter>;

/// What letters are sealed for.
const SEALED_AS: &str = "letter";

/// Where a letter goes and what it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    pub recipient: &'a EmailAddress,
    pub locale: &'a Locale,
    /// The invitation whose history shows the delivery, and whose end cancels what is not sent yet.
    pub invitation: Option<Id<kinds::Invitation>>,
}

/// Where a letter stands (R137).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Written, not tried yet.
    Queued,
    /// Tried, and to be tried again.
    Deferred,
    /// The mail server has it.
    Sent,
    /// Given up.
    Failed,
    /// The receiving side says that there is no such mailbox.
    Bounced,
    /// Not wanted any more before it was sent.
    Cancelled,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Queued,
        Self::Deferred,
        Self::Sent,
        Self::Failed,
        Self::Bounced,
        Self::Cancelled,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Deferred => "deferred",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Bounced => "bounced",
            Self::Cancelled => "cancelled",
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The truth about one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub letter: LetterId,
    pub state: State,
    pub attempts: i64,
    /// The mail server's last words.
    pub answer: Option<String>,
    /// When it is tried again, while it waits for that.
    pub next_try: Option<DateTime<Utc>>,
    pub queued_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

impl Delivery {
    /// Of a letter that was written now.
    #[must_use]
    pub fn begins(letter: LetterId, moment: &Moment) -> Self {
        Self {
            letter,
            state: State::Queued,
            attempts: 0,
            answer: None,
            next_try: None,
            queued_at: moment.now,
            sent_at: None,
        }
    }
}

/// Writes a letter into the outbox. It goes out when the caller's unit of work is committed, and not otherwise.
pub async fn enqueue<L: Letter>(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    envelope: Envelope<'_>,
    letter: &L,
) -> Result<LetterId, Internal> {
    let content = serde_json::to_vec(letter)?;
    let row = store::NewLetter {
        id: moment.id(),
        kind: L::KIND.as_str(),
        recipient: deliverable(envelope.recipient),
        locale: envelope.locale.to_string(),
        content_sealed: sealer.seal(SEALED_AS, &content, moment)?,
        invitation_id: envelope.invitation,
        created_at: moment.now,
        due_at: moment.now - L::HEAD_START,
    };
    let id = row.id;
    store::insert(tx, row).await?;
    tx.wake_workers();
    Ok(id)
}

/// As typed, but with the domain in its ASCII form: every mail server takes that.
fn deliverable(address: &EmailAddress) -> String {
    let local = address
        .as_typed()
        .rsplit_once('@')
        .map_or("", |(local, _)| local);
    format!("{local}@{}", address.domain())
}

/// Cancels what the invitee would still get for this invitation, and tells how many letters that were.
pub async fn cancel_for_invitation(
    tx: &mut Tx,
    moment: &Moment,
    invitation: Id<kinds::Invitation>,
) -> Result<u64, Internal> {
    store::cancel_for_invitation(tx, invitation, moment.now).await
}

/// The truth about the newest invitation letter of an invitation; `None` if none was written.
pub async fn delivery_of(
    tx: &mut Tx,
    invitation: Id<kinds::Invitation>,
) -> Result<Option<Delivery>, Internal> {
    let row = store::newest_delivery(tx, invitation).await?;
    Ok(row.map(Delivery::try_from).transpose()?)
}

/// The truth about one letter.
pub async fn delivery(tx: &mut Tx, letter: LetterId) -> Result<Option<Delivery>, Internal> {
    let row = store::delivery(tx, letter).await?;
    Ok(row.map(Delivery::try_from).transpose()?)
}

impl TryFrom<store::DeliveryRow> for Delivery {
    type Error = Corrupt;

    fn try_from(row: store::DeliveryRow) -> Result<Self, Corrupt> {
        let state = State::from_text(&row.state).ok_or_else(|| Corrupt {
            table: "letter",
            id: row.id.to_string(),
            why: format!("unknown state {:?}", row.state),
        })?;
        Ok(Self {
            letter: row.id,
            state,
            attempts: row.attempts,
            answer: row.answer,
            next_try: (state == State::Deferred).then_some(row.due_at),
            queued_at: row.created_at,
            sent_at: row.ended_at.filter(|_| state == State::Sent),
        })
    }
}

#[cfg(test)]
mod tests;
