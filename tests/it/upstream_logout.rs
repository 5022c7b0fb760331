//! What a provider says of the end of its sessions, and the way out there.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Value, json};
use url::Url;
use usher::db::Json;
use usher::federation::{
    self, Audience, Cloud, ConnectionId, Google, Mapping, Microsoft, Oidc, Provider, Quirks,
    Settings,
};
use usher::kit::{Clock, Internal, Secret};
use usher::session::SessionId;
use usher::simulator::{Kind, LogoutToken, Simulator};

use crate::backchannel_logout::Ann;
use crate::harness::{Receiver, TestApp};
use crate::provider_scene::claims_of;

const SID: &str = "6f1f5be4-40d9-4a36-a4a7-9c0dbf8a3c6e";

/// Ann, who came from a provider.
struct Office {
    ann: Ann,
    provider: Simulator,
    connection: ConnectionId,
    /// What the provider calls her.
    issuer: String,
}

impl Office {
    async fn each(kind: Kind, receiver: &Receiver) -> Vec<Self> {
        let mut all = Vec::new();
        for ann in Ann::each(receiver).await {
            let clock = Clock::manual(&ann.scene.test.clock);
            let free = "127.0.0.1:0".parse().unwrap();
            let provider = Simulator::start_with_clock(kind, free, clock)
                .await
                .unwrap();
            let connection = connect(&ann.scene.test, &provider, settings(kind, &provider)).await;
            let told = provider
                .logout_token(provider.personas()[0].key, None)
                .unwrap();
            let claims = claims_of(&json!(told));
            let issuer = claims["iss"].as_str().unwrap().to_owned();
            let office = Self {
                ann,
                provider,
                connection,
                issuer,
            };
            office.came_from(claims["sub"].as_str().unwrap()).await;
            all.push(office);
        }
        all
    }

    /// Her session is one that began at the provider.
    async fn came_from(&self, subject: &str) {
        let app = &self.ann.scene.test.app;
        let session: SessionId = self.ann.sid().as_str().unwrap().parse().unwrap();
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let (header, claims) = (
            encode(r#"{"alg":"RS256"}"#),
            encode(r#"{"login_hint":"O.ann"}"#),
        );
        let hint = format!("{header}.{claims}.AAAA");
        let sealed = app
            .sealer
            .seal("upstream ID token", hint.as_bytes(), &app.moment());
        let (sealed, connection) = (sealed.unwrap(), self.connection);
        let written: Result<u64, Internal> = app
            .db
            .write(async |tx| {
                tx.sql(
                    "INSERT INTO upstream_session (session_id, connection_id, namespace, subject, sid, id_token_sealed)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                )
                .bind(session)
                .bind(connection)
                .bind(self.issuer.clone())
                .bind(subject.to_owned())
                .bind(SID.to_owned())
                .bind(sealed)
                .run()
                .await
            })
            .await;
        assert_eq!(written.unwrap(), 1);
    }

    fn token(&self, sid: Option<&str>) -> String {
        let persona = self.provider.personas()[0].key;
        self.provider.logout_token(persona, sid).unwrap()
    }

    async fn tells(&self, token: &str) -> StatusCode {
        let path = format!("/sign-in/{}/backchannel-logout", self.connection);
        let nobody = (String::new(), Secret::new(""));
        let test = &self.ann.scene.test;
        let answer = test
            .post_form(&path, &nobody, &[("logout_token", token)])
            .await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        answer.status
    }

    async fn is_signed_in(&mut self) -> bool {
        let request = self.ann.scene.request(&[("prompt", "none")]);
        let page = self.ann.browser.open(&request).await;
        page.leaves_for.unwrap().query().unwrap().contains("code=")
    }

    /// What the way out says to the provider; where that sends people back to.
    fn is_asked_properly(&self, exit: &Url) -> String {
        let asked: BTreeMap<_, _> = exit.query_pairs().into_owned().collect();
        let back = format!(
            "http://localhost:8080/sign-in/{}/signed-out",
            self.connection
        );
        assert_eq!(asked["post_logout_redirect_uri"], back);
        assert_eq!(asked["client_id"], self.provider.client_id());
        assert_eq!(
            claims_of(&json!(asked["id_token_hint"]))["login_hint"],
            "O.ann"
        );
        assert_eq!(asked["logout_hint"], "O.ann");
        back
    }

    /// Her session has ended, and the application knows it.
    async fn has_ended(&mut self, receiver: &Receiver) {
        assert!(!self.is_signed_in().await);
        let sid = self.ann.sid();
        self.ann.delivers().await;
        let heard = self.ann.heard(receiver);
        assert!(heard.iter().any(|told| told["sid"] == sid), "{heard:?}");
        let refreshed = self.ann.scene.refresh(&self.ann.tokens).await;
        assert_eq!(refreshed, StatusCode::BAD_REQUEST);
    }
}

fn settings(kind: Kind, provider: &Simulator) -> Provider {
    let base: Url = provider.base_url().parse().unwrap();
    match kind {
        Kind::Microsoft => Provider::Microsoft(Microsoft {
            cloud: Cloud::Global,
            audience: Audience::Organizations,
            refuse_guests: false,
            login_url: Some(base.clone()),
            graph_url: Some(base),
        }),
        Kind::Google => Provider::Google(Google {
            hosted_domains: Vec::new(),
            base_url: Some(base),
        }),
        _ => Provider::Oidc(Oidc {
            issuer: provider.base_url().to_owned(),
            authoritative_domains: Vec::new(),
            quirks: Quirks::default(),
        }),
    }
}

async fn connect(test: &TestApp, provider: &Simulator, settings: Provider) -> ConnectionId {
    let (moment, app) = (test.app.moment(), &test.app);
    let id: ConnectionId = moment.id();
    let settings = Settings {
        provider: settings,
        scopes: Vec::new(),
        domains: Vec::new(),
        mapping: Mapping::default(),
        trusted_methods: Vec::new(),
    };
    let made: Result<_, Internal> = app
        .db
        .write(async |tx| {
            tx.sql(
                "INSERT INTO connection (id, name, settings, client_id, enabled, created_at, revision)
                 VALUES ($1, 'Contoso', $2, $3, $4, $5, 1)",
            )
            .bind(id)
            .bind(Json(settings))
            .bind(provider.client_id().to_owned())
            .bind(true)
            .bind(moment.now)
            .run()
            .await?;
            federation::changed(tx).await
        })
        .await;
    made.unwrap();
    app.connections.refresh(&app.db).await.unwrap();
    id
}

/// LOG-16: a provider ends an account's sessions, or one of them, and our applications hear of it.
#[tokio::test]
async fn a_provider_ends_what_began_there() {
    let receiver = Receiver::start().await;
    for sid in [None, Some(SID)] {
        for mut office in Office::each(Kind::Generic, &receiver).await {
            let other = office.token(Some("another-session-of-hers"));
            assert_eq!(office.tells(&other).await, StatusCode::OK);
            assert!(office.is_signed_in().await);
            let token = office.token(sid);
            assert_eq!(office.tells(&token).await, StatusCode::OK);
            office.has_ended(&receiver).await;
        }
    }
}

/// LOG-17: nobody is signed out by a token that is wrong in anything, or by one that comes again.
#[tokio::test]
async fn what_is_no_logout_token_ends_nothing() {
    let receiver = Receiver::start().await;
    for mut office in Office::each(Kind::Generic, &receiver).await {
        for wrong in [
            LogoutToken::WithNonce,
            LogoutToken::WithoutEvents,
            LogoutToken::WrongIssuer,
            LogoutToken::WrongAudience,
            LogoutToken::BadSignature,
            LogoutToken::Expired,
            LogoutToken::IdToken,
        ] {
            office.provider.quirks(|quirks| quirks.logout_token = wrong);
            let token = office.token(None);
            assert_eq!(
                office.tells(&token).await,
                StatusCode::BAD_REQUEST,
                "{wrong:?}"
            );
        }
        office.provider.behave();
        let right = office.token(None);
        for (header, signature) in [
            (json!({"alg": "none", "typ": "logout+jwt"}), ""),
            (json!({"alg": "HS256", "typ": "logout+jwt"}), "AAAA"),
            (json!({"alg": "RS256", "typ": "at+jwt"}), "AAAA"),
        ] {
            let header = URL_SAFE_NO_PAD.encode(header.to_string());
            let payload = right.split('.').nth(1).unwrap();
            let forged = format!("{header}.{payload}.{signature}");
            assert_eq!(office.tells(&forged).await, StatusCode::BAD_REQUEST);
        }
        for text in ["", "x", "a.b.c"] {
            assert_eq!(office.tells(text).await, StatusCode::BAD_REQUEST);
        }
        let old = office.token(None);
        office.ann.scene.test.advance(TimeDelta::minutes(12));
        assert_eq!(office.tells(&old).await, StatusCode::BAD_REQUEST);
        assert!(office.is_signed_in().await);
    }
}

/// LOG-17: a token is heard once, and only by the connection that it is for.
#[tokio::test]
async fn a_logout_token_is_heard_once() {
    let receiver = Receiver::start().await;
    for mut office in Office::each(Kind::Generic, &receiver).await {
        let right = office.token(None);
        let elsewhere = office.token(Some("another-session-of-hers"));
        assert_eq!(office.tells(&elsewhere).await, StatusCode::OK);
        assert_eq!(
            office.tells(&elsewhere).await,
            StatusCode::BAD_REQUEST,
            "again"
        );
        office.connection = office.ann.scene.test.app.moment().id();
        let path = format!("/sign-in/{}/backchannel-logout", office.connection);
        let nobody = (String::new(), Secret::new(""));
        let test = &office.ann.scene.test;
        let unknown = test
            .post_form(&path, &nobody, &[("logout_token", &right)])
            .await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        assert!(office.is_signed_in().await);
    }
}

/// B7, LOG-21: Entra names issuer and session by way of the browser; it ends that session and no other, and no other provider may.
#[tokio::test]
async fn entra_says_so_in_front() {
    let receiver = Receiver::start().await;
    for kind in [Kind::Microsoft, Kind::Generic] {
        for mut office in Office::each(kind, &receiver).await {
            let base = format!("/sign-in/{}/frontchannel-logout", office.connection);
            let issuer = office.issuer.clone();
            let says = |iss: &str, sid: &str| {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.append_pair("iss", iss).append_pair("sid", sid);
                format!("{base}?{}", query.finish())
            };
            for nothing in [
                base.clone(),
                says("https://elsewhere.example", SID),
                says(&issuer, "short"),
                says(&issuer, "6f1f5be4-40d9-4a36-a4a7-000000000000"),
                format!("{}&sid={SID}", says(&issuer, SID)),
            ] {
                let answer = office.ann.scene.test.get(&nothing).await;
                assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
                assert!(office.is_signed_in().await, "{nothing}");
            }
            let answer = office.ann.scene.test.get(&says(&issuer, SID)).await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
            if kind == Kind::Microsoft {
                office.has_ended(&receiver).await;
            } else {
                assert!(office.is_signed_in().await);
            }
        }
    }
}

/// LOG-18: who signs out may sign out at the provider as well, and comes back; Google offers nothing.
#[tokio::test]
async fn the_way_out_of_the_provider_is_offered() {
    let receiver = Receiver::start().await;
    for kind in [Kind::Generic, Kind::Microsoft, Kind::Google] {
        for mut office in Office::each(kind, &receiver).await {
            let client = office.ann.scene.desk.client_id.to_string();
            let path = format!("/logout?client_id={client}");
            let question = office.ann.browser.open(&path).await;
            let out = office
                .ann
                .browser
                .submit(&question, "logout-confirm", &[])
                .await;
            assert_eq!(out.heading(), "You are signed out");
            let Some(exit) = out.attribute("#provider-sign-out-1", "href") else {
                assert_eq!(kind, Kind::Google);
                continue;
            };
            assert_ne!(kind, Kind::Google);
            let exit: Url = exit.parse().unwrap();
            let back = office.is_asked_properly(&exit);
            let plain = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
            let left = plain
                .no_proxy()
                .build()
                .unwrap()
                .get(exit)
                .send()
                .await
                .unwrap();
            let returned = left.headers()["location"].to_str().unwrap().to_owned();
            assert!(returned.starts_with(&back) && returned.contains("state="));
            let page = office.ann.browser.open(&returned).await;
            assert_eq!(page.heading(), "You are signed out");
            let home = page.attribute("a#submit", "href");
            assert_eq!(home.as_deref(), Some("https://desk.example/"));
            let bare = office
                .ann
                .browser
                .open(&format!("{back}?state=made-up"))
                .await;
            assert!(bare.status == StatusCode::OK && !bare.has("a#submit"));
        }
    }
}

/// What a signed-out person sees stays the application's when that proves who asks: it gets them back at once.
#[tokio::test]
async fn an_application_that_proves_itself_gets_its_person_back() {
    let receiver = Receiver::start().await;
    for mut office in Office::each(Kind::Generic, &receiver).await {
        let hint = office.ann.tokens["id_token"].as_str().unwrap();
        let path = format!(
            "/logout?id_token_hint={hint}&post_logout_redirect_uri=https://desk.example/bye"
        );
        let page = office.ann.browser.open(&path).await;
        assert_eq!(
            page.leaves_for.unwrap().as_str(),
            "https://desk.example/bye"
        );
        office.has_ended(&receiver).await;
        let silence: Vec<Value> = office.ann.heard(&receiver);
        assert!(silence.is_empty());
    }
}
