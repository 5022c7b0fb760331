//! The postman: takes letters from the outbox, delivers them, writes down what came of it (R137).
//!
//! A letter may be sent twice if the process dies between sending and writing it down; it then carries the same Message-ID.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::compose::{Composed, Composer};
use super::letter::{DeliveryFailedLetter, InvitationLetter, LetterKind};
use super::mailbox::Delivered;
use super::message::Sender;
use super::store::{self, Claimed, LETTERS};
use super::{Envelope, SEALED_AS, Smtp, State, enqueue, tidy};
use crate::config::Config;
use crate::db::{Db, Tx};
use crate::event::{self, Actor, Kind};
use crate::job::{Delays, Job, Next, Verdict};
use crate::keys::Sealer;
use crate::kit::{EmailAddress, Internal, Moment};
use crate::web::Locale;

/// Letters under way at once: with a server that answers in 100 ms, 640 letters a second.
const AT_ONCE: usize = 64;
/// Longer than an attempt can take.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// About two days in all, as RFC 5321 section 4.5.4.1 advises at least.
const DELAYS: Delays = Delays(&[
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(4),
    Duration::from_hours(8),
    Duration::from_hours(12),
    Duration::from_hours(22),
]);
/// A letter that was claimed more often than that ends whoever attempts it.
const MOST_CLAIMS: i64 = 12;

/// Delivers what stands in the outbox.
pub struct Postman {
    db: Db,
    sealer: Sealer,
    composer: Composer,
    sender: Sender,
    way: Way,
    /// For letters to inviters, whose language nobody knows.
    locale: Locale,
}

/// How letters leave the house.
enum Way {
    Smtp(Smtp),
    /// Onto the mailbox page, on a developer's machine.
    Mailbox,
    /// Not at all: there is no mail server and nobody may see the mailbox page. They wait.
    Closed,
}

impl Postman {
    pub fn new(config: &Config, db: Db, sealer: Sealer) -> Result<Self, Internal> {
        let way = match &config.mail {
            Some(smtp) => Way::Smtp(Smtp::new(smtp)?),
            None if config.server.is_local() => Way::Mailbox,
            None => {
                tracing::warn!(
                    "No mail server is set (mail.smtp.host): letters wait until there is one."
                );
                Way::Closed
            }
        };
        Ok(Self {
            db,
            sealer,
            composer: Composer::new()?,
            sender: Sender::new(&config.mail_from)?,
            way,
            locale: Locale::choose([config.locale.as_str()]),
        })
    }

    /// What came back from the store, unsealed and filled into its templates.
    fn compose(&self, letter: &Claimed) -> Result<Composed, Internal> {
        let kind = LetterKind::from_text(&letter.kind)
            .ok_or_else(|| Internal::because("a kind of letter that nobody knows"))?;
        let mut content: Map<String, Value> = serde_json::from_slice(&self.content(letter)?)?;
        content.insert("recipient".to_owned(), json!(letter.recipient));
        let locale = Locale::choose([letter.locale.as_str()]);
        self.composer.compose(kind, &locale, content)
    }

    fn content(&self, letter: &Claimed) -> Result<Vec<u8>, Internal> {
        let sealed = letter.content_sealed.as_deref();
        let sealed = sealed.ok_or_else(|| Internal::because("the letter's content is gone"))?;
        self.sealer.open(SEALED_AS, sealed)
    }

    async fn carry(
        &self,
        moment: &Moment,
        letter: &Claimed,
        composed: Composed,
    ) -> Result<Verdict, Internal> {
        match &self.way {
            Way::Smtp(smtp) => {
                let (envelope, bytes) = self.sender.wrap(letter, composed)?;
                Ok(smtp.send(&envelope, &bytes).await)
            }
            Way::Mailbox => {
                let delivered = Delivered {
                    id: letter.id,
                    recipient: letter.recipient.clone(),
                    subject: composed.subject,
                    html: composed.html,
                    text: composed.text,
                    delivered_at: moment.now,
                };
                let landed: Result<(), Internal> = self
                    .db
                    .write(async |tx| store::deliver_to_mailbox(tx, &delivered).await)
                    .await;
                Ok(match landed {
                    Ok(()) => Verdict::Done("It lies in the mailbox.".to_owned()),
                    Err(failure) => {
                        tracing::warn!(error = ?failure, "the mailbox can't be written now");
                        Verdict::Again("The mailbox could not be written.".to_owned())
                    }
                })
            }
            Way::Closed => Ok(Verdict::Again("No mail server is set.".to_owned())),
        }
    }

    async fn write_down(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        letter: &Claimed,
        verdict: &Verdict,
    ) -> Result<(), Internal> {
        match DELAYS.after(verdict, letter.attempts, moment) {
            Next::Done(answer) => {
                let sent = (State::Sent.as_str(), &*tidy::answer(answer));
                if LETTERS.end(tx, letter.claim(), sent, moment.now).await? {
                    record_sent(tx, moment, letter).await?;
                }
                Ok(())
            }
            Next::Again(answer, due_at) => {
                let answer = tidy::answer(answer);
                LETTERS.defer(tx, letter.claim(), &answer, due_at).await?;
                Ok(())
            }
            Next::GiveUp(answer) => {
                self.give_up(tx, moment, letter, &tidy::answer(answer))
                    .await
            }
        }
    }

    /// Ends a letter that does not arrive, writes it into the log, and tells the inviter if it was an invitation.
    async fn give_up(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        letter: &Claimed,
        answer: &str,
    ) -> Result<(), Internal> {
        let state = if is_bounce(answer) {
            State::Bounced
        } else {
            State::Failed
        };
        let ending = (state.as_str(), answer);
        if !LETTERS.end(tx, letter.claim(), ending, moment.now).await? {
            return Ok(()); // cancelled meanwhile
        }
        let data = json!({
            "letter": letter.id, "kind": letter.kind, "state": state.as_str(),
            "attempts": letter.attempts, "answer": answer,
        });
        let happening = match letter.invitation_id {
            Some(invitation) if letter.kind == LetterKind::Invitation.as_str() => {
                Kind::InvitationDeliveryFailed.about(invitation, data)
            }
            _ => Kind::LetterFailed.about(letter.id, data),
        };
        event::record(tx, moment, &Actor::System, happening).await?;
        self.tell_inviter(tx, moment, letter, answer).await
    }

    async fn tell_inviter(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        letter: &Claimed,
        answer: &str,
    ) -> Result<(), Internal> {
        if letter.kind != LetterKind::Invitation.as_str() {
            return Ok(());
        }
        let Some(invitation) = self.invitation_letter(letter) else {
            return Ok(()); // what can't be read names nobody; the log has it
        };
        let inviter = invitation.inviter_email.as_deref();
        let Some(Ok(inviter)) = inviter.map(str::parse::<EmailAddress>) else {
            return Ok(());
        };
        let news = DeliveryFailedLetter {
            application: invitation.application,
            accent: invitation.accent,
            invitee: letter.recipient.clone(),
            answer: answer.to_owned(),
            details: invitation.details,
        };
        let envelope = Envelope {
            recipient: &inviter,
            locale: &self.locale,
            invitation: letter.invitation_id,
        };
        enqueue(tx, &self.sealer, moment, envelope, &news).await?;
        Ok(())
    }

    fn invitation_letter(&self, letter: &Claimed) -> Option<InvitationLetter> {
        let content = self.content(letter).ok()?;
        serde_json::from_slice(&content).ok()
    }
}

async fn record_sent(tx: &mut Tx, moment: &Moment, letter: &Claimed) -> Result<(), Internal> {
    if let Some(invitation) = letter.invitation_id
        && letter.kind == LetterKind::Invitation.as_str()
    {
        let data = json!({ "letter": letter.id, "attempts": letter.attempts });
        let happening = Kind::InvitationSent.about(invitation, data);
        event::record(tx, moment, &Actor::System, happening).await?;
    }
    Ok(())
}

/// Whether the answer is about the recipient's mailbox (RFC 3463 sections 3.2 and 3.3, permanent), not about anything else.
fn is_bounce(answer: &str) -> bool {
    let mut words = answer.split_whitespace();
    let code = words.next().unwrap_or_default();
    let status = words.next().unwrap_or_default();
    code.len() == 3
        && code.starts_with('5')
        && (status.starts_with("5.1.") || status.starts_with("5.2."))
}

impl Job for Postman {
    type Item = Claimed;

    fn name(&self) -> &'static str {
        "letters"
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    async fn claim(&self, moment: &Moment, room: usize) -> Result<Vec<Claimed>, Internal> {
        if matches!(self.way, Way::Closed) {
            return Ok(Vec::new());
        }
        LETTERS.claim(&self.db, moment.now, LEASE, room).await
    }

    async fn attempt(&self, moment: &Moment, letter: &Claimed) -> Verdict {
        if letter.attempts > MOST_CLAIMS {
            return Verdict::Never("It was begun too often and never ended.".to_owned());
        }
        let carried = match self.compose(letter) {
            Ok(composed) => self.carry(moment, letter, composed).await,
            Err(failure) => Err(failure),
        };
        carried.unwrap_or_else(|failure| {
            tracing::error!(letter.id = %letter.id, error = ?failure, "a letter can't be written");
            Verdict::Never("The letter could not be written; the log says why.".to_owned())
        })
    }

    async fn settle(
        &self,
        moment: &Moment,
        letter: &Claimed,
        verdict: &Verdict,
    ) -> Result<(), Internal> {
        tracing::debug!(letter.id = %letter.id, letter.kind, ?verdict, "a letter was attempted");
        self.db
            .write(async |tx| self.write_down(tx, moment, letter, verdict).await)
            .await
    }

    async fn rest(&self) {
        if let Way::Smtp(smtp) = &self.way {
            smtp.close_idle().await;
        }
    }
}
