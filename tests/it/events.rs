//! The log: written with what it is about, read newest first, never changed.

use chrono::{TimeDelta, TimeZone as _, Utc};
use serde_json::json;
use usher::db::Db;
use usher::event::{self, Actor, Event, Filter, Kind};
use usher::kit::{Clock, Internal, ManualClock, PageRequest};

use crate::database;

fn clock() -> ManualClock {
    ManualClock::new(Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap(), 7)
}

async fn happens(db: &Db, time: &ManualClock, kind: Kind, subject: &str) {
    time.advance(TimeDelta::seconds(1));
    let moment = Clock::manual(time).moment();
    let recorded: Result<_, Internal> = db
        .write(async |tx| {
            let happening = kind.about(subject, json!({ "n": 1 }));
            event::record(tx, &moment, &Actor::System, happening).await
        })
        .await;
    recorded.unwrap();
}

async fn read(db: &Db, subject: Option<&str>, kind: Option<&str>) -> Vec<Event> {
    let filter = Filter {
        subject: subject.map(str::to_owned),
        kind: kind.map(str::to_owned),
    };
    let (mut page, mut events) = (
        PageRequest {
            after: None,
            limit: 2,
        },
        Vec::new(),
    );
    loop {
        let part: Result<_, Internal> = db
            .read(async |tx| event::list(tx, &filter, &page).await)
            .await;
        let part = part.unwrap();
        assert!(part.items.len() <= 2);
        events.extend(part.items);
        if part.next.is_none() {
            return events;
        }
        page.after = part.next;
    }
}

/// R140: what happened can be read page by page, newest first, about one thing or of one kind.
#[tokio::test]
async fn r140_the_log_is_read_newest_first() {
    for fresh in database::each().await {
        let (db, time) = (&fresh.db, clock());
        for (kind, subject) in [
            (Kind::InvitationCreated, "inv_1"),
            (Kind::InvitationCreated, "inv_2"),
            (Kind::InvitationOpened, "inv_1"),
            (Kind::IdentityCreated, "idn_1"),
            (Kind::InvitationAccepted, "inv_1"),
        ] {
            happens(db, &time, kind, subject).await;
        }
        let kinds = |events: Vec<Event>| -> Vec<String> {
            events.into_iter().map(|event| event.kind).collect()
        };
        assert_eq!(read(db, None, None).await.len(), 5);
        assert_eq!(
            kinds(read(db, Some("inv_1"), None).await),
            [
                "invitation.accepted",
                "invitation.opened",
                "invitation.created"
            ]
        );
        assert_eq!(
            kinds(read(db, Some("inv_1"), Some("invitation.o")).await),
            ["invitation.opened"]
        );
        assert_eq!(read(db, None, Some("invitation.")).await.len(), 4);
        assert_eq!(
            read(db, None, Some("invitation.%")).await.len(),
            0,
            "a filter is no pattern"
        );
        assert_eq!(read(db, Some("inv_3"), None).await, []);
        let newest = read(db, None, None).await.remove(0);
        assert_eq!(
            (newest.actor.as_str(), &newest.data),
            ("system", &json!({ "n": 1 }))
        );
        assert_eq!(newest.at, Clock::manual(&time).moment().now);
        let found: Result<_, Internal> = db.read(async |tx| event::find(tx, newest.id).await).await;
        assert_eq!(found.unwrap(), Some(newest));
    }
}

/// R140: what was undone was not; the log knows only what is committed.
#[tokio::test]
async fn r140_an_undone_unit_of_work_leaves_no_event() {
    for fresh in database::each().await {
        let moment = Clock::manual(&clock()).moment();
        let undone: Result<(), Internal> = fresh
            .db
            .write(async |tx| {
                let happening = Kind::GroupCreated.about("grp_1", json!({}));
                event::record(tx, &moment, &Actor::System, happening).await?;
                Err(Internal::because("no"))
            })
            .await;
        assert!(undone.is_err());
        assert_eq!(read(&fresh.db, None, None).await, []);
    }
}

/// R140: whoever reaches the database itself can't change what happened either.
#[tokio::test]
async fn r140_the_database_keeps_the_log_as_it_was_written() {
    for fresh in database::each().await {
        let (db, time) = (&fresh.db, clock());
        happens(db, &time, Kind::GroupCreated, "grp_1").await;
        let before = read(db, None, None).await;
        for forgery in [
            "UPDATE event SET actor = 'anonymous'",
            "DELETE FROM event",
            "DELETE FROM event WHERE subject = 'grp_1'",
            "INSERT INTO event (id, at, kind, actor, subject, data)
             SELECT id, at, 'group.deleted', actor, subject, data FROM event WHERE TRUE
             ON CONFLICT (id) DO UPDATE SET kind = excluded.kind",
        ] {
            let forged: Result<u64, Internal> =
                db.write(async |tx| tx.sql(forgery).run().await).await;
            let refused = format!("{:?}", forged.unwrap_err());
            assert!(refused.contains("append-only"), "{forgery}: {refused}");
        }
        let engine = match db.engine_name() {
            "SQLite" => "REPLACE INTO event SELECT id, at, 'x', actor, subject, data FROM event",
            _ => "TRUNCATE event CASCADE",
        };
        let forged: Result<u64, Internal> = db.write(async |tx| tx.sql(engine).run().await).await;
        forged.unwrap_err();
        assert_eq!(read(db, None, None).await, before);
        happens(db, &time, Kind::GroupDeleted, "grp_2").await;
        let again = Db::open(&fresh.url).await.unwrap(); // a second node starts
        assert_eq!(read(&again, None, None).await.len(), 2);
    }
}
