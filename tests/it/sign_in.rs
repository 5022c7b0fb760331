//! Signing in: one page, one answer for every mistake, a new session each time.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use http::{StatusCode, header};
use usher::event::Actor;
use usher::identity::password;
use usher::identity::{
    Attributes, IdentifierKind, IdentityId, IdentityStore, NewIdentifier, NewIdentity, NewPassword,
    Profile, Proof,
};
use usher::kit::{Internal, Secret};
use usher::session;
use usher::session::flow::{Destination, Flow};

use crate::harness::{Browser, Page, RelyingParty, TestApp};

pub(crate) const PASSWORD: &str = "plover grommet tarn";

/// "Expense Desk" with Ann in its store.
pub(crate) struct Desk {
    pub(crate) test: TestApp,
    pub(crate) store: IdentityStore,
    pub(crate) party: RelyingParty,
    pub(crate) ann: IdentityId,
}

impl Desk {
    pub(crate) async fn each() -> Vec<Self> {
        let mut desks = Vec::new();
        for test in TestApp::each().await {
            let store = test.store("People").await;
            let party = test.expense_desk(store.id).await;
            let ann = person(
                &test,
                &store,
                ("ann@example.com", Proof::Given),
                NewPassword::Own,
            )
            .await;
            desks.push(Self {
                test,
                store,
                party,
                ann,
            });
        }
        desks
    }

    /// A browser on its way to the application, and the page it is shown.
    pub(crate) async fn arrives(&self) -> (Browser, Page) {
        let mut browser = self.test.browser();
        let page = self.begins(&mut browser, |_| {}).await;
        (browser, page)
    }

    pub(crate) async fn begins(
        &self,
        browser: &mut Browser,
        change: impl FnOnce(&mut Flow),
    ) -> Page {
        let sealed = self.flow(browser, &self.party, change).await;
        browser.open(&self.test.app.links.sign_in(&sealed)).await
    }

    pub(crate) async fn flow(
        &self,
        browser: &mut Browser,
        party: &RelyingParty,
        change: impl FnOnce(&mut Flow),
    ) -> String {
        if browser.cookie("usher-browser").is_none() {
            let id = party.application.to_string();
            browser
                .open(&self.test.app.links.forgotten_password_of(&id))
                .await;
        }
        let cookie = Secret::new(browser.cookie("usher-browser").unwrap()).digest();
        let moment = self.test.app.moment();
        let mut flow = Flow::begin(&moment, cookie, party.application, Destination::Application);
        change(&mut flow);
        flow.seal(&self.test.app.sealer, &moment).unwrap()
    }

    pub(crate) async fn ann_signs_in(&self) -> Browser {
        let (mut browser, page) = self.arrives().await;
        let page = types(&mut browser, &page, "ann@example.com", PASSWORD).await;
        assert!(is_in(&page), "{}", page.body);
        browser
    }

    /// Whether the browser's session still counts.
    pub(crate) async fn is_signed_in(&self, browser: &Browser) -> bool {
        let Some(cookie) = browser.cookie("usher-session") else {
            return false;
        };
        let (cookie, now) = (Secret::new(cookie), self.test.app.moment().now);
        let held = session::Held::read(&self.test.app.db, &cookie, now)
            .await
            .unwrap();
        held.in_store(self.store.id).is_some()
    }
}

pub(crate) async fn person(
    test: &TestApp,
    store: &IdentityStore,
    (email, proof): (&str, Proof),
    kind: fn(password::PasswordHash) -> NewPassword,
) -> IdentityId {
    let moment = test.app.moment();
    let hash = test
        .app
        .hasher
        .hash(&Secret::new(PASSWORD), &moment)
        .await
        .unwrap();
    let new = NewIdentity {
        id: None,
        store,
        identifiers: vec![NewIdentifier::parse(IdentifierKind::Email, email, proof).unwrap()],
        profile: Profile::parse(BTreeMap::from([("name".to_owned(), "Ann Lee".to_owned())]))
            .unwrap(),
        attributes: Attributes::default(),
        password: Some(kind(hash)),
    };
    let made = test
        .app
        .db
        .write(async |tx| usher::identity::register(tx, &moment, &Actor::System, new).await);
    made.await.unwrap()
}

pub(crate) async fn types(
    browser: &mut Browser,
    page: &Page,
    username: &str,
    password: &str,
) -> Page {
    browser
        .submit(
            page,
            "submit",
            &[("username", username), ("password", password)],
        )
        .await
}

/// Signed in, and on to the application.
pub(crate) fn is_in(page: &Page) -> bool {
    page.leaves_for
        .as_ref()
        .is_some_and(|url| url.host_str() == Some("desk.example"))
}

/// What a page says, without what differs from one request to the next.
fn words(page: &Page) -> String {
    page.text("main")
}

#[tokio::test]
async fn the_right_password_signs_in_and_each_time_anew() {
    for desk in Desk::each().await {
        let mut browser = desk.ann_signs_in().await;
        let first = browser.cookie("usher-session").unwrap().to_owned();
        assert!(desk.is_signed_in(&browser).await);
        let page = desk.begins(&mut browser, |_| {}).await;
        assert_eq!(page.value("username").as_deref(), Some("ann@example.com"));
        let page = types(&mut browser, &page, " ANN@example.com ", PASSWORD).await;
        assert!(is_in(&page) && desk.is_signed_in(&browser).await);
        assert_ne!(browser.cookie("usher-session").unwrap(), first);
        let (old, now) = (Secret::new(first), desk.test.app.moment().now);
        let held = session::Held::read(&desk.test.app.db, &old, now)
            .await
            .unwrap();
        assert_eq!(held.iter().count(), 0, "the session before is over");
        desk.test.advance(TimeDelta::hours(12));
        assert!(!desk.is_signed_in(&browser).await);
    }
}

/// A session that somebody planted beforehand never becomes the person's.
#[tokio::test]
async fn a_planted_session_is_worth_nothing() {
    for desk in Desk::each().await {
        let (mut browser, page) = desk.arrives().await;
        browser.set_cookie("usher-session", "planted");
        let page = types(&mut browser, &page, "ann@example.com", PASSWORD).await;
        assert!(is_in(&page));
        let cookie = browser.cookie("usher-session").unwrap();
        assert!(cookie.len() == 43 && !cookie.contains("planted"));
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_look_the_same() {
    for desk in Desk::each().await {
        let mut seen = Vec::new();
        for name in [
            "ann@example.com",
            "bob@example.com",
            "nobody",
            "+44 20 7946 0018",
        ] {
            let (mut browser, page) = desk.arrives().await;
            let page = types(&mut browser, &page, name, "wrong").await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(page.value("username").as_deref(), Some(name));
            assert!(
                browser.cookie("usher-session").is_none()
                    && browser.cookie("usher-known").is_none()
            );
            seen.push(words(&page));
        }
        assert!(seen.windows(2).all(|two| two[0] == two[1]));
    }
}

#[tokio::test]
async fn too_many_attempts_are_told_when_to_come_back() {
    for desk in Desk::each().await {
        let mut seen = Vec::new();
        for name in ["ann@example.com", "bob@example.com"] {
            let (mut browser, page) = desk.arrives().await;
            for _ in 0..10 {
                types(&mut browser, &page, name, "wrong").await;
            }
            let page = types(&mut browser, &page, name, PASSWORD).await;
            assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(page.headers[header::RETRY_AFTER], "900");
            seen.push(words(&page));
        }
        assert_eq!(seen[0], seen[1]);
    }
}

#[tokio::test]
async fn bad_input_is_refused_and_nothing_lost() {
    for desk in Desk::each().await {
        let (mut browser, page) = desk.arrives().await;
        let flow = page.value("flow").unwrap();
        let huge = "a".repeat(10_000_000);
        for (fields, status) in [
            (
                vec![("username", "ann@example.com"), ("password", "")],
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            (
                vec![("username", " "), ("password", PASSWORD)],
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            (vec![("password", PASSWORD)], StatusCode::BAD_REQUEST),
            (
                vec![("username", "a\0"), ("password", PASSWORD)],
                StatusCode::BAD_REQUEST,
            ),
            (
                vec![("username", "a"), ("username", "b"), ("password", PASSWORD)],
                StatusCode::BAD_REQUEST,
            ),
            (
                vec![("username", "ann@example.com"), ("password", &huge)],
                StatusCode::PAYLOAD_TOO_LARGE,
            ),
            (
                vec![("username", &huge), ("password", PASSWORD)],
                StatusCode::PAYLOAD_TOO_LARGE,
            ),
        ] {
            let mut all = vec![("flow", flow.as_str())];
            all.extend(fields);
            assert_eq!(browser.post("/sign-in", &all).await.status, status);
        }
        assert!(is_in(
            &types(&mut browser, &page, "ann@example.com", PASSWORD).await
        ));
    }
}

#[tokio::test]
async fn a_flow_belongs_to_its_browser_and_the_form_to_our_pages() {
    for desk in Desk::each().await {
        let (mut browser, page) = desk.arrives().await;
        let (mut other, _) = desk.arrives().await;
        let stolen = types(&mut other, &page, "ann@example.com", PASSWORD).await;
        assert_eq!(stolen.status, StatusCode::BAD_REQUEST);
        assert!(other.cookie("usher-session").is_none());
        browser.posts_from = Some("https://evil.example".to_owned());
        let forged = types(&mut browser, &page, "ann@example.com", PASSWORD).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        for flow in ["", "nonsense"] {
            let page = browser.open(&desk.test.app.links.sign_in(flow)).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST);
        }
    }
}

#[tokio::test]
async fn a_disabled_person_is_out_at_once() {
    for desk in Desk::each().await {
        let browser = desk.ann_signs_in().await;
        let moment = desk.test.app.moment();
        let disabled = desk
            .test
            .app
            .db
            .write(async |tx| session::shut_out(tx, &moment, &Actor::System, desk.ann).await);
        disabled.await.unwrap();
        assert!(!desk.is_signed_in(&browser).await);
        let (mut browser, page) = desk.arrives().await;
        let page = types(&mut browser, &page, "ann@example.com", PASSWORD).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

/// R107: a password that somebody else has set is changed before anything else.
#[tokio::test]
async fn r107_a_temporary_password_has_to_be_changed() {
    for desk in Desk::each().await {
        let bob = ("bob@example.com", Proof::Given);
        person(&desk.test, &desk.store, bob, NewPassword::Temporary).await;
        let (mut browser, page) = desk.arrives().await;
        let page = types(&mut browser, &page, "bob@example.com", PASSWORD).await;
        assert!(
            page.url.path().starts_with("/reset-password/"),
            "{}",
            page.url
        );
        assert!(!desk.is_signed_in(&browser).await);
        let page = browser
            .submit(&page, "submit", &[("password", "quilt anvil meadow")])
            .await;
        assert!(is_in(&page) && desk.is_signed_in(&browser).await);
        let (mut browser, page) = desk.arrives().await;
        let page = types(&mut browser, &page, "bob@example.com", "quilt anvil meadow").await;
        assert!(is_in(&page));
    }
}

#[tokio::test]
async fn a_browser_holds_a_session_per_store() {
    for desk in Desk::each().await {
        let mut browser = desk.ann_signs_in().await;
        let elsewhere = desk.test.store("Administrators").await;
        person(
            &desk.test,
            &elsewhere,
            ("ann@example.com", Proof::Given),
            NewPassword::Own,
        )
        .await;
        let party = desk
            .test
            .application(elsewhere.id, "Back Office", |_, _| {})
            .await;
        let sealed = desk.flow(&mut browser, &party, |_| {}).await;
        let page = browser.open(&desk.test.app.links.sign_in(&sealed)).await;
        assert_eq!(
            page.value("username").as_deref(),
            Some(""),
            "nobody of this store is known here"
        );
        types(&mut browser, &page, "ann@example.com", PASSWORD).await;
        assert!(desk.is_signed_in(&browser).await);
        assert_eq!(
            browser.cookie("usher-session").unwrap().split('.').count(),
            2
        );
    }
}

#[tokio::test]
async fn an_account_is_chosen_or_another_one() {
    for desk in Desk::each().await {
        let mut browser = desk.ann_signs_in().await;
        let sealed = desk.flow(&mut browser, &desk.party, |_| {}).await;
        let page = browser
            .open(&desk.test.app.links.choose_account(&sealed))
            .await;
        assert!(words(&page).contains("Ann Lee") && words(&page).contains("ann@example.com"));
        let chosen = browser.submit(&page, "account-1", &[]).await;
        assert!(is_in(&chosen), "{}", chosen.body);
        let other = browser.submit(&page, "account-other", &[]).await;
        assert_eq!(other.url.path(), "/sign-in");
        assert_eq!(other.value("username").as_deref(), Some(""));
        assert!(is_in(
            &types(&mut browser, &other, "ann@example.com", PASSWORD).await
        ));
    }
}

/// What a sign-in writes: one session, one event, and nothing that anybody could use.
#[tokio::test]
async fn a_sign_in_leaves_no_secret_in_the_log() {
    for desk in Desk::each().await {
        let browser = desk.ann_signs_in().await;
        let filter = usher::event::Filter {
            subject: None,
            kind: Some("session.".to_owned()),
        };
        let page = usher::kit::PageRequest::first();
        let events: Result<_, Internal> = desk
            .test
            .app
            .db
            .read(async |tx| usher::event::list(tx, &filter, &page).await)
            .await;
        let events = events.unwrap().items;
        assert_eq!(events.len(), 1);
        let text = format!("{events:?}");
        assert!(
            !text.contains(browser.cookie("usher-session").unwrap())
                && !text.contains("ann@example.com")
        );
    }
}

/// The hashing pool is full: nobody's password is judged, and it works a moment later.
#[tokio::test]
async fn a_full_pool_asks_people_to_come_back() {
    for desk in Desk::each().await {
        let (mut browser, page) = desk.arrives().await;
        let full = desk.test.app.hasher.fill();
        let busy = types(&mut browser, &page, "ann@example.com", PASSWORD).await;
        assert!(busy.asks_to_come_back(), "{} {}", busy.status, busy.body);
        drop(full);
        assert!(is_in(
            &types(&mut browser, &busy, "ann@example.com", PASSWORD).await
        ));
    }
}
