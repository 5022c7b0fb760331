//! The authorization endpoint, as a browser and its application see it: who is asked what, and what the client hears.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use http::{StatusCode, header};
use url::Url;
use usher::application::Consent;

use crate::provider_scene::{Scene, brought, claims_of, code_of, error_of, sign_in};

/// CORE-01, CORE-08, CORE-09, CORE-18: from a request to an ID token, with GET and with POST; the second time nobody is asked.
#[tokio::test]
async fn a_person_signs_in_once_and_the_client_learns_who() {
    for scene in Scene::each(|_, _| {}).await {
        let mut browser = scene.test.browser();
        let asked = [("nonce", "n-1"), ("login_hint", "ann@corp.example")];
        let page = browser.open(&scene.request(&asked)).await;
        assert_eq!(page.heading(), "Sign in to Expense Desk");
        assert_eq!(page.value("username").as_deref(), Some("ann@corp.example"));
        let back = sign_in(&mut browser, &page, "ann@corp.example").await;
        assert_eq!(brought(&back)["state"], "a state & more");
        let tokens = scene.redeem(&code_of(&back)).await;
        let claims = claims_of(&tokens["id_token"]);
        assert_eq!(
            (&claims["nonce"], &claims["sub"]),
            (&"n-1".into(), &scene.ann.to_string().into())
        );

        let silent = browser.open(&scene.request(&[("nonce", "n-2")])).await;
        let tokens = scene.redeem(&code_of(&silent)).await;
        assert_eq!(claims_of(&tokens["id_token"])["nonce"], "n-2");

        let query = scene.query(&[("nonce", "n-3")]);
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        browser.posts_from = Some("https://desk.example".to_owned());
        let posted = browser.post("/authorize", &pairs).await;
        let tokens = scene.redeem(&code_of(&posted)).await;
        assert_eq!(claims_of(&tokens["id_token"])["nonce"], "n-3");
    }
}

/// CORE-05, CORE-06, OA-05, OA-21, OA-22, CORE-23: without a certain way back there is a page of ours and no redirect.
#[tokio::test]
async fn nobody_is_sent_to_an_unregistered_address() {
    let scene = Scene::sqlite(|_, _| {}).await;
    let mut browser = scene.browser_of("ann@corp.example").await;
    for (changes, code) in [
        (("client_id", ""), "client_id_missing"),
        (("client_id", "cli_nobody"), "unknown_client"),
        (("redirect_uri", ""), "redirect_uri_missing"),
        (
            ("redirect_uri", "https://evil.example/"),
            "unknown_redirect_uri",
        ),
        (
            ("redirect_uri", "https://desk.example/callback/../x"),
            "unknown_redirect_uri",
        ),
        (
            ("redirect_uri", "https://desk.example@evil.example/callback"),
            "unknown_redirect_uri",
        ),
        (
            ("redirect_uri", "HTTPS://desk.example/callback"),
            "unknown_redirect_uri",
        ),
        (("state", "\0"), "nul_byte"),
    ] {
        for prompt in ["", "none"] {
            let page = browser
                .open(&scene.request(&[changes, ("prompt", prompt)]))
                .await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{changes:?}");
            assert!(page.headers.get(header::LOCATION).is_none());
            assert_eq!(page.text("#error-code"), code);
            let policy = page.headers[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap();
            assert!(policy.contains("frame-ancestors 'none'"));
            assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer");
        }
    }
    let twice = format!(
        "{}&redirect_uri=https%3A%2F%2Fevil.example%2F",
        scene.request(&[])
    );
    assert_eq!(browser.open(&twice).await.status, StatusCode::BAD_REQUEST);
    let broken = format!("{}&nonce=%ff", scene.request(&[]));
    assert_eq!(browser.open(&broken).await.status, StatusCode::BAD_REQUEST);
    let url: Url = "http://localhost:8080/authorize".parse().unwrap();
    let bare = browser
        .request("POST", &url, Some("a=%ff".to_owned()))
        .await;
    assert_eq!(bare.status, StatusCode::BAD_REQUEST);
}

/// CORE-03, CORE-04, CORE-07, CORE-08, OA-19: other mistakes go back to the client, with its `state` and our `iss`.
#[tokio::test]
async fn the_client_hears_of_its_mistakes() {
    let scene = Scene::sqlite(|_, _| {}).await;
    let mut browser = scene.test.browser();
    for (changes, code) in [
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("request", "x"), "request_not_supported"),
        (
            ("request_uri", "https://x.example"),
            "request_uri_not_supported",
        ),
        (("response_mode", "fragment"), "invalid_request"),
    ] {
        let page = browser.open(&scene.request(&[changes])).await;
        let brought = brought(&page);
        assert_eq!(
            (brought["error"].as_str(), brought["state"].as_str()),
            (code, "a state & more")
        );
        assert!(!brought.contains_key("code"));
    }
    let twice = format!("{}&scope=openid", scene.request(&[]));
    assert_eq!(error_of(&browser.open(&twice).await), "invalid_request");
    let twice = format!("{}&state=other", scene.request(&[]));
    let page = browser.open(&twice).await;
    assert_eq!(error_of(&page), "invalid_request");
    assert!(!brought(&page).contains_key("state"));
}

/// RM-01, RM-02: the answer in a form: escaped, never in an address, with a button for browsers without scripts.
#[tokio::test]
async fn an_answer_can_be_a_form() {
    let scene = Scene::sqlite(|_, _| {}).await;
    let mut browser = scene.browser_of("ann@corp.example").await;
    let state = "\"><script>alert(1)</script>&lt;";
    let asked = [("response_mode", "form_post"), ("state", state)];
    for (more, answer) in [
        (("nonce", "n"), "code"),
        (("prompt", "none login"), "error"),
    ] {
        let page = browser
            .open(&scene.request(&[asked[0], asked[1], more]))
            .await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.headers.get(header::LOCATION).is_none());
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(
            page.attribute("form", "action").as_deref(),
            Some(scene.desk.redirect_uri.as_str())
        );
        assert_eq!(page.attribute("form", "method").as_deref(), Some("post"));
        assert_eq!(page.value("state").as_deref(), Some(state));
        assert_eq!(page.value("iss").as_deref(), Some("http://localhost:8080"));
        assert!(page.value(answer).is_some() && page.has("button[type=submit]"));
        assert!(!page.body.contains("<script>"), "no inline script");
        if answer == "code" {
            scene.redeem(&page.value("code").unwrap()).await;
        }
    }
}

/// CORE-11: `prompt=none` shows no page, ever.
#[tokio::test]
async fn prompt_none_shows_nothing() {
    let scene = Scene::sqlite(|_, client| client.consent = Consent::Ask).await;
    let none = ("prompt", "none");
    let mut stranger = scene.test.browser();
    assert_eq!(
        error_of(&stranger.open(&scene.request(&[none])).await),
        "login_required"
    );
    let mut browser = scene.browser_of("ann@corp.example").await;
    assert_eq!(
        error_of(&browser.open(&scene.request(&[none])).await),
        "consent_required"
    );
    let page = browser.open(&scene.request(&[])).await;
    code_of(&browser.submit(&page, "consent-allow", &[]).await);
    code_of(&browser.open(&scene.request(&[none])).await);
    assert_eq!(
        error_of(
            &browser
                .open(&scene.request(&[none, ("max_age", "5")]))
                .await
        ),
        "login_required"
    );
}

/// CORE-13, CORE-15: `prompt=login` and an exceeded `max_age` ask for the password again; `auth_time` moves.
#[tokio::test]
async fn an_old_session_has_to_prove_itself_again() {
    for scene in Scene::each(|_, _| {}).await {
        let mut browser = scene.browser_of("ann@corp.example").await;
        let mut last = 0;
        for changes in [
            ("max_age", "600"),
            ("prompt", "login"),
            ("max_age", "0"),
            ("max_age", "30"),
        ] {
            scene.test.advance(TimeDelta::minutes(1));
            let mut page = browser.open(&scene.request(&[changes])).await;
            if changes.1 != "600" {
                assert_eq!(page.heading(), "Sign in to Expense Desk", "{changes:?}");
                page = sign_in(&mut browser, &page, "ann@corp.example").await;
            }
            let tokens = scene.redeem(&code_of(&page)).await;
            let auth_time = claims_of(&tokens["id_token"])["auth_time"]
                .as_i64()
                .unwrap();
            assert!(auth_time > last, "{changes:?}");
            last = auth_time;
        }
    }
}

/// CORE-14, CORE-24: consent names the client and what it asks for; no is as easy as yes; it is remembered and can be
/// CORE-17, CORE-39: a hint may be old, not forged; somebody else than the wanted person never gets through.
#[tokio::test]
async fn only_the_wanted_person_gets_through() {
    let scene = Scene::sqlite(|_, _| {}).await;
    let mut browser = scene.browser_of("ann@corp.example").await;
    let tokens = scene
        .redeem(&code_of(&browser.open(&scene.request(&[])).await))
        .await;
    let token = tokens["id_token"].as_str().unwrap();
    scene.test.advance(TimeDelta::hours(2));
    let (hint, none) = (("id_token_hint", token), ("prompt", "none"));
    code_of(&browser.open(&scene.request(&[hint, none])).await);
    for forged in [
        format!("{token}x"),
        token.replace('.', ".e30"),
        "a.b.c".to_owned(),
        tokens["access_token"].as_str().unwrap().to_owned(),
    ] {
        let page = browser
            .open(&scene.request(&[("id_token_hint", &forged)]))
            .await;
        assert_eq!(error_of(&page), "invalid_request");
    }

    let mut other = scene.browser_of("bob@corp.example").await;
    assert_eq!(
        error_of(&other.open(&scene.request(&[hint, none])).await),
        "login_required"
    );
    let page = other.open(&scene.request(&[hint])).await;
    assert_eq!(page.heading(), "Sign in to Expense Desk");
    let back = sign_in(&mut other, &page, "bob@corp.example").await;
    assert_eq!(error_of(&back), "login_required");
    scene.test.advance(TimeDelta::minutes(1));
    let page = other.open(&scene.request(&[hint])).await;
    let back = sign_in(&mut other, &page, "ann@corp.example").await;
    code_of(&back);

    let claims = format!(r#"{{"id_token": {{"sub": {{"value": "{}"}}}}}}"#, scene.ann);
    let mut bob = scene.browser_of("bob@corp.example").await;
    let wanted = ("claims", claims.as_str());
    assert_eq!(
        error_of(&bob.open(&scene.request(&[wanted, none])).await),
        "login_required"
    );
}

/// CORE-14: the chooser comes before an answer.
#[tokio::test]
async fn prompt_select_account_shows_the_chooser() {
    let scene = Scene::sqlite(|_, _| {}).await;
    let mut browser = scene.browser_of("ann@corp.example").await;
    let page = browser
        .open(&scene.request(&[("prompt", "select_account")]))
        .await;
    assert_eq!(page.heading(), "Choose an account");
    assert!(page.body.contains("ann@corp.example"));
    let flow = page.value("flow").unwrap();
    let page = browser
        .post("/choose-account", &[("flow", &flow), ("choice", "other")])
        .await;
    assert_eq!(page.heading(), "Sign in to Expense Desk");
    let back = sign_in(&mut browser, &page, "bob@corp.example").await;
    let tokens = scene.redeem(&code_of(&back)).await;
    assert_ne!(claims_of(&tokens["id_token"])["sub"], scene.ann.to_string());
}

/// What doesn't fit into an address is refused before anybody fills in a form.
#[tokio::test]
async fn an_endless_state_is_refused() {
    let scene = Scene::sqlite(|_, _| {}).await;
    let mut browser = scene.test.browser();
    let fits = "s".repeat(4000);
    let page = browser.open(&scene.request(&[("state", &fits)])).await;
    let back = sign_in(&mut browser, &page, "ann@corp.example").await;
    assert_eq!(brought(&back)["state"], fits);
    let mut browser = scene.test.browser();
    let page = browser
        .open(&scene.request(&[("state", &"s".repeat(20_000))]))
        .await;
    assert_eq!(
        (page.status, page.text("#error-code").as_str()),
        (StatusCode::BAD_REQUEST, "request_too_long")
    );
}

/// R127, R132: who comes without a client's request lands in the application, by its own sign-in or at its front door.
#[tokio::test]
async fn r127_a_person_lands_in_the_application() {
    use usher::session::flow::{Destination, Flow};
    for (initiate, address) in [
        (None, "https://desk.example/"),
        (
            Some("https://desk.example/login"),
            "https://desk.example/login?iss=http%3A%2F%2Flocalhost%3A8080&login_hint=ann%40corp.example&target_link_uri=https%3A%2F%2Fdesk.example%2F",
        ),
    ] {
        let scene =
            Scene::sqlite(|_, client| client.initiate_login_uri = initiate.map(str::to_owned))
                .await;
        let mut browser = scene.browser_of("ann@corp.example").await;
        let cookie = usher::kit::Secret::new(browser.cookie("usher-browser").unwrap());
        let moment = scene.test.app.moment();
        let flow = Flow::begin(
            &moment,
            cookie.digest(),
            scene.desk.application,
            Destination::Application,
        );
        let sealed = flow.seal(&scene.test.app.sealer, &moment).unwrap();
        let page = browser
            .open(&format!(
                "/continue?flow={sealed}&target_link_uri=https://evil.example/"
            ))
            .await;
        assert_eq!(page.leaves_for.unwrap().as_str(), address);
    }
}

/// The parameters of a plain answer, and nothing else.
#[tokio::test]
async fn an_answer_is_short() {
    let scene = Scene::sqlite(|_, _| {}).await;
    let mut browser = scene.browser_of("ann@corp.example").await;
    let page = browser.open(&scene.request(&[("state", "")])).await;
    let names: Vec<String> = BTreeMap::into_keys(brought(&page)).collect();
    assert_eq!(names, ["code", "iss"]);
}
