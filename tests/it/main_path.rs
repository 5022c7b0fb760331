//! The main job: from an invitation to a signed-in person in the application.

use http::StatusCode;
use serde_json::json;

use crate::harness::{TestApp, invitation};

const GRACE: &str = "grace.hopper@harborline.example";

/// R20, R21, R22, R25, R42, R45, R49, R51, R52, R122, R127: an invitee follows the letter, finds the form filled in, finishes, is in
/// the invited and in the application's groups, lands in the application, and is signed in there.
#[tokio::test]
async fn r127_an_invitee_ends_in_the_application_signed_in() {
    for app in TestApp::each().await {
        let store = app.store("Customers").await;
        let desk = app.expense_desk(store.id).await;
        let (auditors, everybody) = (app.group("Auditors").await, app.group("Everybody").await);
        app.assign(desk.application, vec![everybody]).await;
        let wish = invitation(&desk, GRACE)
            .with_profile(&[("given_name", "Grace"), ("family_name", "Hopper")])
            .with_groups(&[auditors, everybody]);
        let invited = app.issues(wish).await;

        let letter = app.letter_to(GRACE).await;
        let mut grace = app.browser();
        let landing = grace.open(letter.link("/invitation/")).await;
        assert_eq!(landing.status, StatusCode::OK);
        assert!(
            landing.heading().contains("Expense Desk"),
            "{}",
            landing.heading()
        );
        let form = grace.submit(&landing, "submit", &[]).await;
        assert_eq!(form.value("given_name").as_deref(), Some("Grace"));
        assert_eq!(form.value("family_name").as_deref(), Some("Hopper"));
        assert_eq!(form.value("username").as_deref(), Some(GRACE));
        assert_eq!(form.text("label[for=username]"), "E-mail");
        assert_eq!(app.status_of(invited.id).await, "pending");
        assert!(app.identity_of(&store, GRACE).await.is_none());

        let password = [("password", "four quiet lamps at dusk")];
        let done = grace.submit(&form, "submit", &password).await;
        let home = done.leaves_for.as_ref().map(ToString::to_string);
        assert_eq!(
            home.as_deref(),
            Some("https://desk.example/"),
            "{}",
            done.body
        );
        assert_eq!(app.status_of(invited.id).await, "done");

        let tokens = app.signs_in_silently(&mut grace, &desk).await;
        assert_eq!(tokens.claims["groups"], json!(["Auditors", "Everybody"]));
        let told = app.userinfo(&tokens).await;
        assert_eq!(told.json["email"], json!(GRACE));
        assert_eq!(told.json["email_verified"], json!(true));
        assert_eq!(told.json["given_name"], json!("Grace"));
        assert_eq!(told.json["sub"], tokens.claims["sub"]);
    }
}
