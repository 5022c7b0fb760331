//! Inviting through the API.

use serde_json::{Value, json};

use super::{Answer, Desk, make_client};

async fn invite(desk: &Desk, application: impl ToString, more: Value) -> Answer {
    let mut body =
        json!({"application": application.to_string(), "email": "Grace@Harborline.example"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    desk.post("/invitations", body).await
}

/// R20, R23, R51, R58: what was asked for is there, pending, with its letter and its history, and without its link.
#[tokio::test]
async fn r20_an_invitation_is_made_and_shown() {
    let desk = Desk::new().await;
    let (store, application) = desk.application("Expense Desk", json!({})).await;
    let group = desk
        .post("/groups", json!({"name": "Finance"}))
        .await
        .expect(201)
        .text("/id")
        .to_owned();
    let more = json!({
        "groups": [group], "profile": {"given_name": "Grace"}, "message": "Welcome!", "lifetime_seconds": 3600,
        "inviter": {"name": "Ann Admin", "email": "ann@harborline.example"}, "locale": "en", "store": store,
    });
    let made = invite(&desk, application, more).await.expect(201);
    assert_eq!(made.text("/status"), "pending");
    let id = made.text("/id").to_owned();
    let shown = desk.get(&format!("/invitations/{id}")).await.expect(200);
    assert_eq!(made.body, shown.body, "the first answer is what is stored");
    for (pointer, wanted) in [
        ("/email", "Grace@Harborline.example"),
        ("/profile/given_name", "Grace"),
        ("/inviter", "Ann Admin"),
        ("/groups/0", group.as_str()),
        ("/delivery/state", "queued"),
        ("/history/0/kind", "invitation.created"),
        ("/expires_at", "2030-05-01T09:00:00Z"),
    ] {
        assert_eq!(shown.text(pointer), wanted, "{pointer}");
    }
    let all = format!(
        "{}{}{}",
        made.body,
        shown.body,
        desk.get("/events").await.body
    );
    assert!(!all.contains("/invitation/"), "a link in an answer: {all}");
}

/// R133: the link is shown once, to those who hold the permission.
#[tokio::test]
async fn r133_the_link_is_shown_once_under_its_own_permission() {
    let desk = Desk::new().await;
    let (_, application) = desk.application("Expense Desk", json!({})).await;
    let plain = make_client(&desk.app, "invitations:read invitations:write").await;
    let token = desk.token_of(plain, "invitations:read invitations:write");
    let body = json!({"application": application, "email": "a@b.example", "sending": "link"});
    let refused = desk
        .ask_as("POST", "/api/v1/invitations", &token)
        .json(&body)
        .send()
        .await;
    assert_eq!(refused.code(), (403, "insufficient_scope"));
    assert_eq!(desk.get("/invitations").await.body["items"], json!([]));

    let ask = || {
        desk.ask("POST", "/api/v1/invitations")
            .with("idempotency-key", "k")
            .json(&body)
    };
    let made = ask().send().await.expect(201);
    let link = made.text("/link").to_owned();
    assert!(link.starts_with("http://localhost:8080/invitation/"));
    assert!(made.body["delivery"].is_null());
    let path = format!("/invitations/{}", made.text("/id"));
    assert_eq!(desk.get(&path).await.body["history"], made.body["history"]);
    assert!(ask().send().await.expect(201).body.get("link").is_none());

    let path = format!("/api/v1/invitations/{}/link", made.text("/id"));
    desk.ask_as("POST", &path, &token)
        .json(&json!({}))
        .send()
        .await
        .expect(403);
    let fresh = desk
        .ask("POST", &path)
        .json(&json!({}))
        .send()
        .await
        .expect(200);
    assert_ne!(fresh.text("/link"), link);
    let events = desk
        .get(&format!("/events?subject={}", made.text("/id")))
        .await
        .body
        .to_string();
    assert!(
        events.contains("invitation.link_revealed") && !events.contains("/invitation/"),
        "{events}"
    );
}

/// R57, R59, R60, R62: resent, revoked, gone from the list, and then nothing more.
#[tokio::test]
async fn r59_an_invitation_is_resent_and_revoked() {
    let desk = Desk::new().await;
    let (_, application) = desk.application("Expense Desk", json!({})).await;
    let made = invite(&desk, application, json!({})).await.expect(201);
    let path = format!("/invitations/{}", made.text("/id"));
    desk.clock.advance(chrono::TimeDelta::hours(1));
    let resent = desk
        .post(&format!("{path}/resend"), json!({"lifetime_seconds": 7200}))
        .await
        .expect(200);
    assert_eq!(
        (resent.text("/sent_at"), resent.text("/expires_at")),
        ("2030-05-01T09:00:00Z", "2030-05-01T11:00:00Z")
    );
    for seconds in [0, 3599, 2_592_001, i64::MAX, i64::MIN] {
        let refused = desk
            .post(
                &format!("{path}/resend"),
                json!({"lifetime_seconds": seconds}),
            )
            .await;
        assert_eq!(refused.status.as_u16(), 422, "{seconds}: {}", refused.body);
    }
    desk.ask("POST", &format!("/api/v1{path}/revoke"))
        .send()
        .await
        .expect(204);
    assert_eq!(desk.get("/invitations").await.body["items"], json!([]));
    assert_eq!(desk.get(&path).await.text("/status"), "revoked");
    assert_eq!(
        desk.post(&format!("{path}/resend"), json!({})).await.code(),
        (409, "invitation_not_pending")
    );
    assert_eq!(
        desk.ask("POST", &format!("/api/v1{path}/revoke"))
            .send()
            .await
            .code(),
        (409, "invitation_not_pending")
    );
}

/// R63: one pending invitation for an address and application; the answer names it.
#[tokio::test]
async fn r63_a_second_pending_invitation_is_refused_with_the_first_ones_id() {
    let desk = Desk::new().await;
    let (_, application) = desk.application("Expense Desk", json!({})).await;
    let first = invite(&desk, application, json!({})).await.expect(201);
    let second = invite(
        &desk,
        application,
        json!({"email": "GRACE@harborline.example"}),
    )
    .await;
    assert_eq!(second.code(), (409, "invitation_already_pending"));
    assert!(second.text("/detail").contains(first.text("/id")));
}

/// R56, R63: the list is filtered by status, application and address.
#[tokio::test]
async fn r63_the_list_is_filtered() {
    let desk = Desk::new().await;
    let (_, one) = desk.application("One", json!({})).await;
    let (_, two) = desk.application("Two", json!({})).await;
    invite(&desk, one, json!({"lifetime_seconds": 3600}))
        .await
        .expect(201);
    desk.clock.advance(chrono::TimeDelta::hours(2));
    invite(&desk, one, json!({"email": "ada@x.example"}))
        .await
        .expect(201);
    invite(&desk, two, json!({"email": "ada@x.example"}))
        .await
        .expect(201);
    let count = async |query: String| {
        desk.get(&format!("/invitations?{query}"))
            .await
            .expect(200)
            .body["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count(String::new()).await, 3);
    assert_eq!(count("status=expired".into()).await, 1);
    assert_eq!(count("status=pending".into()).await, 2);
    assert_eq!(count(format!("application={one}")).await, 2);
    assert_eq!(count("email=ADA@x.example".into()).await, 2);
    assert_eq!(
        count(format!(
            "email=ada@x.example&application={two}&status=pending"
        ))
        .await,
        1
    );
    for bad in ["status=lost", "application=x", "email=x"] {
        assert_eq!(
            desk.get(&format!("/invitations?{bad}"))
                .await
                .status
                .as_u16(),
            422,
            "{bad}"
        );
    }
}

/// R30–R33: exactly one application, one that speaks OpenID Connect, and an address.
#[tokio::test]
async fn r32_what_can_not_be_invited_is_refused_at_its_field() {
    let desk = Desk::new().await;
    let (store, application) = desk.application("Expense Desk", json!({})).await;
    let saml = json!({"name": "Old", "protocol": "saml2", "saml_entity_id": "urn:old", "saml_acs_url": "https://old.example/acs"});
    let made = desk
        .post(
            "/applications",
            json!({"store": store, "application": saml}),
        )
        .await
        .expect(201);
    let refused = invite(&desk, made.text("/application/id"), json!({})).await;
    assert_eq!(
        (refused.code(), refused.pointers()),
        (
            (422, "application_protocol_unsupported"),
            vec!["/application"]
        )
    );
    let unknown = invite(&desk, format!("app_{}", "0".repeat(26)), json!({})).await;
    assert_eq!(unknown.code(), (422, "application_unknown"));
    let (other, _) = desk.application("Other", json!({})).await;
    let elsewhere = invite(&desk, application, json!({"store": other})).await;
    assert_eq!(elsewhere.code(), (422, "application_in_another_store"));
    let more = json!({"email": "x", "profile": {"birthdate": "x"}, "locale": "tlh", "inviter": {"name": "A"}});
    let fields = invite(&desk, application, more).await.expect(422);
    assert_eq!(
        fields.pointers(),
        ["/email", "/profile/birthdate", "/locale"]
    );
    let groups = invite(
        &desk,
        application,
        json!({"groups": [format!("grp_{}", "0".repeat(26))]}),
    )
    .await
    .expect(422);
    assert_eq!(groups.pointers(), ["/groups"]);
}

/// R4: whoever may invite people may not make administrators.
#[tokio::test]
async fn r4_inviting_administrators_needs_a_permission_of_its_own() {
    let desk = Desk::new().await;
    let moment = desk.app.moment();
    let store = desk
        .post(
            "/stores",
            json!({"name": "Administrators", "identifiers": ["EMAIL"]}),
        )
        .await
        .expect(201);
    let console = usher::application::NewApplication {
        store: store.text("/id").parse().unwrap(),
        purpose: usher::application::Purpose::Console,
        application: usher::application::ApplicationDraft::named("Console"),
        client: Some(usher::application::ClientDraft {
            redirect_uris: vec!["https://usher.example/console".into()],
            ..usher::application::ClientDraft::default()
        }),
    };
    let actor = usher::event::Actor::System;
    let made = desk
        .app
        .db
        .write(async |tx| usher::application::create(tx, &moment, &actor, console).await)
        .await
        .unwrap();
    desk.app.catalogue.refresh(&desk.app.db).await.unwrap();
    let id = made.application.id;
    let scope = "invitations:read invitations:write invitations:link";
    let token = desk.token(scope);
    let body = json!({"application": id, "email": "a@b.example"});
    let refused = desk
        .ask_as("POST", "/api/v1/invitations", &token)
        .json(&body)
        .send()
        .await;
    assert_eq!(refused.code(), (403, "insufficient_scope"));
    let made = desk.post("/invitations", body).await.expect(201);
    for action in ["resend", "link", "revoke"] {
        let path = format!("/api/v1/invitations/{}/{action}", made.text("/id"));
        desk.ask_as("POST", &path, &token)
            .json(&json!({}))
            .send()
            .await
            .expect(403);
    }
}
