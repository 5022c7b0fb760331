//! Letters: from the outbox over real TCP to a mail server that is not always kind.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use usher::db::{Db, Tx};
use usher::job::{Job as _, Runner, drain};
use usher::kit::{Clock, Internal};
use usher::mail::{self, AddressCodeLetter, Postman, RecoveryLetter, Smtp, State};

use crate::post::{
    CERTIFICATE_FILE, CODE, LINK, Mood, Post, Protection, SmtpServer, grace_is_invited, settings,
};

fn recovery() -> RecoveryLetter {
    RecoveryLetter {
        application: "Expense Desk".into(),
        accent: None,
        link: LINK.into(),
        expires_at: "2026-11-23T10:00:00Z".parse().unwrap(),
    }
}

/// R137: a letter goes out once, as text and HTML, and what it said is gone from the outbox.
#[tokio::test]
async fn r137_a_letter_is_delivered() {
    let server = SmtpServer::start(Protection::None).await;
    for (round, post) in Post::each(&server).await.into_iter().enumerate() {
        let (invitation, letter) = post.invites_grace().await;
        assert_eq!(post.delivery(letter).await.state, State::Queued);
        assert_eq!(post.works().await, 1);
        let received = &server.letters()[round];
        assert_eq!(received.recipient, "grace@harborline.example");
        assert_eq!(
            received.header("Message-ID"),
            Some(format!("<{letter}@localhost>"))
        );
        assert_eq!(
            received.header("Auto-Submitted").as_deref(),
            Some("auto-generated")
        );
        assert_eq!(
            received.header("From").as_deref(),
            Some("Usher <no-reply@localhost>")
        );
        assert_eq!(
            received.header("Subject").as_deref(),
            Some("Ada Lovelace at Northwind invited you to Expense Desk")
        );
        let body = received.body();
        assert!(body.contains("text/plain") && body.contains("text/html"));
        assert!(
            body.contains(&format!("\n{LINK}\n")) && body.contains(CODE),
            "{body}"
        );

        let delivery = post.delivery(letter).await;
        assert_eq!((delivery.state, delivery.attempts), (State::Sent, 1));
        assert_eq!(delivery.answer.as_deref(), Some("250 2.0.0 taken"));
        assert_eq!(delivery.sent_at, Some(post.moment().now));
        assert!(content(&post).await.is_none());
        let events = post.events().await;
        assert_eq!(events[0].kind, "invitation.sent");
        assert_eq!(events[0].subject, invitation.to_string());
        assert_eq!(post.works().await, 0, "nothing goes out twice");
    }
}

async fn content(post: &Post) -> Option<Vec<u8>> {
    let content: Result<(Option<Vec<u8>>,), Internal> = post
        .db()
        .read(async |tx: &mut Tx| tx.sql("SELECT content_sealed FROM letter").one().await)
        .await;
    content.unwrap().0
}

/// R137: the server says later; the letter waits, and the delivery says until when and why.
#[tokio::test]
async fn r137_a_deferred_letter_is_tried_again() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let (invitation, letter) = post.invites_grace().await;
        server.next(Mood::Says("451 4.3.0 mailbox busy"));
        post.works().await;
        let found: Result<_, Internal> = post
            .db()
            .read(async |tx| mail::delivery_of(tx, invitation).await)
            .await;
        let delivery = found.unwrap().unwrap();
        assert_eq!((delivery.letter, delivery.state), (letter, State::Deferred));
        assert_eq!(delivery.answer.as_deref(), Some("451 4.3.0 mailbox busy"));
        let wait = (delivery.next_try.unwrap() - post.moment().now).num_seconds();
        assert!((60..=66).contains(&wait), "{wait}");
        post.waits(TimeDelta::seconds(59));
        assert_eq!(post.works().await, 0);
        post.waits(TimeDelta::seconds(8));
        assert_eq!(post.works().await, 1);
        let delivery = post.delivery(letter).await;
        assert_eq!((delivery.state, delivery.attempts), (State::Sent, 2));
    }
}

/// R137: after about two days it is given up, and the inviter is told.
#[tokio::test]
async fn r137_a_letter_that_never_arrives_is_given_up() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let (_, letter) = post.invites_grace().await;
        server.always(Some(Mood::Says("421 closing")));
        let began = post.moment().now;
        while let Some(next) = {
            post.works().await;
            post.delivery(letter).await.next_try
        } {
            post.waits(next - post.moment().now);
        }
        let (delivery, took) = (post.delivery(letter).await, post.moment().now - began);
        assert_eq!((delivery.state, delivery.attempts), (State::Failed, 9));
        assert!((40..60).contains(&took.num_hours()), "{took}");
        server.always(None);
        post.waits(TimeDelta::hours(1));
        post.works().await;
        let told = server.letters().pop().unwrap();
        assert_eq!(told.recipient, "ada@northwind.example");
        assert!(
            !told.raw.contains("s3cr3t"),
            "the inviter copies the link in the console, not from a letter"
        );
    }
}

/// R137: a permanent refusal ends the letter at once; that the mailbox does not exist is told apart from everything else.
#[tokio::test]
async fn r137_a_refused_letter_fails_and_the_inviter_hears_of_it() {
    let server = SmtpServer::start(Protection::None).await;
    for (says, state) in [
        ("550 5.1.1 no such user", State::Bounced),
        ("554 5.7.1 this looks like spam", State::Failed),
    ] {
        for post in Post::each(&server).await {
            let (invitation, letter) = post.invites_grace().await;
            server.next(Mood::Says(says));
            assert_eq!(
                post.works().await,
                2,
                "the invitation, and the news for the inviter"
            );
            let delivery = post.delivery(letter).await;
            assert_eq!((delivery.state, delivery.attempts), (state, 1));
            assert_eq!(delivery.answer.as_deref(), Some(says));
            let told = server.letters().pop().unwrap();
            assert_eq!(told.recipient, "ada@northwind.example");
            assert!(told.body().contains(says) && told.body().contains("grace@harborline.example"));
            let events = post.events().await;
            assert_eq!(events.len(), 1);
            assert_eq!(events[0].kind, "invitation.delivery_failed");
            assert_eq!(events[0].subject, invitation.to_string());
            assert_eq!(events[0].data["answer"], says);
        }
    }
}

/// R137: killed between sending and writing it down: the letter goes out again, and its Message-ID says that it is the same.
#[tokio::test]
async fn r137_a_kill_loses_nothing_and_a_second_copy_is_known_as_such() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let before = server.letters().len();
        let (_, letter) = post.invites_grace().await;
        let claimed = post.postman.claim(&post.moment(), 10).await.unwrap();
        post.postman.attempt(&post.moment(), &claimed[0]).await;
        drop(claimed); // the process dies here
        assert_eq!(post.works().await, 0, "the lease still stands");
        post.waits(TimeDelta::minutes(6));
        assert_eq!(post.works().await, 1);
        let copies = server.letters().split_off(before);
        assert_eq!(copies.len(), 2);
        assert_eq!(
            copies[0].header("Message-ID"),
            copies[1].header("Message-ID")
        );
        assert_eq!(copies[0].header("Date"), copies[1].header("Date"));
        assert_eq!(post.delivery(letter).await.state, State::Sent);
    }
}

/// A server that dies before it says "taken": nobody knows, so the letter is sent again.
#[tokio::test]
async fn r137_a_connection_that_breaks_is_no_answer() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let (_, letter) = post.invites_grace().await;
        server.next(Mood::DiesAfterwards);
        post.works().await;
        assert_eq!(post.delivery(letter).await.state, State::Deferred);
        post.waits(TimeDelta::minutes(2));
        post.works().await;
        assert_eq!(post.delivery(letter).await.state, State::Sent);
    }
}

/// Some servers take so many letters on a connection and no more: the next letter goes out on a new one, at once.
#[tokio::test]
async fn a_connection_that_has_carried_its_share_is_replaced() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let connected = server.connections();
        post.invites_grace().await;
        post.works().await;
        server.next(Mood::Says("421 4.7.0 enough on this connection"));
        let (_, second) = post.invites_grace().await;
        post.works().await;
        let delivery = post.delivery(second).await;
        assert_eq!((delivery.state, delivery.attempts), (State::Sent, 1));
        assert_eq!(server.connections() - connected, 2);
    }
}

/// A unit of work that fails leaves no letter behind.
#[tokio::test]
async fn what_did_not_happen_is_not_written_about() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let recipient = "grace@harborline.example".parse().unwrap();
        let locale = usher::web::Locale::default();
        let moment = post.moment();
        let undone: Result<(), Internal> = post
            .db()
            .write(async |tx| {
                let envelope = mail::Envelope {
                    recipient: &recipient,
                    locale: &locale,
                    invitation: None,
                };
                mail::enqueue(tx, &post.sealer, &moment, envelope, &recovery()).await?;
                Err(Internal::because("no"))
            })
            .await;
        assert!(undone.is_err());
        assert_eq!(post.works().await, 0);
    }
    assert!(server.letters().is_empty());
}

/// R57: what is revoked before it was sent is not sent; what goes to the inviter still is.
#[tokio::test]
async fn r57_revoking_cancels_what_is_not_sent_yet() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let before = server.letters().len();
        let (invitation, letter) = post.invites_grace().await;
        let code = AddressCodeLetter {
            application: "Expense Desk".into(),
            accent: None,
            code: "482 913".into(),
            expires_at: post.moment().now,
        };
        post.writes("grace@home.example", Some(invitation), &code)
            .await;
        let cancelled: Result<u64, Internal> = post
            .db()
            .write(async |tx| mail::cancel_for_invitation(tx, &post.moment(), invitation).await)
            .await;
        assert_eq!(cancelled.unwrap(), 2);
        assert_eq!(post.works().await, 0);
        assert_eq!(post.delivery(letter).await.state, State::Cancelled);
        assert_eq!(server.letters().len(), before);
    }
}

/// R57: revoked while it is under way: the answer changes nothing any more.
#[tokio::test]
async fn r57_a_letter_cancelled_under_way_stays_cancelled() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let (invitation, letter) = post.invites_grace().await;
        let mut claimed = post.postman.claim(&post.moment(), 10).await.unwrap();
        let claimed = claimed.pop().unwrap();
        let cancelled: Result<u64, Internal> = post
            .db()
            .write(async |tx| mail::cancel_for_invitation(tx, &post.moment(), invitation).await)
            .await;
        assert_eq!(cancelled.unwrap(), 1);
        server.next(Mood::Says("550 5.1.1 no such user"));
        let verdict = post.postman.attempt(&post.moment(), &claimed).await;
        post.postman
            .settle(&post.moment(), &claimed, &verdict)
            .await
            .unwrap();
        assert_eq!(post.delivery(letter).await.state, State::Cancelled);
        assert!(post.events().await.is_empty());
        assert_eq!(
            post.works().await,
            0,
            "nobody is told of a failure that nobody cares about"
        );
    }
}

/// Somebody waits before a page for their letter: it does not stand behind a batch of invitations.
#[tokio::test]
async fn who_waits_for_a_letter_is_served_first() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let before = server.letters().len();
        for _ in 0..70 {
            post.writes("grace@harborline.example", None, &grace_is_invited())
                .await;
        }
        post.waits(TimeDelta::minutes(10));
        post.writes("ann@home.example", None, &recovery()).await;
        post.works().await;
        let letters = server.letters().split_off(before);
        let place = letters
            .iter()
            .position(|letter| letter.recipient == "ann@home.example");
        assert_eq!(letters.len(), 71);
        assert!(
            place.unwrap() < 64,
            "among those that are taken first, not after them: {place:?}"
        );
    }
}

/// A letter that can't be written ends with an event, and the next one goes out.
#[tokio::test]
async fn a_poisoned_letter_blocks_nobody() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let before = server.letters().len();
        let (_, unsealed) = post.invites_grace().await;
        let (_, unknown) = post.invites_grace().await;
        let spoiled: Result<(), Internal> = post
            .db()
            .write(async |tx: &mut Tx| {
                let garbage = vec![1_u8; 40];
                let spoil = "UPDATE letter SET content_sealed = $1 WHERE id = $2";
                tx.sql(spoil).bind(garbage).bind(unsealed).run().await?;
                let spoil = "UPDATE letter SET kind = 'novel' WHERE id = $1";
                tx.sql(spoil).bind(unknown).run().await?;
                Ok(())
            })
            .await;
        spoiled.unwrap();
        let good = post.writes("ann@home.example", None, &recovery()).await;
        post.works().await;
        assert_eq!(post.delivery(unsealed).await.state, State::Failed);
        assert_eq!(post.delivery(unknown).await.state, State::Failed);
        assert_eq!(post.delivery(good).await.state, State::Sent);
        assert_eq!(server.letters().len(), before + 1);
        let kinds: Vec<String> = post
            .events()
            .await
            .into_iter()
            .map(|event| event.kind)
            .collect();
        assert!(kinds.contains(&"letter.failed".to_owned()), "{kinds:?}");
        assert!(
            kinds.contains(&"invitation.delivery_failed".to_owned()),
            "{kinds:?}"
        );
    }
}

/// R133: neither the link nor the code stands anywhere in clear: not in the outbox, not in the log.
#[tokio::test]
async fn r133_secrets_are_sealed_while_they_wait_and_gone_afterwards() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let (_, letter) = post.invites_grace().await;
        let sealed = content(&post).await.unwrap();
        assert!(!contains(&sealed, LINK) && !contains(&sealed, CODE));
        server.next(Mood::Says("451 4.3.0 later"));
        post.works().await;
        post.waits(TimeDelta::minutes(2));
        post.works().await;
        assert_eq!(post.delivery(letter).await.state, State::Sent);
        assert!(content(&post).await.is_none());
        let events = format!("{:?}", post.events().await);
        assert!(!events.contains("s3cr3t") && !events.contains(CODE));
        for bytes in post.database.files() {
            assert!(!contains(&bytes, "s3cr3t") && !contains(&bytes, CODE));
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// Names can't add headers or recipients, however they are spelt.
#[tokio::test]
async fn names_do_not_become_headers() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let mut letter = grace_is_invited();
        letter.inviter = "Eve\r\nBcc: all@evil.example\r\n\r\nHello".into();
        letter.application =
            "Désk\u{2028}Bcc: all@evil.example\n.\nMAIL FROM:<x@evil.example>".into();
        post.writes("grace@harborline.example", None, &letter).await;
        post.works().await;
        let received = server.letters().pop().unwrap();
        assert_eq!(received.header("Bcc"), None);
        assert_eq!(received.recipient, "grace@harborline.example");
        assert!(
            received.header("Subject").is_some() && received.header("Auto-Submitted").is_some()
        );
    }
}

/// STARTTLS with a certificate of one's own, and a user name and password.
#[tokio::test]
async fn letters_travel_encrypted_where_that_is_set() {
    for (protection, encryption) in [(Protection::Starttls, "starttls"), (Protection::Tls, "tls")] {
        let server = SmtpServer::start(protection).await;
        server.wants("usher pa55word");
        let port = server.port.to_string();
        let flags = [
            ("mail.smtp.host", "localhost"),
            ("mail.smtp.port", &port),
            ("mail.smtp.encryption", encryption),
            ("mail.smtp.ca_file", CERTIFICATE_FILE),
            ("mail.smtp.username", "usher"),
            ("mail.smtp.password", "pa55word"),
        ];
        Smtp::new(settings(&flags).mail.as_ref().unwrap())
            .unwrap()
            .check()
            .await
            .unwrap();
        let office = Post::each_with(&flags).await.remove(0);
        office.invites_grace().await;
        office.works().await;
        assert!(server.letters()[0].encrypted);
    }
}

/// A server without TLS, with a strange certificate, or that does not know us gets no letter; an operator can mend that.
#[tokio::test]
async fn what_an_operator_can_mend_defers_the_letter() {
    let (plain, tls) = (
        SmtpServer::start(Protection::None).await,
        SmtpServer::start(Protection::Starttls).await,
    );
    plain.wants("usher pa55word");
    let (port, tls_port) = (plain.port.to_string(), tls.port.to_string());
    for (port, encryption, username) in [
        (&port, "starttls", ""),
        (&tls_port, "starttls", ""),
        (&port, "none", "usher"),
    ] {
        let flags = [
            ("mail.smtp.host", "localhost"),
            ("mail.smtp.port", port.as_str()),
            ("mail.smtp.encryption", encryption),
            ("mail.smtp.username", username),
            (
                "mail.smtp.password",
                if username.is_empty() { "" } else { "wrong" },
            ),
        ];
        let check = Smtp::new(settings(&flags).mail.as_ref().unwrap())
            .unwrap()
            .check()
            .await;
        assert!(!check.unwrap_err().contains("wrong"));
        let office = Post::each_with(&flags).await.remove(0);
        let (_, letter) = office.invites_grace().await;
        office.works().await;
        let delivery = office.delivery(letter).await;
        assert_eq!(delivery.state, State::Deferred, "{:?}", delivery.answer);
    }
    assert!(plain.letters().is_empty() && tls.letters().is_empty());
}

/// An address that the server's dialect can't carry fails instead of being tried for two days.
#[tokio::test]
async fn an_address_that_the_server_cannot_carry_fails() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let letter = post
            .writes("jürgen@müller.example", None, &recovery())
            .await;
        post.works().await;
        assert_eq!(post.delivery(letter).await.state, State::Failed);
    }
}

/// A server that never answers keeps its letters waiting and nothing else: other work goes on, and stopping does not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_server_slows_nothing_else() {
    let server = SmtpServer::start(Protection::None).await;
    server.always(Some(Mood::Hangs));
    for post in Post::each(&server).await {
        for _ in 0..80 {
            post.writes("grace@harborline.example", None, &recovery())
                .await;
        }
        let (db, moment) = (post.db().clone(), post.moment());
        let runner = Runner::new(post.clock());
        runner.attend(&db, Arc::new(post.postman));
        while server.connections() < 64 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let recorded: Result<_, Internal> = db
            .write(async |tx| {
                let kind = usher::event::Kind::GroupCreated;
                let happening = kind.about("grp_1", serde_json::json!({}));
                usher::event::record(tx, &moment, &usher::event::Actor::System, happening).await
            })
            .await;
        recorded.unwrap();
        runner.stop(Duration::from_millis(50)).await;
    }
}

/// R137: over a slow network to a server of many moods every letter gets its own state, and none waits for another.
#[tokio::test(flavor = "multi_thread")]
async fn r137_a_moody_server_holds_up_only_what_it_is_moody_about() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        for _ in 0..60 {
            post.writes("grace@harborline.example", None, &recovery())
                .await;
        }
        for (times, mood) in [
            (2, Mood::Hangs),
            (3, Mood::HangsUp),
            (4, Mood::Says("451 4.7.1 greylisted")),
            (5, Mood::Says("550 5.1.1 no such user")),
        ] {
            (0..times).for_each(|_| server.next(mood));
        }
        server.always(Some(Mood::Slow));
        let (db, clock, begun) = (post.db().clone(), post.clock(), Instant::now());
        let runner = Runner::new(clock);
        runner.attend(&db, Arc::new(post.postman));
        let wanted = [("bounced", 5), ("deferred", 7), ("queued", 2), ("sent", 46)];
        states(&db, &wanted).await;
        let one_by_one = Duration::from_millis(46 * 400);
        assert!(begun.elapsed() < one_by_one, "they waited for each other");

        // What was put off comes again; now one is refused for good.
        server.next(Mood::Says("550 5.1.1 no such user"));
        post.time.advance(TimeDelta::minutes(2));
        let wanted = [("bounced", 6), ("queued", 2), ("sent", 52)];
        states(&db, &wanted).await;
        runner.stop(Duration::from_millis(50)).await;
        server.always(None);
    }
}

/// Waits until so many letters are in each state.
async fn states(db: &Db, wanted: &[(&str, i64)]) {
    let mut found: Vec<(String, i64)> = Vec::new();
    for _ in 0..400 {
        let read: Result<_, Internal> = db
            .read(async |tx: &mut Tx| {
                let sql = "SELECT state, COUNT(*) FROM letter GROUP BY state ORDER BY state";
                tx.sql(sql).all().await
            })
            .await;
        found = read.unwrap();
        if found.len() == wanted.len()
            && found
                .iter()
                .zip(wanted)
                .all(|(one, other)| (one.0.as_str(), one.1) == *other)
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{found:?} instead of {wanted:?}");
}

/// Two nodes over one outbox: every letter goes out once, over few connections.
#[tokio::test(flavor = "multi_thread")]
async fn two_postmen_share_the_work() {
    const LETTERS: usize = 500;
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        let (before, connected) = (server.letters().len(), server.connections());
        let port = server.port.to_string();
        let flags = [
            ("mail.smtp.host", "localhost"),
            ("mail.smtp.port", port.as_str()),
            ("mail.smtp.encryption", "none"),
        ];
        let db = post.db().clone();
        let second = Postman::new(&settings(&flags), db.clone(), post.sealer.clone()).unwrap();
        for _ in 0..LETTERS {
            post.writes("grace@harborline.example", None, &recovery())
                .await;
        }
        let runner = Runner::new(post.clock());
        runner.attend(&db, Arc::new(second));
        runner.attend(&db, Arc::new(post.postman));
        while server.letters().len() < before + LETTERS {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        runner.stop(Duration::from_secs(5)).await;
        let letters = server.letters().split_off(before);
        let ids: std::collections::BTreeSet<_> = letters
            .iter()
            .map(|letter| letter.header("Message-ID"))
            .collect();
        assert_eq!((letters.len(), ids.len()), (LETTERS, LETTERS));
        assert!(server.connections() - connected <= 2 * 64);
        let unsent: Result<(i64,), Internal> = db
            .read(async |tx: &mut Tx| {
                tx.sql("SELECT COUNT(*) FROM letter WHERE state <> 'sent'")
                    .one()
                    .await
            })
            .await;
        assert_eq!(unsent.unwrap().0, 0);
    }
}

/// Told to stop, the postman takes nothing new but finishes what he has in hand.
#[tokio::test(flavor = "multi_thread")]
async fn stopping_finishes_what_runs() {
    let server = SmtpServer::start(Protection::None).await;
    for post in Post::each(&server).await {
        for _ in 0..200 {
            post.writes("grace@harborline.example", None, &recovery())
                .await;
        }
        let db = post.db().clone();
        let runner = Runner::new(post.clock());
        runner.attend(&db, Arc::new(post.postman));
        while server.letters().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        runner.stop(Duration::from_secs(30)).await;
        let leased: Result<(i64,), Internal> = db
            .read(async |tx: &mut Tx| {
                tx.sql("SELECT COUNT(*) FROM letter WHERE leased_until IS NOT NULL")
                    .one()
                    .await
            })
            .await;
        assert_eq!(leased.unwrap().0, 0, "nothing is left half way");
    }
}

/// The runner hears of a letter as soon as it is committed, long before its next round would come.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_wakes_the_postman() {
    let server = SmtpServer::start(Protection::None).await;
    let post = Post::each(&server).await.remove(0);
    let mut bell = post.db().work_written();
    bell.mark_unchanged();
    post.invites_grace().await;
    assert!(bell.has_changed().unwrap());
}

/// Without a mail server, on a developer's machine, letters land in the mailbox; landing twice is landing once.
#[tokio::test]
async fn letters_land_in_the_mailbox_without_a_mail_server() {
    for post in Post::each_with(&[]).await {
        let (_, letter) = post.invites_grace().await;
        let claimed = post.postman.claim(&post.moment(), 10).await.unwrap();
        post.postman.attempt(&post.moment(), &claimed[0]).await;
        post.waits(TimeDelta::minutes(6));
        assert_eq!(post.works().await, 1);
        let landed: Result<_, Internal> = post
            .db()
            .read(async |tx| mail::list_delivered(tx).await)
            .await;
        let landed = landed.unwrap();
        assert_eq!(landed.len(), 1);
        assert_eq!(
            (landed[0].id, landed[0].recipient.as_str()),
            (letter, "grace@harborline.example")
        );
        assert_eq!(
            landed[0].links(),
            [LINK, "https://id.northwind.example/invitation"]
        );
        assert!(landed[0].html.contains("<html") && landed[0].text.contains(LINK));
    }
}

/// R133: where others could read the mailbox there is none: letters wait, sealed, until a mail server is set.
#[tokio::test]
async fn r133_without_a_mail_server_letters_of_a_public_installation_wait() {
    for post in Post::each_with(&[("server.public_url", "https://id.northwind.example")]).await {
        let (_, letter) = post.invites_grace().await;
        assert_eq!(
            drain(&post.postman, &Clock::manual(&post.time))
                .await
                .unwrap(),
            0
        );
        let delivery = post.delivery(letter).await;
        assert_eq!((delivery.state, delivery.attempts), (State::Queued, 0));
        assert!(content(&post).await.is_some());
    }
}
