//! Webhooks: signed, in the transaction of what they tell of, retried, given up visibly, and never sent where they must not go.

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{TimeDelta, TimeZone as _, Utc};
use serde_json::{Value, json};
use usher::db::Db;
use usher::event::webhook::{self, Delivery, Made, Refused, Webhooks, Wish};
use usher::event::{self, Actor, Kind, Messenger};
use usher::job::drain;
use usher::kit::{Clock, Failed, Internal, ManualClock, Moment, PageRequest, Refusal as _};
use usher::web::{Loopback, Outgoing};

use crate::database::{self, Fresh};
use crate::harness::Receiver;
use crate::post::sealer;

struct House {
    database: Fresh,
    time: ManualClock,
    messenger: Messenger,
    outgoing: Outgoing,
}

impl House {
    async fn each() -> Vec<Self> {
        let fresh = database::each().await.into_iter();
        fresh
            .map(|database| Self::on(database, Loopback::Allowed))
            .collect()
    }

    fn on(database: Fresh, loopback: Loopback) -> Self {
        let outgoing = Outgoing::new(loopback).unwrap();
        let messenger = Messenger::new(database.db.clone(), sealer(), outgoing.clone());
        let time = ManualClock::new(Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap(), 7);
        Self {
            database,
            time,
            messenger,
            outgoing,
        }
    }

    fn db(&self) -> &Db {
        &self.database.db
    }

    fn moment(&self) -> Moment {
        Clock::manual(&self.time).moment()
    }

    async fn hooks(&self, url: &str, kinds: &[&str]) -> Result<Made, Failed<Refused>> {
        let sealer = sealer();
        let webhooks = Webhooks {
            sealer: &sealer,
            outgoing: &self.outgoing,
            actor: &Actor::System,
        };
        let wish = Wish {
            url: url.to_owned(),
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        };
        let moment = self.moment();
        self.db()
            .write(async |tx| webhooks.create(tx, &moment, wish.clone()).await)
            .await
    }

    async fn happens(&self, kind: Kind, subject: &str) {
        let moment = self.moment();
        let recorded: Result<_, Internal> = self
            .db()
            .write(async |tx| {
                let happening = kind.about(subject, json!({ "by": "test" }));
                event::record(tx, &moment, &Actor::Anonymous, happening).await
            })
            .await;
        recorded.unwrap();
    }

    async fn works(&self) -> usize {
        drain(&self.messenger, &Clock::manual(&self.time))
            .await
            .unwrap()
    }

    async fn deliveries(&self, made: &Made) -> Vec<Delivery> {
        let (page, id) = (PageRequest::first(), made.webhook.id);
        let found: Result<_, Internal> = self
            .db()
            .read(async |tx| webhook::deliveries(tx, id, &page).await)
            .await;
        found.unwrap().items
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).unwrap().to_str().unwrap()
}

/// R140: what happens goes out, signed as Standard Webhooks says; the receiver checks it with the secret it was shown once.
#[tokio::test]
async fn r140_an_event_goes_out_signed() {
    let receiver = Receiver::start().await;
    for house in House::each().await {
        let made = house.hooks(&receiver.url, &["invitation."]).await.unwrap();
        house.happens(Kind::InvitationCreated, "inv_1").await;
        house.happens(Kind::GroupCreated, "grp_1").await;
        assert_eq!(house.works().await, 1, "only what was asked for");
        let (headers, body) = receiver.got().remove(0);
        let message: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(message["type"], "invitation.created");
        assert_eq!(message["data"]["subject"], "inv_1");
        assert_eq!(message["data"]["details"]["by"], "test");
        let (id, time) = (
            header(&headers, "webhook-id"),
            header(&headers, "webhook-timestamp"),
        );
        assert_eq!(message["data"]["id"], id);
        assert_eq!(time, house.moment().now.timestamp().to_string());

        let secret = made.secret.reveal().strip_prefix("whsec_").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(secret).unwrap());
        let signed = [format!("{id}.{time}.").as_bytes(), &body].concat();
        let signature = header(&headers, "webhook-signature")
            .strip_prefix("v1,")
            .unwrap();
        hmac::verify(&key, &signed, &STANDARD.decode(signature).unwrap()).unwrap();
        assert_eq!(house.deliveries(&made).await[0].state, "sent");
        assert_eq!(house.works().await, 0, "and only once");
    }
}

/// R140: what did not happen is not told.
#[tokio::test]
async fn r140_an_undone_unit_of_work_tells_nobody() {
    for house in House::each().await {
        let made = house.hooks("http://127.0.0.1:1/", &[]).await.unwrap();
        let before = house.deliveries(&made).await.len();
        let moment = house.moment();
        let undone: Result<(), Internal> = house
            .db()
            .write(async |tx| {
                let happening = Kind::GroupCreated.about("grp_1", json!({}));
                event::record(tx, &moment, &Actor::System, happening).await?;
                Err(Internal::because("no"))
            })
            .await;
        assert!(undone.is_err());
        assert_eq!(house.deliveries(&made).await.len(), before);
    }
}

/// R140: an endpoint that is down hears of it later; one that stays down is given up visibly, and can be tried again by hand.
#[tokio::test]
async fn r140_failures_are_retried_then_given_up_visibly() {
    let receiver = Receiver::start().await;
    for house in House::each().await {
        let made = house.hooks(&receiver.url, &["group."]).await.unwrap();
        house.happens(Kind::GroupCreated, "grp_1").await;
        let began = house.moment().now;
        let mut waits = Vec::new();
        loop {
            let answer =
                (StatusCode::INTERNAL_SERVER_ERROR, "down\nfor \u{7}repair").into_response();
            receiver.next(answer);
            house.works().await;
            let delivery = house.deliveries(&made).await.remove(0);
            assert_eq!(delivery.answer.as_deref(), Some("500 down for repair"));
            if delivery.state == "failed" {
                break;
            }
            let wait = delivery.due_at - house.moment().now;
            waits.push(wait);
            house.time.advance(wait);
        }
        assert_eq!(receiver.got().len(), 10);
        assert!(waits.is_sorted() && (3..5).contains(&(house.moment().now - began).num_days()));
        let given_up = events(&house, "webhook.delivery_failed").await;
        assert_eq!(given_up, [made.webhook.id.to_string()]);
        assert_eq!(
            house.works().await,
            0,
            "nobody is told of the failure by the way that fails"
        );

        let (delivery, moment) = (house.deliveries(&made).await.remove(0).id, house.moment());
        let again = async |tx: &mut usher::db::Tx| {
            webhook::send_again(tx, &moment, made.webhook.id, delivery).await
        };
        house.db().write(again).await.unwrap();
        assert_eq!(house.works().await, 1);
        assert_eq!(house.deliveries(&made).await[0].state, "sent");
        let refused = house.db().write(again).await.unwrap_err();
        assert!(matches!(refused, Failed::Refused(Refused::NotFailed)));
        receiver.got();
    }
}

async fn events(house: &House, kind: &str) -> Vec<String> {
    let filter = event::Filter {
        subject: None,
        kind: Some(kind.to_owned()),
    };
    let page = PageRequest::first();
    let events: Result<_, Internal> = house
        .db()
        .read(async |tx| event::list(tx, &filter, &page).await)
        .await;
    events
        .unwrap()
        .items
        .into_iter()
        .map(|event| event.subject)
        .collect()
}

/// One endpoint is dead: its events wait together, and the other endpoint's go out.
#[tokio::test]
async fn a_dead_endpoint_keeps_nobody_else_waiting() {
    let receiver = Receiver::start().await;
    for house in House::each().await {
        let dead = house
            .hooks("http://127.0.0.1:1/", &["group."])
            .await
            .unwrap();
        let alive = house.hooks(&receiver.url, &["group."]).await.unwrap();
        for _ in 0..40 {
            house.happens(Kind::GroupCreated, "grp_1").await;
        }
        assert!(
            house.works().await < 80,
            "the dead one is not tried for each of its events"
        );
        assert_eq!(receiver.got().len(), 40);
        assert!(
            house
                .deliveries(&alive)
                .await
                .iter()
                .all(|delivery| delivery.state == "sent")
        );
        assert!(
            house
                .deliveries(&dead)
                .await
                .iter()
                .all(|delivery| ["queued", "deferred"].contains(&delivery.state.as_str()))
        );
    }
}

/// A redirect is not followed, an answer without end is not read to its end, and "gone" ends it.
#[tokio::test]
async fn answers_are_taken_with_care() {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let house = House::each().await.remove(0);
    let made = house.hooks(&receiver.url, &["group."]).await.unwrap();
    let redirect = (
        StatusCode::TEMPORARY_REDIRECT,
        [("location", elsewhere.url.clone())],
    );
    for (answer, state) in [
        (redirect.into_response(), "deferred"),
        (
            (StatusCode::OK, "x".repeat(50_000_000)).into_response(),
            "sent",
        ),
        (StatusCode::GONE.into_response(), "failed"),
    ] {
        receiver.next(answer);
        house.happens(Kind::GroupCreated, "grp_1").await;
        house.works().await;
        let delivery = house.deliveries(&made).await.remove(0);
        assert_eq!(delivery.state, state);
        assert!(delivery.answer.unwrap().len() < 400);
        house.time.advance(TimeDelta::minutes(1));
    }
    assert!(elsewhere.got().is_empty());
}

/// A kill between sending and writing it down: sent again, with the same id.
#[tokio::test]
async fn r140_a_kill_loses_no_event() {
    use usher::job::Job as _;
    let receiver = Receiver::start().await;
    for house in House::each().await {
        house.hooks(&receiver.url, &["group."]).await.unwrap();
        house.happens(Kind::GroupCreated, "grp_1").await;
        let claimed = house.messenger.claim(&house.moment(), 5).await.unwrap();
        house.messenger.attempt(&house.moment(), &claimed[0]).await;
        drop(claimed); // the process dies here
        assert_eq!(house.works().await, 0);
        house.time.advance(TimeDelta::minutes(3));
        assert_eq!(house.works().await, 1);
        let got = receiver.got();
        let ids: Vec<_> = got
            .iter()
            .map(|(headers, _)| header(headers, "webhook-id"))
            .collect();
        assert!(ids.len() == 2 && ids[0] == ids[1]);
    }
}

/// Addresses of this machine and of private networks are refused, and so is what is no kind of event.
#[tokio::test]
async fn what_must_not_be_reached_is_refused() {
    let house = House::on(database::sqlite().await, Loopback::Refused);
    for url in [
        "http://hooks.company.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.7/",
        "https://169.254.169.254/latest/meta-data",
        "https://user:pw@hooks.company.example/",
        "ftp://hooks.company.example/",
        "hooks",
        "",
    ] {
        let Err(Failed::Refused(refused)) = house.hooks(url, &[]).await else {
            unreachable!("{url} was taken");
        };
        assert_eq!(refused.fields()[0].field, "url");
    }
    let long = format!("https://hooks.company.example/{}", "a".repeat(10_000_000));
    assert!(house.hooks(&long, &[]).await.is_err());
    let Err(Failed::Refused(refused)) = house
        .hooks(
            "https://hooks.company.example/",
            &["invitation.", "", "novel.written"],
        )
        .await
    else {
        unreachable!("unknown kinds were taken");
    };
    let fields: Vec<String> = refused
        .fields()
        .into_iter()
        .map(|field| field.field)
        .collect();
    assert_eq!(fields, ["kinds/1", "kinds/2"]);
}

/// R133: the secret is shown once and stands nowhere in clear; the log does not hold the address, which may hold a secret too.
#[tokio::test]
async fn r133_the_signing_secret_is_sealed() {
    let house = House::each().await.remove(0);
    let made = house
        .hooks("http://127.0.0.1:1/?key=h1dden", &["group."])
        .await
        .unwrap();
    assert!(!format!("{made:?}").contains(made.secret.reveal()));
    let raw = STANDARD
        .decode(&made.secret.reveal()["whsec_".len()..])
        .unwrap();
    for bytes in house.database.files() {
        for secret in [made.secret.reveal().as_bytes(), &raw] {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret));
        }
    }
    let filter = event::Filter::default();
    let page = PageRequest::first();
    let events: Result<_, Internal> = house
        .db()
        .read(async |tx| event::list(tx, &filter, &page).await)
        .await;
    assert!(!format!("{:?}", events.unwrap().items).contains("h1dden"));
}

/// Endpoints are changed by whoever has read them last, and deleted with what waits for them.
#[tokio::test]
async fn endpoints_are_changed_and_deleted() {
    for house in House::each().await {
        let made = house.hooks("http://127.0.0.1:1/", &[]).await.unwrap();
        house.happens(Kind::GroupCreated, "grp_1").await;
        let (sealer, moment) = (sealer(), house.moment());
        let webhooks = Webhooks {
            sealer: &sealer,
            outgoing: &house.outgoing,
            actor: &Actor::System,
        };
        let wish = Wish {
            url: "http://127.0.0.1:2/".to_owned(),
            kinds: vec!["group.".to_owned()],
        };
        let (id, change) = (made.webhook.id, async |tx: &mut usher::db::Tx| {
            webhooks
                .change(tx, &moment, (made.webhook.id, 1), wish.clone())
                .await
        });
        let changed = house.db().write(change).await.unwrap();
        assert_eq!(
            (changed.url.as_str(), changed.revision),
            ("http://127.0.0.1:2/", 2)
        );
        let stale = house.db().write(change).await.unwrap_err();
        assert!(matches!(stale, Failed::Refused(Refused::Stale)));
        house
            .db()
            .write(async |tx| webhooks.delete(tx, &moment, id).await)
            .await
            .unwrap();
        assert_eq!(house.works().await, 0);
        let unknown = house
            .db()
            .write(async |tx| webhooks.delete(tx, &moment, id).await)
            .await;
        assert!(matches!(unknown, Err(Failed::Refused(Refused::Unknown))));
    }
}
