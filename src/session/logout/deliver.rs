//! Tells applications that a session has ended: a signed logout token, posted to the address that each registered.
//!
//! Tries again when an application can't be reached or fails, with a new token each time; what it refuses stays refused
//! (OpenID Connect Back-Channel Logout 1.0, section 2.8).

use std::time::Duration;

use chrono::TimeDelta;
use http::Request;
use serde_json::{Value, json};

use super::store::{self, Claimed, NOTICES};
use crate::application::{CatalogueHandle, Client};
use crate::db::{Db, Tx};
use crate::event::{self, Actor, Kind};
use crate::job::{Delays, Job, Next, Verdict};
use crate::keys::{KeyRing, TokenKind};
use crate::kit::{Internal, Moment};
use crate::web::{Answer, Outgoing, Unanswered};

/// What a logout token says has happened.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Section 2.4: at most two minutes.
const LIFETIME: TimeDelta = TimeDelta::minutes(2);

const AT_ONCE: usize = 16;
/// Longer than an attempt can take.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// About as long as a session: later than that, hardly anybody is signed in to the application any more.
const DELAYS: Delays = Delays(&[
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(4),
    Duration::from_hours(8),
]);
/// How long everything else for an application waits that has just failed, so that a dead one keeps no slot busy.
const PAUSE: TimeDelta = TimeDelta::seconds(5);
/// What is read of an answer, for the one who looks for the mistake.
const LONGEST_ANSWER: usize = 300;
/// A notice that was claimed more often than that ends whoever attempts it.
const MOST_CLAIMS: i64 = 14;

/// Delivers what the ends of sessions have queued.
pub struct Herald {
    pub db: Db,
    pub keys: KeyRing,
    pub catalogue: CatalogueHandle,
    pub issuer: String,
    pub outgoing: Outgoing,
}

impl Herald {
    fn request(
        &self,
        moment: &Moment,
        client: &Client,
        notice: &Claimed,
    ) -> Result<Option<Request<Vec<u8>>>, Internal> {
        let settings = &client.settings;
        let Some(address) = &settings.backchannel_logout_uri else {
            return Ok(None);
        };
        let claims = claims(&self.issuer, moment, notice);
        let token = self
            .keys
            .sign(TokenKind::Logout, settings.id_token_alg, &claims, moment)?;
        let request = Request::post(address.as_str())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("logout_token={token}").into_bytes())?;
        Ok(Some(request))
    }

    async fn send(&self, moment: &Moment, notice: &Claimed) -> Verdict {
        let catalogue = self.catalogue.current();
        let client = catalogue.client(notice.client_id);
        let request = client.map(|client| self.request(moment, client, notice));
        let request = match request.transpose().map(Option::flatten) {
            Ok(Some(request)) => request,
            Ok(None) => {
                return Verdict::Never(
                    "The application wants no logout tokens any more.".to_owned(),
                );
            }
            Err(failure) => {
                tracing::error!(notice.id = %notice.id, error = ?failure, "a logout token can't be written");
                return Verdict::Again("The logout token could not be written.".to_owned());
            }
        };
        match self.outgoing.send(request, LONGEST_ANSWER).await {
            Ok(answer) => meaning(&answer),
            Err(Unanswered::Forbidden(why)) => Verdict::Never(why.to_string()),
            Err(Unanswered::Failed(why)) => Verdict::Again(why),
        }
    }

    async fn write_down(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        notice: &Claimed,
        verdict: &Verdict,
    ) -> Result<(), Internal> {
        match DELAYS.after(verdict, notice.attempts, moment) {
            Next::Done(answer) => {
                let ending = ("told", answer);
                NOTICES.end(tx, notice.claim(), ending, moment.now).await?;
                Ok(())
            }
            Next::GiveUp(answer) => give_up(tx, moment, notice, answer).await,
            Next::Again(answer, due_at) => {
                NOTICES.defer(tx, notice.claim(), answer, due_at).await?;
                let until = due_at.min(moment.now + PAUSE);
                store::pause(tx, notice.client_id, moment.now, until).await
            }
        }
    }
}

/// LOG-11: section 2.4, always with `sub` and `sid`, never with a nonce.
fn claims(issuer: &str, moment: &Moment, notice: &Claimed) -> Value {
    let now = moment.now.timestamp();
    json!({
        "iss": issuer,
        "aud": notice.client_id,
        "iat": now,
        "exp": now + LIFETIME.num_seconds(),
        "jti": moment.uuid(),
        "sub": notice.identity_id,
        "sid": notice.session_id,
        "events": { EVENT: {} },
    })
}

/// Section 2.8: 200 and 204 are success. What an application refuses it refuses again; where it fails, it may work later.
fn meaning(answer: &Answer) -> Verdict {
    match answer.status {
        status if status.is_success() => Verdict::Done(status.as_u16().to_string()),
        status if status.is_server_error() => Verdict::Again(answer.in_words()),
        _ => Verdict::Never(answer.in_words()),
    }
}

async fn give_up(
    tx: &mut Tx,
    moment: &Moment,
    notice: &Claimed,
    answer: &str,
) -> Result<(), Internal> {
    let ending = ("failed", answer);
    if NOTICES.end(tx, notice.claim(), ending, moment.now).await? {
        let data = json!({
            "client": notice.client_id, "identity": notice.identity_id, "answer": answer, "attempts": notice.attempts,
        });
        let happening = Kind::LogoutUndelivered.about(notice.session_id, data);
        event::record(tx, moment, &Actor::System, happening).await?;
    }
    Ok(())
}

impl Job for Herald {
    type Item = Claimed;

    fn name(&self) -> &'static str {
        "logout notices"
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    async fn claim(&self, moment: &Moment, room: usize) -> Result<Vec<Claimed>, Internal> {
        NOTICES.claim(&self.db, moment.now, LEASE, room).await
    }

    async fn attempt(&self, moment: &Moment, notice: &Claimed) -> Verdict {
        if notice.attempts > MOST_CLAIMS {
            return Verdict::Never("It was begun too often and never ended.".to_owned());
        }
        self.send(moment, notice).await
    }

    async fn settle(
        &self,
        moment: &Moment,
        notice: &Claimed,
        verdict: &Verdict,
    ) -> Result<(), Internal> {
        self.db
            .write(async |tx| self.write_down(tx, moment, notice, verdict).await)
            .await
    }
}
