//! An application that receives the invitation's link itself, or asks for sign-up: `invitation=…` and `prompt=create`.

use chrono::TimeDelta;
use http::StatusCode;
use serde_json::json;
use usher::application::{SelfServicePolicy, SignUp};

use crate::harness::{RelyingParty, TestApp, invitation};
use crate::provider_scene::{code_of, error_of};

const GRACE: &str = "grace@harborline.example";
const PASSWORD: (&str, &str) = ("password", "four quiet lamps at dusk");

/// The token in a mailed link.
async fn token(app: &TestApp) -> String {
    let letter = app.letter_to(GRACE).await;
    letter
        .link("/invitation/")
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned()
}

async fn invited(app: &TestApp) -> (RelyingParty, String) {
    let store = app.store("Customers").await;
    let desk = app.expense_desk(store.id).await;
    app.issues(invitation(&desk, GRACE)).await;
    let token = token(app).await;
    (desk, token)
}

/// R21, R120, R130: the application passes the link on; after sign-up it gets the answer to its own request.
#[tokio::test]
async fn r120_an_application_passes_the_link_on() {
    for app in TestApp::each().await {
        let (desk, token) = invited(&app).await;
        let mut grace = app.browser();
        let asked = desk.authorize(&[("invitation", &token)]);
        let form = grace.open(&asked).await;
        assert_eq!(form.value("username").as_deref(), Some(GRACE));
        let back = grace.submit(&form, "submit", &[PASSWORD]).await;
        let back = back.leaves_for.unwrap();
        assert_eq!(
            app.redeems(&back, &desk).await.claims["nonce"],
            json!("n-0S6_WzA2Mj")
        );

        app.advance(TimeDelta::minutes(1));
        let used = grace.open(&asked).await;
        assert_eq!(used.status, StatusCode::GONE);
        let silent = desk.authorize(&[("invitation", &token), ("prompt", "none")]);
        assert_eq!(error_of(&grace.open(&silent).await), "interaction_required");
        code_of(&grace.open(&desk.authorize(&[])).await);
    }
}

/// R120, R135: presented for another application, forged or expired: refused, and nobody is signed in or up.
#[tokio::test]
async fn r120_a_link_opens_only_its_own_application() {
    let app = TestApp::sqlite().await;
    let (desk, token) = invited(&app).await;
    let other = app.application(desk.store, "Payroll", |_, _| {}).await;
    let mut browser = app.browser();
    let page = browser
        .open(&other.authorize(&[("invitation", &token)]))
        .await;
    assert_eq!(
        (page.status, &page.leaves_for),
        (StatusCode::BAD_REQUEST, &None)
    );
    assert_eq!(page.text("#error-code"), "invitation_of_other_application");
    for forged in [
        format!("{token}x"),
        "x".to_owned(),
        "../../authorize".to_owned(),
    ] {
        let page = browser
            .open(&desk.authorize(&[("invitation", &forged)]))
            .await;
        assert_eq!(
            (page.status, &page.leaves_for),
            (StatusCode::NOT_FOUND, &None),
            "{forged}"
        );
    }
    app.advance(TimeDelta::days(8));
    let page = browser
        .open(&desk.authorize(&[("invitation", &token)]))
        .await;
    assert_eq!((page.status, &page.leaves_for), (StatusCode::GONE, &None));
}

/// PC-01, CORE-11: `prompt=create` opens sign-up where it is open, and says why not where it isn't.
#[tokio::test]
async fn prompt_create_opens_sign_up() {
    let app = TestApp::sqlite().await;
    let store = app.store("Customers").await;
    let policy = SelfServicePolicy {
        sign_up: SignUp::Open,
        ..SelfServicePolicy::default()
    };
    let open = app.expense_desk_with(store.id, policy).await;
    let create = [("prompt", "create")];
    let mut grace = app.browser();
    let form = grace.open(&open.authorize(&create)).await;
    assert_eq!(form.status, StatusCode::OK);
    let typed = [("username", GRACE), PASSWORD];
    let proof = grace.submit(&form, "submit", &typed).await;
    let letter = app.letter_to(GRACE).await;
    let back = grace
        .submit(&proof, "submit", &[("code", letter.code())])
        .await;
    let tokens = app.redeems(&back.leaves_for.unwrap(), &open).await;
    let person = app.identity_of(&store, GRACE).await.unwrap();
    assert_eq!(tokens.claims["sub"], json!(person.id));

    app.advance(TimeDelta::minutes(1));
    let again = grace.open(&open.authorize(&create)).await; // signed in, and asked for another account
    assert!(again.has("[name=password]"), "{}", again.body);
    let closed = app.application(store.id, "Payroll", |_, _| {}).await;
    let page = grace.open(&closed.authorize(&create)).await;
    assert!(page.status.is_client_error() && page.leaves_for.is_none());
}
