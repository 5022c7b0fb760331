//! Addresses that nobody invited: other ones than the invitation's (R36–R38), and those of people who sign up by themselves.

use http::StatusCode;
use serde_json::json;
use usher::application::{AddressMode, SelfServicePolicy, SignUp};

use crate::harness::{Browser, Page, TestApp, invitation};

const GRACE: &str = "grace.hopper@harborline.example";
const HOME: &str = "grace@home.example";
const PASSWORD: (&str, &str) = ("password", "four quiet lamps at dusk");

fn with_approval() -> SelfServicePolicy {
    SelfServicePolicy {
        address: AddressMode::AnyWithApproval,
        ..SelfServicePolicy::default()
    }
}

/// Grace follows her link and fills in the form with her other address.
async fn wants_the_other_address(app: &TestApp) -> (Browser, Page) {
    let letter = app.letter_to(GRACE).await;
    let mut grace = app.browser();
    let landing = grace.open(letter.link("/invitation/")).await;
    let form = grace.submit(&landing, "submit", &[]).await;
    let typed = [("username", HOME), PASSWORD];
    let page = grace.submit(&form, "submit", &typed).await;
    (grace, page)
}

/// The same, and the code that went there comes back.
pub(crate) async fn proves_the_other_address(app: &TestApp) -> Page {
    let (mut grace, proof) = wants_the_other_address(app).await;
    let letter = app.letter_to(HOME).await;
    let code = [("code", letter.code())];
    grace.submit(&proof, "submit", &code).await
}

/// R36, R38: with `any_with_approval` another address needs a code that comes back *and* somebody who agrees; until then
/// nothing exists and the link stays good.
#[tokio::test]
async fn r38_another_address_waits_for_approval() {
    for app in TestApp::each().await {
        let store = app.store("Customers").await;
        let desk = app.expense_desk_with(store.id, with_approval()).await;
        let invited = app.issues(invitation(&desk, GRACE)).await;
        let (mut grace, proof) = wants_the_other_address(&app).await;
        let wrong = grace
            .submit(&proof, "submit", &[("code", "AAAA-AAAA")])
            .await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let letter = app.letter_to(HOME).await;
        let code = [("code", letter.code())];
        let waits = grace.submit(&wrong, "submit", &code).await;
        assert_eq!(waits.status, StatusCode::FORBIDDEN, "{}", waits.body);
        assert!(waits.body.contains("the link stays good"));
        assert_eq!(app.status_of(invited.id).await, "pending");
        assert!(app.identity_of(&store, HOME).await.is_none());

        let admin = app.admin().await;
        let path = format!("/api/v1/invitations/{}/approve-address", invited.id);
        let approved = admin.post(&path, json!({ "email": HOME })).await;
        assert_eq!(approved.status, StatusCode::NO_CONTENT, "{}", approved.body);
        let (_, done) = wants_the_other_address(&app).await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
        assert_eq!(app.status_of(invited.id).await, "done");
        let identity = app.identity_of(&store, HOME).await.unwrap();
        assert_eq!(identity.email(), Some((HOME, true)));
        assert!(app.identity_of(&store, GRACE).await.is_none());
        let late = admin.post(&path, json!({ "email": HOME })).await;
        assert_eq!(late.code(), "invitation_not_pending", "{}", late.body);
    }
}

/// R38: who may approve sees what there is to approve; both addresses are in the log.
#[tokio::test]
async fn r38_the_api_shows_and_approves_another_address() {
    for app in TestApp::each().await {
        let store = app.store("Customers").await;
        let desk = app.expense_desk_with(store.id, with_approval()).await;
        let invited = app.issues(invitation(&desk, GRACE)).await;
        let admin = app.admin().await;
        let place = format!("/api/v1/invitations/{}", invited.id);
        let path = format!("{place}/approve-address");
        let unproven = admin.post(&path, json!({ "email": HOME })).await;
        let found = (unproven.status, unproven.code());
        assert_eq!(found, (StatusCode::FORBIDDEN, "address_unproven"));
        assert_eq!(admin.get(&place).await.json["addresses"], json!([]));

        proves_the_other_address(&app).await;
        let shown = admin.get(&place).await;
        assert_eq!(shown.json["addresses"][0]["email"], HOME);
        assert!(shown.json["addresses"][0]["approved_at"].is_null());
        assert_eq!(shown.body.matches("invitation.address_waiting").count(), 1);
        let told = app.letter_to("ada@northwind.example").await;
        assert!(told.text.contains(HOME), "{}", told.text);
        told.link(&format!("/console/invitations/{}", invited.id));
        let lesser = app.api_client("invitations:read").await;
        let body = json!({ "email": HOME });
        let refused = lesser.post(&path, body.clone()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        for _ in 0..2 {
            let approved = admin.post(&path, body.clone()).await;
            assert_eq!(approved.status, StatusCode::NO_CONTENT, "{}", approved.body);
        }
        let shown = admin.get(&place).await;
        assert!(shown.json["addresses"][0]["approved_at"].is_string());
        let history = shown.json["history"].as_array().unwrap();
        let mut agreed = history
            .iter()
            .filter(|it| it["kind"] == "invitation.address_approved");
        assert_eq!(agreed.next().unwrap()["data"]["address"], HOME);
        assert!(agreed.next().is_none(), "agreeing twice is agreeing once");
        let stranger = app.app.moment().id::<usher::kit::kinds::Invitation>();
        let nobody = format!("/api/v1/invitations/{stranger}/approve-address");
        let nobody = admin.post(&nobody, body).await;
        assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    }
}

/// Where sign-up is open, an account appears once the code came back from the address, in the application's groups (R49), and
/// never twice.
#[tokio::test]
async fn open_sign_up_makes_an_account_of_a_proven_address() {
    for app in TestApp::each().await {
        let store = app.store("Customers").await;
        let policy = SelfServicePolicy {
            sign_up: SignUp::Open,
            ..SelfServicePolicy::default()
        };
        let desk = app.expense_desk_with(store.id, policy).await;
        let everybody = app.group("Everybody").await;
        app.assign(desk.application, vec![everybody]).await;
        let create = desk.authorize(&[("prompt", "create")]);
        let typed = [("username", HOME), PASSWORD];
        let (mut grace, mut other) = (app.browser(), app.browser());
        let form = grace.open(&create).await;
        let proof = grace.submit(&form, "submit", &typed).await;
        let letter = app.letter_to(HOME).await;
        let stolen = other
            .submit(&proof, "submit", &[("code", letter.code())])
            .await;
        assert!(stolen.status.is_client_error(), "bound to its browser");
        let wrong = grace
            .submit(&proof, "submit", &[("code", "AAAA-AAAA")])
            .await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(app.identity_of(&store, HOME).await.is_none());
        let back = grace
            .submit(&wrong, "submit", &[("code", letter.code())])
            .await;
        let tokens = app.redeems(&back.leaves_for.unwrap(), &desk).await;
        assert_eq!(tokens.claims["groups"], json!(["Everybody"]));
        let identity = app.identity_of(&store, HOME).await.unwrap();
        assert_eq!(identity.email(), Some((HOME, true)));

        app.advance(chrono::TimeDelta::minutes(1));
        let form = other.open(&create).await;
        let proof = other.submit(&form, "submit", &typed).await;
        assert_eq!(
            proof.status,
            StatusCode::OK,
            "says nothing before the proof"
        );
        let letter = app.letter_to(HOME).await;
        let taken = other
            .submit(&proof, "submit", &[("code", letter.code())])
            .await;
        assert!(taken.leaves_for.is_none(), "{}", taken.body);
        assert_eq!(
            taken.attribute("#username", "aria-invalid").as_deref(),
            Some("true")
        );
    }
}
