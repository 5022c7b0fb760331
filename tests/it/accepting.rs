//! Between the letter and the account: what changes, what doesn't, and what happens when two come at once.

use chrono::TimeDelta;
use http::StatusCode;
use usher::application::{AddressMode, FieldMode, SelfServicePolicy};

use crate::harness::{Browser, Page, TestApp, invitation};

const GRACE: &str = "grace.hopper@harborline.example";
const PASSWORD: (&str, &str) = ("password", "four quiet lamps at dusk");

/// Opens the newest letter to Grace in a browser of its own and goes on to the form.
async fn at_the_form(app: &TestApp) -> (Browser, Page) {
    let letter = app.letter_to(GRACE).await;
    let mut browser = app.browser();
    let landing = browser.open(letter.link("/invitation/")).await;
    let form = browser.submit(&landing, "submit", &[]).await;
    (browser, form)
}

/// R54, R55, R129: opening the link, looking at the form, and a form that is refused change nothing; the link stays good.
#[tokio::test]
async fn r54_r55_giving_up_half_way_changes_nothing() {
    for app in TestApp::each().await {
        let store = app.store("Customers").await;
        let desk = app.expense_desk(store.id).await;
        let invited = app.issues(invitation(&desk, GRACE)).await;
        let (mut first, form) = at_the_form(&app).await;
        let refused = first
            .submit(&form, "submit", &[("password", "short")])
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(app.status_of(invited.id).await, "pending");
        assert!(app.identity_of(&store, GRACE).await.is_none());

        let (mut second, form) = at_the_form(&app).await;
        let done = second.submit(&form, "submit", &[PASSWORD]).await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
        assert_eq!(app.status_of(invited.id).await, "done");
    }
}

/// R43, R44: what is hidden is stored as pre-filled, what is read-only can't be changed, whatever the browser sends.
#[tokio::test]
async fn r43_r44_the_policy_decides_what_an_invitee_may_change() {
    for app in TestApp::each().await {
        let store = app.store("Customers").await;
        let mut policy = SelfServicePolicy::default();
        policy
            .fields
            .insert("family_name".to_owned(), FieldMode::ReadOnly);
        let desk = app.expense_desk_with(store.id, policy).await;
        let profile = [
            ("given_name", "Grace"),
            ("family_name", "Hopper"),
            ("nickname", "Amazing"),
        ];
        app.issues(invitation(&desk, GRACE).with_profile(&profile))
            .await;
        let (mut grace, form) = at_the_form(&app).await;
        assert!(!form.has("[name=nickname]"), "a hidden field is shown");
        assert!(form.has("[name=family_name][readonly]"));
        let typed = [
            PASSWORD,
            ("given_name", "Amy"),
            ("family_name", "Nobody"),
            ("nickname", "Forged"),
            ("username", GRACE),
        ];
        let done = grace.submit(&form, "submit", &typed).await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
        let identity = app.identity_of(&store, GRACE).await.unwrap();
        let known = |name| identity.profile.get(name);
        assert_eq!(known("given_name"), Some("Amy"));
        assert_eq!(known("family_name"), Some("Hopper"));
        assert_eq!(known("nickname"), Some("Amazing"));
    }
}

/// R22, R62: of two who finish at the same moment one gets the account, and the other reads why not.
#[tokio::test(flavor = "multi_thread")]
async fn r22_two_acceptances_at_once_give_one_identity_and_one_clear_message() {
    for app in TestApp::each().await {
        let store = app.store("Customers").await;
        let desk = app.expense_desk(store.id).await;
        let invited = app.issues(invitation(&desk, GRACE)).await;
        let ((mut one, form), (mut other, same)) =
            (at_the_form(&app).await, at_the_form(&app).await);
        let (first, second) = tokio::join!(
            one.submit(&form, "submit", &[PASSWORD]),
            other.submit(&same, "submit", &[PASSWORD])
        );
        let (won, lost): (Vec<_>, Vec<_>) = [first, second]
            .into_iter()
            .partition(|page| page.leaves_for.is_some());
        assert_eq!((won.len(), lost.len()), (1, 1));
        assert_eq!(lost[0].status, StatusCode::GONE, "{}", lost[0].body);
        assert!(!lost[0].heading().is_empty());
        assert_eq!(app.status_of(invited.id).await, "done");
        assert!(app.identity_of(&store, GRACE).await.is_some());
    }
}

/// Nobody fills a stranger's mailbox with codes: within an hour an address gets five from one network (R38).
#[tokio::test]
async fn r38_an_address_gets_few_codes() {
    for app in TestApp::each().await {
        let store = app.store("Customers").await;
        let policy = SelfServicePolicy {
            address: AddressMode::AnyVerifiedAddress,
            ..SelfServicePolicy::default()
        };
        let desk = app.expense_desk_with(store.id, policy).await;
        app.issues(invitation(&desk, GRACE)).await;
        let (mut mallory, form) = at_the_form(&app).await;
        let stranger = "stranger@elsewhere.example";
        let mut page = mallory
            .submit(&form, "submit", &[PASSWORD, ("username", stranger)])
            .await;
        for _ in 0..4 {
            app.advance(TimeDelta::minutes(1));
            page = mallory.submit(&page, "again", &[]).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        }
        app.advance(TimeDelta::minutes(1));
        let refused = mallory.submit(&page, "again", &[]).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        let letters = app.letters().await;
        let got = letters
            .iter()
            .filter(|letter| letter.recipient == stranger)
            .count();
        assert_eq!(got, 5);
        app.advance(TimeDelta::hours(1));
        let later = mallory.submit(&page, "again", &[]).await;
        assert_eq!(later.status, StatusCode::OK, "{}", later.body);
    }
}

/// The hashing pool is full: the invitee keeps the form with what they typed, and it works a moment later.
#[tokio::test]
async fn a_full_pool_asks_invitees_to_come_back() {
    for app in TestApp::each().await {
        let store = app.store("Customers").await;
        let desk = app.expense_desk(store.id).await;
        app.issues(invitation(&desk, GRACE)).await;
        let (mut grace, form) = at_the_form(&app).await;
        let full = app.app.hasher.fill();
        let name = ("given_name", "Amazing Grace");
        let busy = grace.submit(&form, "submit", &[PASSWORD, name]).await;
        assert!(busy.asks_to_come_back(), "{} {}", busy.status, busy.body);
        assert!(busy.body.contains("Amazing Grace"));
        drop(full);
        let done = grace.submit(&busy, "submit", &[PASSWORD]).await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
    }
}
