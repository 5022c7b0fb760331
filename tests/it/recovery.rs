//! Forgotten passwords: the same answer to everybody, a link that works once, and no way lost.

use chrono::TimeDelta;
use http::StatusCode;
use usher::identity::{NewPassword, Proof};
use usher::session::flow::{Destination, Flow, InvitationRef};

use crate::harness::{Browser, Page};
use crate::sign_in::{Desk, PASSWORD, is_in, person, types};

const NEW: &str = "quilt anvil meadow";

impl Desk {
    /// Somebody says that they forgot the password of this account.
    async fn forgets(&self, browser: &mut Browser, username: &str) -> Page {
        self.forgets_on(browser, username, |_| {}).await
    }

    async fn forgets_on(
        &self,
        browser: &mut Browser,
        username: &str,
        change: impl FnOnce(&mut Flow),
    ) -> Page {
        let sealed = self.flow(browser, &self.party, change).await;
        let page = browser
            .open(&self.test.app.links.forgotten_password(&sealed))
            .await;
        browser
            .submit(&page, "submit", &[("username", username)])
            .await
    }

    async fn link(&self) -> String {
        self.test
            .letter_to("ann@example.com")
            .await
            .link("/reset-password/")
            .to_owned()
    }

    async fn can_sign_in_with(&self, password: &str) -> bool {
        let (mut browser, page) = self.arrives().await;
        is_in(&types(&mut browser, &page, "ann@example.com", password).await)
    }
}

/// R128: opening the link changes nothing, however often; the human action does, once.
#[tokio::test]
async fn r128_the_link_works_once_and_opening_it_changes_nothing() {
    for desk in Desk::each().await {
        let elsewhere = desk.ann_signs_in().await;
        let mut browser = desk.test.browser();
        desk.forgets(&mut browser, "Ann@Example.com").await;
        let link = desk.link().await;
        for method in ["GET", "HEAD", "GET"] {
            let mut scanner = desk.test.browser();
            let page = scanner.request(method, &link.parse().unwrap(), None).await;
            assert_eq!(page.status, StatusCode::OK);
            // a scanner that submits the form it sees has no cookie of ours
            scanner.forget_cookies();
            let posted = scanner.post(&link, &[("password", NEW)]).await;
            assert_eq!(posted.status, StatusCode::OK);
        }
        assert!(desk.is_signed_in(&elsewhere).await && desk.can_sign_in_with(PASSWORD).await);
        let page = browser.open(&link).await;
        assert!(is_in(
            &browser.submit(&page, "submit", &[("password", NEW)]).await
        ));
        assert!(desk.is_signed_in(&browser).await && !desk.is_signed_in(&elsewhere).await);
        assert!(!desk.can_sign_in_with(PASSWORD).await && desk.can_sign_in_with(NEW).await);
        let again = browser
            .submit(&page, "submit", &[("password", "another good passphrase")])
            .await;
        assert_eq!(again.status, StatusCode::GONE);
        assert!(desk.can_sign_in_with(NEW).await);
        let told = desk.test.letter_to("ann@example.com").await;
        assert!(
            told.link("/forgotten-password")
                .contains(&desk.party.application.to_string())
        );
    }
}

#[tokio::test]
async fn the_answer_tells_nobody_whether_there_is_an_account() {
    for desk in Desk::each().await {
        person(
            &desk.test,
            &desk.store,
            ("unproven@example.com", Proof::Missing),
            NewPassword::Own,
        )
        .await;
        let mut seen = Vec::new();
        for name in [
            "ann@example.com",
            "bob@example.com",
            "unproven@example.com",
            "what is this",
        ] {
            let mut browser = desk.test.browser();
            let begun = std::time::Instant::now();
            let page = desk.forgets(&mut browser, name).await;
            assert!(begun.elapsed() >= std::time::Duration::from_millis(250));
            assert_eq!(page.status, StatusCode::OK);
            seen.push(page.text("main").replace(name, "…"));
        }
        assert!(seen.windows(2).all(|two| two[0] == two[1]));
        assert_eq!(desk.test.letters().await.len(), 1, "only Ann got a letter");
    }
}

#[tokio::test]
async fn a_link_is_good_for_an_hour() {
    for desk in Desk::each().await {
        let mut browser = desk.test.browser();
        desk.forgets(&mut browser, "ann@example.com").await;
        let link = desk.link().await;
        desk.test
            .advance(TimeDelta::minutes(60) - TimeDelta::seconds(1));
        let page = browser.open(&link).await;
        assert_eq!(page.status, StatusCode::OK);
        desk.test.advance(TimeDelta::seconds(2));
        assert_eq!(browser.open(&link).await.status, StatusCode::GONE);
        let late = browser.submit(&page, "submit", &[("password", NEW)]).await;
        assert_eq!(late.status, StatusCode::GONE);
        // the page that says so asks for the next one
        browser
            .submit(&late, "submit", &[("username", "ann@example.com")])
            .await;
        assert_eq!(desk.test.letters().await.len(), 2);
        assert_eq!(
            browser.open("/reset-password/unknown").await.status,
            StatusCode::GONE
        );
    }
}

#[tokio::test]
async fn a_weak_password_does_not_use_the_link_up() {
    for desk in Desk::each().await {
        let mut browser = desk.test.browser();
        desk.forgets(&mut browser, "ann@example.com").await;
        let mut page = browser.open(&desk.link().await).await;
        for weak in ["short", "password123", "AnnLee2026!", &"x".repeat(300)] {
            page = browser.submit(&page, "submit", &[("password", weak)]).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{weak}");
            assert!(page.has("#password-problem"));
        }
        assert!(is_in(
            &browser.submit(&page, "submit", &[("password", NEW)]).await
        ));
    }
}

#[tokio::test]
async fn one_change_ends_all_links_and_letters_are_few() {
    for desk in Desk::each().await {
        let mut browser = desk.test.browser();
        let mut links = Vec::new();
        for _ in 0..5 {
            desk.forgets(&mut browser, "ann@example.com").await;
            desk.test.advance(TimeDelta::seconds(1));
            links.push(desk.link().await);
        }
        links.dedup();
        assert_eq!(
            links.len(),
            3,
            "whoever asks for more has sent three good links"
        );
        let page = browser.open(&links[0]).await;
        assert!(is_in(
            &browser.submit(&page, "submit", &[("password", NEW)]).await
        ));
        for link in &links {
            assert_eq!(browser.open(link).await.status, StatusCode::GONE);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_use_a_link_at_once_one_changes_the_password() {
    for desk in Desk::each().await {
        let mut browser = desk.test.browser();
        desk.forgets(&mut browser, "ann@example.com").await;
        let link = desk.link().await;
        let (mut one, mut other) = (desk.test.browser(), desk.test.browser());
        let (first, second) = (one.open(&link).await, other.open(&link).await);
        let (first, second) = tokio::join!(
            one.submit(&first, "submit", &[("password", NEW)]),
            other.submit(&second, "submit", &[("password", "lantern gravel oboe")]),
        );
        assert_eq!(i32::from(is_in(&first)) + i32::from(is_in(&second)), 1);
        let winner = if is_in(&first) {
            NEW
        } else {
            "lantern gravel oboe"
        };
        assert!(desk.can_sign_in_with(winner).await);
    }
}

/// R130: the invitation goes along, also into another browser; the client's answer stays with the first.
#[tokio::test]
async fn r130_recovery_keeps_the_way() {
    for desk in Desk::each().await {
        let invitation = InvitationRef {
            id: desk.test.app.moment().id(),
            version: 2,
        };
        let parameters = vec![("state".to_owned(), "abc".to_owned())];
        let destination = Destination::Authorization { parameters };
        let mut here = desk.test.browser();
        let change = |flow: &mut Flow| {
            flow.invitation = Some(invitation);
            flow.destination = destination.clone();
        };
        desk.forgets_on(&mut here, "ann@example.com", change).await;
        let first = desk.link().await;
        desk.test.advance(TimeDelta::seconds(1));
        desk.forgets_on(&mut here, "ann@example.com", change).await;
        let second = desk.link().await;
        // a weak password shows the page again; the way is in the address it goes on to
        let mut there = desk.test.browser();
        there.open(&second).await;
        let moved = reset(&desk, &mut there, &second).await;
        assert_eq!(
            (moved.invitation, moved.destination),
            (Some(invitation), Destination::Application)
        );
        assert_eq!(here.open(&first).await.status, StatusCode::GONE);
        desk.test.advance(TimeDelta::hours(2));
        desk.forgets_on(&mut here, "ann@example.com", change).await;
        let third = desk.link().await;
        here.open(&third).await;
        let kept = reset(&desk, &mut here, &third).await;
        assert_eq!(
            (kept.invitation, kept.destination),
            (Some(invitation), destination)
        );
    }
}

/// Changes the password and reads the way on which the browser is sent.
async fn reset(desk: &Desk, browser: &mut Browser, link: &str) -> Flow {
    let body = format!("password={}", NEW.replace(' ', "+"));
    let page = browser
        .request("POST", &link.parse().unwrap(), Some(body))
        .await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    let location: url::Url = page.headers[http::header::LOCATION]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let (_, sealed) = location
        .query_pairs()
        .find(|(name, _)| name == "flow")
        .unwrap();
    Flow::open(&desk.test.app.sealer, &sealed, desk.test.app.moment().now).unwrap()
}

/// The hashing pool is full: the link is not used up, and it works a moment later.
#[tokio::test]
async fn a_full_pool_uses_up_no_link() {
    for desk in Desk::each().await {
        let mut browser = desk.test.browser();
        desk.forgets(&mut browser, "ann@example.com").await;
        let page = browser.open(&desk.link().await).await;
        let full = desk.test.app.hasher.fill();
        let busy = browser.submit(&page, "submit", &[("password", NEW)]).await;
        assert!(busy.asks_to_come_back(), "{} {}", busy.status, busy.body);
        drop(full);
        assert!(is_in(
            &browser.submit(&busy, "submit", &[("password", NEW)]).await
        ));
    }
}
