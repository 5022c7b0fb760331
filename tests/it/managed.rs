//! What programs do with people, applications and clients through the management API, and what becomes of those concerned.

use http::StatusCode;
use serde_json::{Value, json};
use usher::application::{ApplicationDraft, ClientDraft, NewApplication, Purpose};
use usher::event::Actor;
use usher::group::{self, MemberRefused, Placing};
use usher::kit::{Failed, Id, Internal, Kind, Secret, kinds};

use crate::harness::{Answer, ApiCaller, TestApp};
use crate::sign_in::Desk;

async fn delete(caller: &ApiCaller, path: &str) -> Answer {
    let path = format!("/api/v1{path}");
    caller.call("DELETE", &path, &[], None).await
}

#[track_caller]
fn refused(answer: &Answer, status: StatusCode, code: &str) {
    let found = (answer.status, answer.code());
    assert_eq!(found, (status, code), "{}", answer.body);
}

fn unknown<K: Kind>(test: &TestApp) -> Id<K> {
    test.app.moment().id()
}

/// R140: what applications and people held because of it ends with the application; its name, its groups and its people are
/// free for others.
#[tokio::test]
async fn an_application_goes_with_all_that_people_allowed_it() {
    for desk in Desk::each().await {
        let (test, party) = (&desk.test, &desk.party);
        let admin = test.admin().await;
        let group = test.group("Finance").await;
        test.assign(party.application, vec![group]).await;
        let mut ann = desk.ann_signs_in().await;
        let tokens = test.signs_in_silently(&mut ann, party).await;
        let consents = format!("/api/v1/identities/{}/consents", desk.ann);
        assert_eq!(admin.get(&consents).await.status, StatusCode::OK);
        let path = format!("/applications/{}", party.application);
        let invited = admin.invites("eve@example.com", party, json!({})).await;
        let pending = delete(&admin, &path).await;
        let code = "application_has_pending_invitations";
        refused(&pending, StatusCode::CONFLICT, code);
        let invitation = invited.json["id"].as_str().unwrap();
        let revoke = format!("/api/v1/invitations/{invitation}/revoke");
        admin.call("POST", &revoke, &[], None).await;

        let gone = delete(&admin, &path).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.body);
        let again = delete(&admin, &path).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND, "{}", again.body);
        assert_eq!(
            test.userinfo(&tokens).await.status,
            StatusCode::UNAUTHORIZED
        );
        let form = [
            ("grant_type", "refresh_token"),
            (
                "refresh_token",
                tokens.answer.json["refresh_token"].as_str().unwrap(),
            ),
        ];
        let refreshed = test.post_form("/token", &party.credentials(), &form).await;
        assert_eq!(
            refreshed.json["error"], "invalid_client",
            "{}",
            refreshed.body
        );
        let asked = ann.open(&party.authorize(&[])).await;
        assert_eq!(asked.status, StatusCode::BAD_REQUEST);
        let shown = admin.get(&format!("/api/v1{path}")).await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND);

        let group = delete(&admin, &format!("/groups/{group}")).await;
        assert_eq!(group.status, StatusCode::NO_CONTENT, "{}", group.body);
        let events = admin.get("/api/v1/events").await;
        for kind in ["application.deleted", "client.deleted"] {
            assert!(events.body.contains(kind), "{kind}");
        }
        test.expense_desk(desk.store.id).await; // the name is free again
    }
}

#[tokio::test]
async fn some_applications_and_clients_can_not_be_deleted() {
    for desk in Desk::each().await {
        let (test, admin) = (&desk.test, desk.test.admin().await);
        let store = test.store("Administrators").await;
        let console = NewApplication {
            store: store.id,
            purpose: Purpose::Console,
            application: ApplicationDraft::named("Console"),
            client: Some(ClientDraft {
                redirect_uris: vec![test.app.links.console()],
                ..ClientDraft::default()
            }),
        };
        let console = test.create(console).await.application.id;
        let answer = delete(&admin, &format!("/applications/{console}")).await;
        refused(&answer, StatusCode::CONFLICT, "console_stays");
        let of_application = format!("/clients/{}", desk.party.client_id);
        let answer = delete(&admin, &of_application).await;
        refused(&answer, StatusCode::CONFLICT, "client_of_application");
        let clients = admin.get("/api/v1/clients").await;
        let clients = clients.json["items"].as_array().unwrap();
        let own = clients.iter().find(|it| it["application"].is_null());
        let own = format!("/clients/{}", own.unwrap()["id"].as_str().unwrap());
        let answer = delete(&admin, &own).await;
        refused(&answer, StatusCode::CONFLICT, "own_client");

        let lesser = test.api_client("clients:write applications:read").await;
        let answer = delete(&lesser, &own).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
        let application = format!("/applications/{}", desk.party.application);
        let answer = delete(&lesser, &application).await;
        refused(&answer, StatusCode::FORBIDDEN, "insufficient_scope");
        for path in [
            format!("/applications/{}", unknown::<kinds::Application>(test)),
            format!("/clients/{}", unknown::<kinds::Client>(test)),
            "/clients/nobody".to_owned(),
        ] {
            let answer = delete(&admin, &path).await;
            assert_eq!(
                answer.status,
                StatusCode::NOT_FOUND,
                "{path}: {}",
                answer.body
            );
        }
    }
}

/// A client that is deleted obtains no token, and the one it has is worth nothing any more.
#[tokio::test]
async fn a_client_of_the_api_goes_at_once() {
    for test in TestApp::each().await {
        let admin = test.admin().await;
        let body = json!({ "name": "Sync", "scopes": "groups:read" });
        let made = admin.post("/api/v1/clients", body).await;
        let id = made.json["client"]["id"].as_str().unwrap().to_owned();
        let secret = Secret::new(made.json["client_secret"].as_str().unwrap());
        let form = [("grant_type", "client_credentials")];
        let credentials = (id.clone(), secret);
        let obtained = test.post_form("/token", &credentials, &form).await;
        let sync = admin.with_token(obtained.json["access_token"].as_str().unwrap());
        assert_eq!(sync.get("/api/v1/groups").await.status, StatusCode::OK);

        let path = format!("/clients/{id}");
        let gone = delete(&admin, &path).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.body);
        assert_eq!(delete(&admin, &path).await.status, StatusCode::NOT_FOUND);
        let out = sync.get("/api/v1/groups").await;
        assert_eq!(out.status, StatusCode::UNAUTHORIZED);
        let obtained = test.post_form("/token", &credentials, &form).await;
        assert_eq!(obtained.json["error"], "invalid_client");
    }
}

fn bob(desk: &Desk, address: &str) -> Value {
    json!({
        "store": desk.store.id, "profile": {"given_name": "Bob"},
        "identifiers": [{"kind": "EMAIL", "value": address, "verified": true}],
    })
}

/// R138: a person is registered once, however often the request arrives.
#[tokio::test]
async fn r138_the_api_registers_a_person_once() {
    for desk in Desk::each().await {
        let admin = desk.test.admin().await;
        let key = [("idempotency-key", "one")];
        let post = async |body: Value| {
            let path = "/api/v1/identities";
            admin.call("POST", path, &key, Some(body)).await
        };
        let made = post(bob(&desk, "bob@example.com")).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        assert_eq!(made.json["identifiers"][0]["value"], "bob@example.com");
        assert!(made.headers.contains_key("etag"));
        let place = made.headers["location"].to_str().unwrap();
        assert_eq!(admin.get(place).await.json["id"], made.json["id"]);
        let again = post(bob(&desk, "bob@example.com")).await;
        let same = (again.status, again.json["id"] == made.json["id"]);
        assert_eq!(same, (StatusCode::CREATED, true), "{}", again.body);
        let other = post(bob(&desk, "rob@example.com")).await;
        let code = "idempotency_key_reused";
        refused(&other, StatusCode::UNPROCESSABLE_ENTITY, code);
    }
}

#[tokio::test]
async fn the_api_says_why_a_person_is_not_registered() {
    for desk in Desk::each().await {
        let admin = desk.test.admin().await;
        let post = async |body: Value| admin.post("/api/v1/identities", body).await;
        let taken = post(bob(&desk, "ANN@example.com")).await;
        refused(&taken, StatusCode::CONFLICT, "identifier_taken");
        let mut body = bob(&desk, "bob");
        body["profile"] = json!({"birthdate": "x"});
        let wrong = post(body).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        for pointer in ["/identifiers/0/value", "/profile/birthdate"] {
            assert!(wrong.body.contains(pointer), "{}", wrong.body);
        }
        let mut body = bob(&desk, "bob@example.com");
        body["identifiers"] = json!([]);
        let nothing = post(body.clone()).await;
        let code = "identifier_required";
        refused(&nothing, StatusCode::UNPROCESSABLE_ENTITY, code);
        body["identifiers"] = json!([{"kind": "USERNAME", "value": "bob"}]);
        let code = "identifier_unsupported";
        refused(&post(body).await, StatusCode::UNPROCESSABLE_ENTITY, code);
        let mut body = bob(&desk, "bob@example.com");
        body["store"] = json!(unknown::<kinds::Store>(&desk.test));
        refused(&post(body).await, StatusCode::NOT_FOUND, "store_not_found");
        let lesser = desk.test.api_client("identities:read").await;
        let body = bob(&desk, "bob@example.com");
        let lesser = lesser.post("/api/v1/identities", body).await;
        refused(&lesser, StatusCode::FORBIDDEN, "insufficient_scope");
    }
}

/// Sessions end with the request that disables the person.
#[tokio::test]
async fn the_api_shuts_a_person_out() {
    for desk in Desk::each().await {
        let admin = desk.test.admin().await;
        let browser = desk.ann_signs_in().await;
        assert!(desk.is_signed_in(&browser).await);
        let path = format!("/api/v1/identities/{}/disable", desk.ann);
        let out = admin.call("POST", &path, &[], None).await;
        assert_eq!(out.status, StatusCode::NO_CONTENT, "{}", out.body);
        assert!(!desk.is_signed_in(&browser).await);
    }
}

/// R50: who signs in again is not put back into a group.
#[tokio::test]
async fn r50_a_later_sign_in_adds_no_group() {
    for desk in Desk::each().await {
        let (app, finance) = (&desk.test.app, desk.test.group("Finance").await);
        let assigned = vec![finance];
        desk.test.assign(desk.party.application, assigned).await;
        let moment = app.moment();
        let placing = Placing {
            identity: desk.ann,
            invited: &[finance],
            invitation: None,
            application: desk.party.application,
        };
        let changed: Result<(), Failed<MemberRefused>> = app
            .db
            .write(async |tx| {
                group::place(tx, &moment, placing).await?;
                let whom = (finance, desk.ann);
                group::remove_member(tx, &moment, &Actor::System, whom).await
            })
            .await;
        changed.unwrap();
        desk.ann_signs_in().await;
        let names: Result<_, Internal> = app
            .db
            .read(async |tx| group::names_of(tx, desk.ann).await)
            .await;
        assert!(names.unwrap().is_empty());
    }
}
