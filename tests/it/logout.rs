//! Signing out at an application's request (OpenID Connect RP-Initiated Logout 1.0), as a browser sees it.

use chrono::TimeDelta;
use http::{StatusCode, header};
use serde_json::Value;
use url::form_urlencoded;
use usher::identity::{NewPassword, Proof};

use crate::harness::{Browser, RelyingParty};
use crate::provider_scene::{Scene, code_of};
use crate::sign_in::{PASSWORD, person, types};

const BYE: &str = "https://desk.example/bye";

struct SignedIn {
    scene: Scene,
    browser: Browser,
    tokens: Value,
}

impl SignedIn {
    async fn each() -> Vec<Self> {
        let mut all = Vec::new();
        for scene in Scene::each(|_, _| {}).await {
            all.push(Self::of(scene).await);
        }
        all
    }

    async fn sqlite() -> Self {
        Self::of(Scene::sqlite(|_, _| {}).await).await
    }

    async fn of(scene: Scene) -> Self {
        let mut browser = scene.browser_of("ann@corp.example").await;
        let back = browser.open(&scene.request(&[])).await;
        let tokens = scene.redeem(&code_of(&back)).await;
        Self {
            scene,
            browser,
            tokens,
        }
    }

    fn hint(&self) -> &str {
        self.tokens["id_token"].as_str().unwrap()
    }

    async fn is_signed_in(&mut self) -> bool {
        let page = self
            .browser
            .open(&self.scene.request(&[("prompt", "none")]))
            .await;
        page.leaves_for.unwrap().query().unwrap().contains("code=")
    }
}

fn logout(parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("/logout?{query}")
}

/// LOG-01, LOG-02, LOG-04, LOG-05, LOG-15: with an old ID token of its own the application signs its person out, and gets
/// them back; what it held ends.
#[tokio::test]
async fn an_application_signs_its_person_out() {
    for mut ann in SignedIn::each().await {
        ann.scene.test.advance(TimeDelta::hours(1));
        let hint = ann.hint().to_owned();
        let request = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", BYE),
            ("state", "a&b"),
        ];
        let page = ann.browser.open(&logout(&request)).await;
        assert_eq!(
            page.leaves_for.unwrap().as_str(),
            "https://desk.example/bye?state=a%26b"
        );
        assert!(!ann.is_signed_in().await);
        assert_eq!(
            ann.scene.refresh(&ann.tokens).await,
            StatusCode::BAD_REQUEST
        );
        let again = ann.browser.open(&logout(&request[..2])).await; // LOG-07
        assert_eq!(again.leaves_for.unwrap().as_str(), BYE);
    }
}

/// LOG-01: the same with POST.
#[tokio::test]
async fn the_request_may_be_posted() {
    let mut ann = SignedIn::sqlite().await;
    ann.browser.posts_from = Some("https://desk.example".to_owned());
    let hint = ann.hint().to_owned();
    let page = ann
        .browser
        .post(
            "/logout",
            &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)],
        )
        .await;
    assert_eq!(page.leaves_for.unwrap().as_str(), BYE);
    assert!(!ann.is_signed_in().await);
}

/// LOG-03, LOG-21: without proof the person is asked; a foreign page can neither sign them out nor answer for them.
#[tokio::test]
async fn without_proof_the_person_is_asked() {
    for mut ann in SignedIn::each().await {
        let client = ann.scene.desk.client_id.to_string();
        let request = [
            ("client_id", client.as_str()),
            ("post_logout_redirect_uri", BYE),
        ];
        let page = ann.browser.open(&logout(&request)).await;
        assert_eq!(page.heading(), "Sign out?");
        assert!(ann.is_signed_in().await);
        let stayed = ann.browser.submit(&page, "logout-stay", &[]).await;
        assert_eq!(stayed.heading(), "You are still signed in");
        assert!(ann.is_signed_in().await);

        let question = page.value("question").unwrap();
        let mut bob = ann.scene.browser_of("bob@corp.example").await;
        let stolen = bob
            .post("/logout", &[("question", &question), ("choice", "logout")])
            .await;
        assert_eq!(stolen.status, StatusCode::BAD_REQUEST);
        let invented = bob
            .post("/logout", &[("question", "AAAA"), ("choice", "logout")])
            .await;
        assert_eq!(invented.status, StatusCode::BAD_REQUEST);

        let out = ann.browser.submit(&page, "logout-confirm", &[]).await;
        assert_eq!(
            (out.heading().as_str(), out.leaves_for.is_none()),
            ("You are signed out", true)
        );
        assert_eq!(out.attribute("a#submit", "href").as_deref(), Some(BYE));
        assert!(!ann.is_signed_in().await);
        let bare = ann.browser.open("/logout").await; // LOG-07
        assert_eq!(
            (bare.status, bare.heading().as_str()),
            (StatusCode::OK, "You are signed out")
        );
    }
}

/// LOG-03: the hint of another person doesn't sign this one out unasked.
#[tokio::test]
async fn a_hint_about_somebody_else_asks() {
    let ann = SignedIn::sqlite().await;
    let mut bob = ann.scene.browser_of("bob@corp.example").await;
    let page = bob
        .open(&logout(&[
            ("id_token_hint", ann.hint()),
            ("post_logout_redirect_uri", BYE),
        ]))
        .await;
    assert_eq!(page.heading(), "Sign out?");
    assert!(page.body.contains("bob"));
    let out = bob.submit(&page, "logout-confirm", &[]).await;
    assert_eq!(out.leaves_for.unwrap().as_str(), BYE);
}

/// LOG-04, LOG-06, LOG-09: a mistake gives a page, no redirect, and signs nobody out.
#[tokio::test]
async fn a_mistake_gives_a_page() {
    let mut ann = SignedIn::sqlite().await;
    let hint = ann.hint().to_owned();
    let stranger = ann
        .scene
        .test
        .app
        .moment()
        .id::<usher::kit::kinds::Client>()
        .to_string();
    let forged = format!("{hint}x");
    let access = ann.tokens["access_token"].as_str().unwrap().to_owned();
    let own = ("id_token_hint", hint.as_str());
    for request in [
        vec![("id_token_hint", forged.as_str())],
        vec![("id_token_hint", access.as_str())],
        vec![("id_token_hint", "a.b.c")],
        vec![own, ("client_id", stranger.as_str())],
        vec![("client_id", stranger.as_str())],
        vec![("client_id", "nobody")],
        vec![own, ("post_logout_redirect_uri", "https://evil.example/")],
        vec![
            own,
            ("post_logout_redirect_uri", "https://desk.example/bye?x=1"),
        ],
        vec![
            own,
            ("post_logout_redirect_uri", "https://desk.example/bye/"),
        ],
        vec![
            own,
            ("post_logout_redirect_uri", "https://desk.example/callback"),
        ],
        vec![own, own],
    ] {
        let page = ann.browser.open(&logout(&request)).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{request:?}");
        assert!(page.headers.get(header::LOCATION).is_none());
        assert!(ann.is_signed_in().await, "{request:?}");
    }
}

const GUEST: &str = "gail@partner.example";

/// Ann, who signs in as a guest of another store as well, in the same browser; and the application over there.
async fn with_a_second_account(ann: &mut SignedIn) -> RelyingParty {
    let test = &ann.scene.test;
    let store = test.store("Partners").await;
    let portal = test.application(store.id, "Portal", |_, _| {}).await;
    let whom = (GUEST, Proof::Given);
    person(test, &store, whom, NewPassword::Own).await;
    let page = ann.browser.open(&portal.authorize(&[])).await;
    let back = types(&mut ann.browser, &page, GUEST, PASSWORD).await;
    assert!(back.leaves_for.is_some(), "{}", back.body);
    ann.scene.test.advance(TimeDelta::minutes(1));
    portal
}

async fn is_a_guest(ann: &mut SignedIn, portal: &RelyingParty) -> bool {
    let ask = portal.authorize(&[("prompt", "none")]);
    let page = ann.browser.open(&ask).await;
    page.leaves_for.unwrap().query().unwrap().contains("code=")
}

/// Where no application asks, everybody is signed out who is signed in in this browser, after a question that names them all.
#[tokio::test]
async fn without_an_application_all_accounts_are_signed_out() {
    for mut ann in SignedIn::each().await {
        let portal = with_a_second_account(&mut ann).await;
        let page = ann.browser.open("/logout").await;
        let named = page.text("#accounts");
        assert!(
            named.contains("ann") && named.contains("Ann Lee"),
            "{named}"
        );
        assert!(ann.is_signed_in().await && is_a_guest(&mut ann, &portal).await);
        let out = ann.browser.submit(&page, "logout-confirm", &[]).await;
        assert_eq!(out.heading(), "You are signed out");
        assert!(!ann.is_signed_in().await && !is_a_guest(&mut ann, &portal).await);
    }
}

/// An application signs out its own person, whoever else is signed in.
#[tokio::test]
async fn an_application_signs_out_nobody_else() {
    for mut ann in SignedIn::each().await {
        let portal = with_a_second_account(&mut ann).await;
        let hint = ann.hint().to_owned();
        let request = [("id_token_hint", hint.as_str())];
        ann.browser.open(&logout(&request)).await;
        assert!(!ann.is_signed_in().await && is_a_guest(&mut ann, &portal).await);
    }
}

/// LOG-08: `logout_hint` says who, by what they sign in with or by `sub`; it is no proof, so they are asked all the same.
#[tokio::test]
async fn a_logout_hint_says_who() {
    for mut ann in SignedIn::each().await {
        let portal = with_a_second_account(&mut ann).await;
        let subject = ann.scene.ann.to_string();
        for (hint, named) in [(GUEST, "Ann Lee"), (subject.as_str(), "ann")] {
            let page = ann.browser.open(&logout(&[("logout_hint", hint)])).await;
            let lead = page.text(".lead");
            assert!(lead.contains(named) && !page.has("#accounts"), "{lead}");
        }
        let nobody = [("logout_hint", "nobody@corp.example")];
        let page = ann.browser.open(&logout(&nobody)).await;
        assert!(page.has("#accounts"), "a hint that names nobody is no hint");
        let guest = [("logout_hint", "GAIL@partner.example")];
        let page = ann.browser.open(&logout(&guest)).await;
        ann.browser.submit(&page, "logout-confirm", &[]).await;
        assert!(ann.is_signed_in().await && !is_a_guest(&mut ann, &portal).await);
    }
}

/// LOG-03, LOG-08: an ID token about one person and a hint about another don't sign anybody out unasked.
#[tokio::test]
async fn hints_that_contradict_each_other_ask() {
    let mut ann = SignedIn::sqlite().await;
    let hint = ann.hint().to_owned();
    let about = |who| [("id_token_hint", hint.as_str()), ("logout_hint", who)];
    let page = ann.browser.open(&logout(&about("bob@corp.example"))).await;
    assert_eq!(page.heading(), "Sign out?");
    assert!(ann.is_signed_in().await);
    let page = ann.browser.open(&logout(&about("ann@corp.example"))).await;
    assert_eq!(page.heading(), "You are signed out");
    assert!(!ann.is_signed_in().await);
}
