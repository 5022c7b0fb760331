//! Applications hear of the end of a session (OpenID Connect Back-Channel Logout 1.0).

use axum::response::IntoResponse as _;
use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Value, json};
use usher::event::{self, Actor};
use usher::job::drain;
use usher::keys::TokenKind;
use usher::kit::{Internal, PageRequest};
use usher::session;

use crate::harness::{Browser, Receiver};
use crate::provider_scene::{Scene, claims_of, code_of, sign_in};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Ann, who uses an application that wants to be told.
pub(crate) struct Ann {
    pub(crate) scene: Scene,
    pub(crate) browser: Browser,
    pub(crate) tokens: Value,
}

impl Ann {
    pub(crate) async fn each(receiver: &Receiver) -> Vec<Self> {
        let mut all = Vec::new();
        let told_at = |client: &mut usher::application::ClientDraft| {
            client.backchannel_logout_uri = Some(receiver.url.clone());
        };
        for scene in Scene::each(|_, client| told_at(client)).await {
            let mut browser = scene.browser_of("ann@corp.example").await;
            let back = browser.open(&scene.request(&[("nonce", "n")])).await;
            let tokens = scene.redeem(&code_of(&back)).await;
            all.push(Self {
                scene,
                browser,
                tokens,
            });
        }
        all
    }

    /// The `sid` of the tokens.
    pub(crate) fn sid(&self) -> Value {
        claims_of(&self.tokens["id_token"])["sid"].clone()
    }

    async fn leaves(&mut self) {
        let hint = self.tokens["id_token"].as_str().unwrap();
        let path = format!("/logout?id_token_hint={hint}");
        let page = self.browser.open(&path).await;
        assert_eq!(page.heading(), "You are signed out");
    }

    pub(crate) async fn delivers(&self) -> usize {
        let app = &self.scene.test.app;
        drain(&app.herald(), &app.clock).await.unwrap()
    }

    /// What the receiver got, each checked as section 2.6 says.
    pub(crate) fn heard(&self, receiver: &Receiver) -> Vec<Value> {
        let (app, mut all) = (&self.scene.test.app, Vec::new());
        for (headers, body) in receiver.got() {
            assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
            let body = std::str::from_utf8(&body).unwrap();
            let token = body.strip_prefix("logout_token=").unwrap();
            let claims = app
                .keys
                .verify::<Value>(TokenKind::Logout, token, &app.moment());
            all.push(claims.unwrap());
        }
        all
    }

    async fn undelivered(&self) -> Vec<Value> {
        let filter = event::Filter {
            subject: None,
            kind: Some("session.logout_undelivered".to_owned()),
        };
        let page = PageRequest::first();
        let list = async |tx: &mut _| event::list(tx, &filter, &page).await;
        let events: Result<_, Internal> = self.scene.test.app.db.read(list).await;
        events
            .unwrap()
            .items
            .into_iter()
            .map(|event| event.data)
            .collect()
    }
}

/// LOG-10, LOG-11, LOG-12, LOG-13, LOG-14, LOG-15: who signs out is signed out of the application, which gets one token with
/// everything in it; what it held ends.
#[tokio::test]
async fn an_application_hears_that_its_person_has_left() {
    let receiver = Receiver::start().await;
    for mut ann in Ann::each(&receiver).await {
        assert_eq!(ann.delivers().await, 0);
        ann.leaves().await;
        assert_eq!(ann.delivers().await, 1);
        let heard = ann.heard(&receiver).remove(0);
        let now = ann.scene.test.app.moment().now.timestamp();
        assert_eq!(
            heard,
            json!({
                "iss": "http://localhost:8080", "aud": ann.scene.desk.client_id, "iat": now, "exp": now + 120,
                "jti": heard["jti"], "sub": ann.scene.ann, "sid": ann.sid(), "events": { EVENT: {} },
            })
        );
        assert!(heard["jti"].is_string() && heard["sid"].is_string());
        assert_eq!(
            ann.scene.refresh(&ann.tokens).await,
            StatusCode::BAD_REQUEST
        );
        assert_eq!(ann.delivers().await, 0, "once");
        let metadata = ann
            .scene
            .test
            .get("/.well-known/openid-configuration")
            .await;
        for flag in [
            "backchannel_logout_supported",
            "backchannel_logout_session_supported",
        ] {
            assert_eq!(metadata.json[flag], true);
        }
    }
}

/// LOG-12: an application that is down hears of it later, each time by a new token; what it refuses is final and visible.
#[tokio::test]
async fn only_trouble_is_tried_again() {
    let receiver = Receiver::start().await;
    for mut ann in Ann::each(&receiver).await {
        ann.leaves().await;
        receiver.next(StatusCode::SERVICE_UNAVAILABLE.into_response());
        receiver.next((StatusCode::BAD_REQUEST, "unknown\nsession").into_response());
        assert_eq!(ann.delivers().await, 1);
        let first = ann.heard(&receiver).remove(0);
        assert_eq!(ann.delivers().await, 0, "it waits");
        ann.scene.test.advance(TimeDelta::minutes(1));
        assert_eq!(ann.delivers().await, 1);
        let second = ann.heard(&receiver).remove(0);
        assert_ne!(first["jti"], second["jti"]);
        assert!(first["iat"].as_i64() < second["iat"].as_i64());
        ann.scene.test.advance(TimeDelta::days(2));
        assert_eq!(ann.delivers().await, 0);
        let given_up = ann.undelivered().await.remove(0);
        assert_eq!(given_up["answer"], "400 unknown session");
    }
}

/// LOG-12: nobody there at all; after a day nobody tries any more.
#[tokio::test]
async fn an_application_that_is_gone_is_given_up() {
    let receiver = Receiver::start().await;
    let anns = Ann::each(&receiver).await;
    drop(receiver);
    for mut ann in anns {
        ann.leaves().await;
        let mut attempts = 0;
        while ann.undelivered().await.is_empty() {
            attempts += ann.delivers().await;
            ann.scene.test.advance(TimeDelta::hours(9));
        }
        assert_eq!(attempts, 10);
    }
}

/// LOG-13: also when others end the session, and when the person went on in another one meanwhile.
#[tokio::test]
async fn every_end_is_told() {
    let receiver = Receiver::start().await;
    for mut ann in Ann::each(&receiver).await {
        let (app, person) = (ann.scene.test.app.clone(), ann.scene.ann);
        let first = ann.sid();
        let again = ann.scene.request(&[("prompt", "login")]);
        let page = ann.browser.open(&again).await;
        let back = sign_in(&mut ann.browser, &page, "ann@corp.example").await;
        assert_eq!(ann.delivers().await, 0, "the same person goes on");
        assert_eq!(ann.scene.refresh(&ann.tokens).await, StatusCode::OK);
        ann.tokens = ann.scene.redeem(&code_of(&back)).await;
        let second = ann.sid();
        ann.leaves().await;
        assert_eq!(ann.delivers().await, 2);
        let mut sids: Vec<_> = ann
            .heard(&receiver)
            .iter()
            .map(|it| it["sid"].clone())
            .collect();
        sids.sort_by_key(ToString::to_string);
        assert_eq!(sids, [first, second]);

        for how in ["another person", "all sessions"] {
            let mut browser = ann.scene.browser_of("ann@corp.example").await;
            let back = browser.open(&ann.scene.request(&[])).await;
            ann.tokens = ann.scene.redeem(&code_of(&back)).await;
            if how == "another person" {
                let page = browser.open(&again).await;
                sign_in(&mut browser, &page, "bob@corp.example").await;
            } else {
                let moment = app.moment();
                let end =
                    async |tx: &mut _| session::end_all(tx, &moment, &Actor::System, person).await;
                assert_eq!(app.db.write(end).await.unwrap(), 1);
            }
            assert_eq!(ann.delivers().await, 1, "{how}");
            let heard = ann.heard(&receiver).remove(0);
            assert_eq!(
                (&heard["sid"], &heard["sub"]),
                (&ann.sid(), &json!(person)),
                "{how}"
            );
            assert_eq!(
                ann.scene.refresh(&ann.tokens).await,
                StatusCode::BAD_REQUEST
            );
        }
    }
}

/// LOG-13, LOG-15: what was granted beyond the session stays, and is no part of it afterwards; an application that begins to
/// listen while it refreshes is told as well.
#[tokio::test]
async fn offline_access_outlives_the_session() {
    let receiver = Receiver::start().await;
    for scene in Scene::each(|_, _| {}).await {
        let mut browser = scene.browser_of("ann@corp.example").await;
        let wanted = [("scope", "openid offline_access"), ("prompt", "consent")];
        let page = browser.open(&scene.request(&wanted)).await;
        let back = browser.submit(&page, "consent-allow", &[]).await;
        let tokens = scene.redeem(&code_of(&back)).await;
        let mut ann = Ann {
            scene,
            browser,
            tokens,
        };
        listens(&ann, &receiver).await;
        ann.tokens = refreshed(&ann).await;
        ann.leaves().await;
        assert_eq!(ann.delivers().await, 1);
        assert_eq!(ann.heard(&receiver)[0]["sid"], ann.sid());
        ann.tokens = refreshed(&ann).await;
        let app = &ann.scene.test.app;
        let (moment, person) = (app.moment(), ann.scene.ann);
        let end = async |tx: &mut _| session::end_all(tx, &moment, &Actor::System, person).await;
        assert_eq!(app.db.write(end).await.unwrap(), 0);
        assert_eq!(ann.delivers().await, 0);
        assert_eq!(
            ann.scene.refresh(&ann.tokens).await,
            StatusCode::BAD_REQUEST
        );
    }
}

async fn listens(ann: &Ann, receiver: &Receiver) {
    let admin = ann.scene.test.admin().await;
    let path = format!("/api/v1/clients/{}", ann.scene.desk.client_id);
    let shown = admin.get(&path).await;
    let mut settings = shown.json.clone();
    let members = settings.as_object_mut().unwrap();
    members.retain(|name, _| !["id", "application", "name", "created_at"].contains(&name.as_str()));
    settings["backchannel_logout_uri"] = json!(receiver.url);
    let wish = json!({ "name": shown.json["name"], "settings": settings });
    let tag = shown.headers["etag"].to_str().unwrap().to_owned();
    let changed = admin
        .call("PUT", &path, &[("if-match", &tag)], Some(wish))
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(changed.json["backchannel_logout_uri"], json!(receiver.url));
}

async fn refreshed(ann: &Ann) -> Value {
    let token = ann.tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let credentials = ann.scene.desk.credentials();
    let answer = ann
        .scene
        .test
        .post_form("/token", &credentials, &form)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json
}

/// Nothing is sent into a private network, also when this was registered on a node that may reach its own machine.
#[tokio::test]
async fn an_address_on_this_machine_is_for_trying_out_only() {
    let receiver = Receiver::start().await;
    for mut ann in Ann::each(&receiver).await {
        ann.leaves().await;
        let app = &ann.scene.test.app;
        let mut herald = app.herald();
        herald.outgoing = usher::web::Outgoing::new(usher::web::Loopback::Refused).unwrap();
        assert_eq!(drain(&herald, &app.clock).await.unwrap(), 1);
        assert!(receiver.got().is_empty());
        assert_eq!(ann.undelivered().await.len(), 1);
        assert_eq!(drain(&herald, &app.clock).await.unwrap(), 0);
    }
}
