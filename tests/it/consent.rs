//! What a person allows a client, and whose flow it is: nobody decides for somebody else.

use chrono::TimeDelta;
use http::StatusCode;
use usher::application::{ClientAuthentication, Consent};

use crate::provider_scene::{Scene, code_of, error_of, sign_in};

/// taken back, which ends what the client holds.
#[tokio::test]
async fn a_person_decides_what_a_client_learns() {
    for scene in Scene::each(|_, client| client.consent = Consent::Ask).await {
        let mut browser = scene.browser_of("ann@corp.example").await;
        let page = browser
            .open(&scene.request(&[("scope", "openid email groups")]))
            .await;
        assert!(page.heading().contains("Expense Desk"));
        let rights = page.text(".rights");
        assert!(
            rights.contains("Your e-mail address") && rights.contains("The groups you are in"),
            "{rights}"
        );
        let denied = browser.submit(&page, "consent-deny", &[]).await;
        assert_eq!(error_of(&denied), "access_denied");

        let page = browser.open(&scene.request(&[])).await;
        let tokens = scene
            .redeem(&code_of(&browser.submit(&page, "consent-allow", &[]).await))
            .await;
        code_of(&browser.open(&scene.request(&[])).await);
        let more = browser
            .open(&scene.request(&[("scope", "openid email groups")]))
            .await;
        assert!(more.has("#consent-allow") && more.has("#consent-deny"));
        scene.test.advance(TimeDelta::minutes(1));
        assert!(
            browser
                .open(&scene.request(&[("prompt", "consent")]))
                .await
                .has("#consent-allow")
        );

        let admin = scene.test.admin().await;
        let path = format!("/api/v1/identities/{}/consents", scene.ann);
        let allowed = admin.get(&path).await.json;
        assert_eq!(allowed["items"][0]["scopes"], "openid email");
        let one = format!("{path}/{}", scene.desk.client_id);
        let withdrawn = admin.call("DELETE", &one, &[], None).await;
        assert_eq!(withdrawn.status, StatusCode::NO_CONTENT);
        let again = admin.call("DELETE", &one, &[], None).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
        assert_eq!(scene.refresh(&tokens).await, StatusCode::BAD_REQUEST);
        assert!(
            browser
                .open(&scene.request(&[]))
                .await
                .has("#consent-allow")
        );
    }
}

/// CORE-48: without the person's word there is no access while they are away.
#[tokio::test]
async fn offline_access_needs_consent() {
    let scene = Scene::sqlite(|_, _| {}).await;
    let mut browser = scene.browser_of("ann@corp.example").await;
    let offline = ("scope", "openid offline_access");
    let tokens = scene
        .redeem(&code_of(&browser.open(&scene.request(&[offline])).await))
        .await;
    assert_eq!(tokens["scope"], "openid");
    let page = browser
        .open(&scene.request(&[offline, ("prompt", "consent")]))
        .await;
    assert!(page.text(".rights").contains("Stay connected"));
    let tokens = scene
        .redeem(&code_of(&browser.submit(&page, "consent-allow", &[]).await))
        .await;
    assert_eq!(tokens["scope"], "openid offline_access");
}

/// CORE-23: a flow belongs to the browser it began in, and its forms to our own pages.
#[tokio::test]
async fn a_flow_can_not_be_handed_to_somebody_else() {
    let scene = Scene::sqlite(|_, client| client.consent = Consent::Ask).await;
    let mut attacker = scene.browser_of("bob@corp.example").await;
    let asked = attacker.open(&scene.request(&[])).await;
    let flow = asked.value("flow").unwrap();
    let mut victim = scene.browser_of("ann@corp.example").await;
    for path in ["/continue", "/consent", "/sign-in"] {
        let page = victim.open(&format!("{path}?flow={flow}")).await;
        assert_eq!(
            (page.status, page.leaves_for),
            (StatusCode::BAD_REQUEST, None),
            "{path}"
        );
    }
    let stolen = victim
        .post("/consent", &[("flow", &flow), ("choice", "allow")])
        .await;
    assert_eq!(
        (stolen.status, stolen.leaves_for),
        (StatusCode::BAD_REQUEST, None)
    );

    attacker.posts_from = Some("https://evil.example".to_owned());
    let forged = attacker.submit(&asked, "consent-allow", &[]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    attacker.posts_from = Some("http://localhost:8080".to_owned());
    code_of(&attacker.submit(&asked, "consent-allow", &[]).await);
    attacker.forget_cookies();
    let page = attacker.open(&format!("/continue?flow={flow}")).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    for broken in ["", "x", "AAAA"] {
        let page = victim.open(&format!("/continue?flow={broken}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{broken}");
    }
}

/// NA-01, NA-02, OA-04: a native application listens on any port of its own machine; it is asked about every time.
#[tokio::test]
async fn a_native_application_uses_any_loopback_port() {
    let scene = Scene::sqlite(|_, client| {
        client.authentication = ClientAuthentication::None;
        client.redirect_uris = vec![
            "http://127.0.0.1/callback".to_owned(),
            "com.example.desk:/callback".to_owned(),
        ];
    })
    .await;
    let mut browser = scene.test.browser();
    let loopback = ("redirect_uri", "http://127.0.0.1:49152/callback");
    let page = browser.open(&scene.request(&[loopback])).await;
    let page = sign_in(&mut browser, &page, "ann@corp.example").await;
    assert!(page.has("#consent-allow"));
    let back = browser.submit(&page, "consent-allow", &[]).await;
    assert_eq!(back.leaves_for.as_ref().unwrap().port(), Some(49152));
    code_of(&back);
    scene.test.advance(TimeDelta::minutes(1));
    let private = ("redirect_uri", "com.example.desk:/callback");
    let page = browser.open(&scene.request(&[private])).await;
    let back = browser.submit(&page, "consent-allow", &[]).await;
    assert!(
        back.leaves_for
            .as_ref()
            .unwrap()
            .as_str()
            .starts_with("com.example.desk:/callback?code=")
    );
    scene.test.advance(TimeDelta::minutes(1));
    assert!(
        browser
            .open(&scene.request(&[loopback]))
            .await
            .has("#consent-allow")
    );
    let without = [
        loopback,
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    assert_eq!(
        error_of(&browser.open(&scene.request(&without)).await),
        "invalid_request"
    );
}

/// CORE-24: an answer counts only for the person who saw the question, also when somebody else signs in meanwhile.
#[tokio::test]
async fn nobody_answers_for_the_next_person() {
    let scene = Scene::sqlite(|_, client| client.consent = Consent::Ask).await;
    let mut browser = scene.browser_of("ann@corp.example").await;
    let seen_by_ann = browser.open(&scene.request(&[])).await;
    assert!(seen_by_ann.text(".lead").contains("ann"));
    let login = browser.open(&scene.request(&[("prompt", "login")])).await;
    sign_in(&mut browser, &login, "bob@corp.example").await;
    let asked = browser.submit(&seen_by_ann, "consent-allow", &[]).await;
    assert!(asked.has("#consent-allow") && asked.text(".lead").contains("bob"));
    code_of(&browser.submit(&asked, "consent-allow", &[]).await);
}
