//! What people sign in with, and what becomes of it.

use chrono::TimeDelta;
use http::StatusCode;
use usher::identity::{IdentifierKind, IdentityId, NewPassword, Proof};
use usher::session::flow::{Account, Destination};

use super::{World, connect};
use crate::harness::{Browser, Page};
use crate::sign_in::person;

const ANN: &str = "ann@example.com";

/// Ann without a password, signed in with an account at Contoso, at her account page.
async fn ann_of_contoso(world: &World) -> (IdentityId, Browser, Page) {
    let db = &world.test.app.db;
    let ann = crate::identities::register(db, &world.store, &[(IdentifierKind::Email, ANN)]);
    let ann = ann.await.unwrap();
    world.links(ann, &world.proven("ann")).await;
    let (mut browser, _) = world.at_the_door().await;
    let app = &world.test.app;
    let new = usher::session::NewSession {
        identity: ann,
        store: world.store.id,
        methods: usher::session::Methods::external(Vec::new()),
        authenticated_at: None,
        origin: None,
        lifetime: TimeDelta::hours(1),
    };
    let moment = app.moment();
    let begin = async |tx: &mut _| usher::session::begin(tx, &moment, new).await;
    let started = app.db.write(begin).await.unwrap();
    browser.set_cookie("usher-session", started.token.reveal());
    let page = browser.open("/account").await;
    (ann, browser, page)
}

/// What the button posts.
fn unlinking(page: &Page, button: &str) -> [(&'static str, String); 2] {
    let account = page.attribute(button, "value").unwrap();
    [
        ("application", page.value("application").unwrap()),
        ("account", account),
    ]
}

fn pairs<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

/// BR-05: the last one stays, however often and at once one tries; with another one it goes, and the owner is told.
#[tokio::test(flavor = "multi_thread")]
async fn br_05_nobody_loses_the_last_way_in() {
    for world in World::each().await {
        let (ann, mut browser, page) = ann_of_contoso(&world).await;
        assert!(!page.has("#unlink-1"), "{}", page.body);
        world.links(ann, &world.proven("ann.other")).await;
        let page = browser.open("/account").await;
        let (one, other) = (unlinking(&page, "#unlink-1"), unlinking(&page, "#unlink-2"));
        let mut second = world.test.browser();
        for cookie in ["usher-browser", "usher-session"] {
            second.set_cookie(cookie, browser.cookie(cookie).unwrap());
        }
        let (first, then) = (pairs(&one), pairs(&other));
        let (first, then) = tokio::join!(
            browser.post("/account/unlink", &first),
            second.post("/account/unlink", &then)
        );
        let refused = [&first, &then]
            .iter()
            .filter(|page| page.status == StatusCode::CONFLICT)
            .count();
        assert_eq!(refused, 1, "{}\n{}", first.body, then.body);
        let left = [world.proven("ann"), world.proven("ann.other")];
        let mut kept = 0;
        for account in &left {
            kept += usize::from(world.owner(account).await.is_some());
        }
        assert_eq!(kept, 1);
        let twice = browser.post("/account/unlink", &pairs(&one)).await;
        assert_eq!(twice.status, StatusCode::CONFLICT, "{}", twice.body);
        let letter = world.test.letter_to(ANN).await;
        assert!(letter.subject.contains("Contoso"), "{}", letter.subject);
        assert_eq!(world.happened("identity.account_unlinked").await, 1);
    }
}

/// BR-05: an account of a connection that is switched off is no way in.
#[tokio::test]
async fn br_05_a_connection_that_is_off_does_not_count() {
    for world in World::each().await {
        let (ann, mut browser, _) = ann_of_contoso(&world).await;
        let off = connect(&world.test, "Off", &[]).await;
        let mut other = world.proven("ann.other");
        other.connection = off;
        world.links(ann, &other).await;
        let switched = async |tx: &mut usher::db::Tx| {
            tx.sql("UPDATE connection SET enabled = $2 WHERE id = $1")
                .bind(off)
                .bind(false)
                .run()
                .await
        };
        assert_eq!(world.test.app.db.write(switched).await.unwrap(), 1);
        let page = browser.open("/account").await;
        assert!(
            page.has("#unlink-2") && !page.has("#unlink-1"),
            "{}",
            page.body
        );
    }
}

/// A forgotten password of an account that has none: the same page, and a letter that says with what to sign in. No link in it
/// sets a password.
#[tokio::test]
async fn recovery_of_an_account_without_a_password_names_its_providers() {
    for world in World::each().await {
        ann_of_contoso(&world).await;
        person(
            &world.test,
            &world.store,
            ("bob@example.com", Proof::Given),
            NewPassword::Own,
        )
        .await;
        let mut answers = Vec::new();
        for name in [ANN, "bob@example.com", "nobody@example.com"] {
            let (mut browser, page) = world.at_the_door().await;
            let page = browser
                .open(&page.attribute("#forgotten", "href").unwrap())
                .await;
            let sent = browser.submit(&page, "submit", &[("username", name)]).await;
            answers.push((
                sent.status,
                sent.heading(),
                sent.text("p").replace(name, "…"),
            ));
        }
        assert!(
            answers.windows(2).all(|pair| pair[0] == pair[1]),
            "{answers:?}"
        );
        let letter = world.test.letter_to(ANN).await;
        assert!(letter.text.contains("Contoso") && !letter.text.contains("/reset-password/"));
        let letter = world.test.letter_to("bob@example.com").await;
        assert!(letter.text.contains("/reset-password/"));
    }
}

/// The account page is for who is signed in; others sign in and come back to it.
#[tokio::test]
async fn the_account_page_asks_who_is_there() {
    for world in World::each().await {
        person(
            &world.test,
            &world.store,
            (ANN, Proof::Given),
            NewPassword::Own,
        )
        .await;
        let mut browser = world.test.browser();
        let address = world
            .test
            .app
            .links
            .account_in(&world.desk.application.to_string());
        let page = browser.open(&address).await;
        assert!(page.has("#password"), "{}", page.body);
        let page = world.signs_in(&mut browser, &page, ANN).await;
        assert!(
            page.has("#change-password") && page.has("#with-1"),
            "{}",
            page.body
        );
        let flow = world.flow(&browser, Destination::Application, Account::NotAsked);
        let forged = [
            ("application", world.desk.application.to_string()),
            ("account", flow),
        ];
        let refused = browser.post("/account/unlink", &pairs(&forged)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
    }
}

/// BR-04: an address of the provider's domain, without a password, leads away, whether there is such an account or not.
#[tokio::test]
async fn br_04_a_domain_leads_to_its_provider_for_everybody() {
    for world in World::each().await {
        ann_of_contoso(&world).await;
        let mut answers = Vec::new();
        for name in ["known@contoso.example", "unknown@contoso.example"] {
            let (mut browser, page) = world.at_the_door().await;
            let typed = [("username", name), ("password", "")];
            let led = browser.submit(&page, "submit", &typed).await;
            answers.push((led.status, led.heading()));
            let stays = browser
                .submit(&page, "submit", &[("username", "a@elsewhere.example")])
                .await;
            assert_eq!(stays.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(stays.has("#username"));
        }
        assert_eq!(answers[0], answers[1]);
        assert_ne!(
            answers[0].0,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{answers:?}"
        );
    }
}
