//! Carries events to webhooks: signed, with growing delays, given up visibly.
//!
//! At least once: a receiver knows a second copy by its `webhook-id`.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, StatusCode};
use serde_json::json;

use super::signature::SigningSecret;
use super::store::{self, Claimed, DELIVERIES, Message};
use super::webhook::SEALED_AS;
use super::{Actor, Kind, record};
use crate::db::{Db, Tx};
use crate::job::{Delays, Job, Next, Verdict};
use crate::keys::Sealer;
use crate::kit::{Internal, Moment};
use crate::web::{Answer, Outgoing};

const AT_ONCE: usize = 16;
/// Longer than an attempt can take.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// As Standard Webhooks recommends: a bit more than three days.
const DELAYS: Delays = Delays(&[
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
]);
/// How long everything else for an endpoint waits that has just failed, so that a dead one keeps no slot busy.
const PAUSE: TimeDelta = TimeDelta::minutes(5);
/// What is read of an answer, for the one who looks for the mistake.
const LONGEST_ANSWER: usize = 300;
/// A delivery that was claimed more often than that ends whoever attempts it.
const MOST_CLAIMS: i64 = 14;

/// Delivers what the log has queued.
pub struct Messenger {
    db: Db,
    sealer: Sealer,
    outgoing: Outgoing,
}

impl Messenger {
    #[must_use]
    pub fn new(db: Db, sealer: Sealer, outgoing: Outgoing) -> Self {
        Self {
            db,
            sealer,
            outgoing,
        }
    }

    fn request(&self, moment: &Moment, message: &Message) -> Result<Request<Vec<u8>>, Internal> {
        let event = &message.event;
        let body = serde_json::to_vec(&json!({
            "type": event.kind,
            "timestamp": event.at,
            "data": { "id": event.id, "actor": event.actor, "subject": event.subject, "details": event.data },
        }))?;
        let (id, timestamp) = (event.id.to_string(), moment.now.timestamp());
        let secret = self.sealer.open(SEALED_AS, &message.secret_sealed)?;
        let signature = SigningSecret::from_bytes(secret).sign(&id, timestamp, &body);
        Ok(Request::post(&message.url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body)?)
    }

    async fn send(&self, moment: &Moment, delivery: &Claimed) -> Result<Verdict, Internal> {
        let id = delivery.id;
        let message = self
            .db
            .read(async |tx: &mut Tx| store::message(tx, id).await)
            .await?;
        let Some(message) = message else {
            return Ok(Verdict::Never("The webhook is gone.".to_owned()));
        };
        let request = match self.request(moment, &message) {
            Ok(request) => request,
            Err(failure) => {
                tracing::error!(delivery.id = %id, error = ?failure, "a webhook message can't be written");
                return Ok(Verdict::Never(
                    "The message could not be written.".to_owned(),
                ));
            }
        };
        Ok(match self.outgoing.send(request, LONGEST_ANSWER).await {
            Ok(answer) => meaning(&answer),
            Err(unanswered) => Verdict::Again(unanswered.to_string()),
        })
    }

    async fn give_up(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        delivery: &Claimed,
        answer: &str,
    ) -> Result<(), Internal> {
        let ending = ("failed", answer);
        if DELIVERIES
            .end(tx, delivery.claim(), ending, moment.now)
            .await?
        {
            let data = json!({
                "delivery": delivery.id, "event": delivery.event_id, "attempts": delivery.attempts,
            });
            let happening = Kind::WebhookDeliveryFailed.about(delivery.webhook_id, data);
            record(tx, moment, &Actor::System, happening).await?;
        }
        Ok(())
    }

    async fn write_down(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        delivery: &Claimed,
        verdict: &Verdict,
    ) -> Result<(), Internal> {
        match DELAYS.after(verdict, delivery.attempts, moment) {
            Next::Done(answer) => {
                let ending = ("sent", answer);
                DELIVERIES
                    .end(tx, delivery.claim(), ending, moment.now)
                    .await?;
                Ok(())
            }
            Next::GiveUp(answer) => self.give_up(tx, moment, delivery, answer).await,
            Next::Again(answer, due_at) => {
                DELIVERIES
                    .defer(tx, delivery.claim(), answer, due_at)
                    .await?;
                let until = round_up(due_at.min(moment.now + PAUSE));
                store::pause(tx, delivery.webhook_id, moment.now, until).await
            }
        }
    }
}

/// To ten seconds, so that attempts that fail together move the rest of the queue once and not once each.
fn round_up(at: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = at.timestamp().div_euclid(10) * 10 + 10;
    DateTime::from_timestamp_secs(seconds).unwrap_or(at)
}

/// 2xx is delivered; 410 says that nobody wants it any more; everything else may work later.
fn meaning(answer: &Answer) -> Verdict {
    match answer.status {
        status if status.is_success() => Verdict::Done(status.as_u16().to_string()),
        StatusCode::GONE => Verdict::Never(answer.in_words()),
        _ => Verdict::Again(answer.in_words()),
    }
}

impl Job for Messenger {
    type Item = Claimed;

    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    async fn claim(&self, moment: &Moment, room: usize) -> Result<Vec<Claimed>, Internal> {
        DELIVERIES.claim(&self.db, moment.now, LEASE, room).await
    }

    async fn attempt(&self, moment: &Moment, delivery: &Claimed) -> Verdict {
        if delivery.attempts > MOST_CLAIMS {
            return Verdict::Never("It was begun too often and never ended.".to_owned());
        }
        self.send(moment, delivery).await.unwrap_or_else(|failure| {
            tracing::warn!(delivery.id = %delivery.id, error = ?failure, "a delivery can't be read now");
            Verdict::Again("The delivery could not be read.".to_owned())
        })
    }

    async fn settle(
        &self,
        moment: &Moment,
        delivery: &Claimed,
        verdict: &Verdict,
    ) -> Result<(), Internal> {
        self.db
            .write(async |tx| self.write_down(tx, moment, delivery, verdict).await)
            .await
    }
}
