//! The token endpoint: codes, refresh tokens and clients that act for themselves, as a relying party sees them.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use http::{Request, header};
use serde_json::json;
use usher::application::{ClientAuthentication, GrantType};
use usher::keys::{Algorithm, TokenKind};
use usher::kit::digest;

use crate::harness::{Answer, TestApp, send};
use crate::provider_world::{Tokens, World, error, read};

/// CORE-28, CORE-29, CORE-31, AT-01: what comes back for a code.
#[tokio::test]
async fn a_code_gives_tokens_that_say_what_they_should() {
    for world in World::each().await {
        let code = world.code("openid profile groups").await;
        let answer = world.redeems(&code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(answer.json["token_type"], "Bearer");
        assert_eq!(answer.json["expires_in"], 600);
        assert_eq!(answer.json["scope"], "openid profile groups");
        let tokens = Tokens::of(&answer);
        let (header, id) = read(&tokens.id);
        assert_eq!(
            (&header["alg"], &header["typ"]),
            (&json!("ES256"), &json!("JWT"))
        );
        assert_eq!(
            header.as_object().unwrap().len(),
            3,
            "alg, typ, kid: {header}"
        );
        assert_eq!(id["iss"], "http://localhost:8080");
        assert_eq!(id["sub"], world.grace.to_string());
        assert_eq!(id["aud"], world.desk.client_id.to_string());
        assert_eq!(id["nonce"], "n-0S6_WzA2Mj");
        assert_eq!(id["amr"], json!(["pwd"]));
        assert_eq!(id["auth_time"], id["iat"].as_i64().unwrap() - 30);
        assert_eq!(id["exp"], id["iat"].as_i64().unwrap() + 600);
        assert_eq!(id["groups"], json!(["accounting"]));
        assert_eq!(
            id["at_hash"],
            URL_SAFE_NO_PAD.encode(&digest(tokens.access.as_bytes())[..16])
        );
        assert!(id["sid"].as_str().unwrap().starts_with("ses_"));
        for absent in ["given_name", "email", "acr", "azp"] {
            assert!(id.get(absent).is_none(), "{absent}");
        }
        let (header, access) = read(&tokens.access);
        assert_eq!(header["typ"], "at+jwt");
        assert_eq!(access["client_id"], world.desk.client_id.to_string());
        assert_eq!(access["scope"], "openid profile groups");
        assert!(access["gnt"].as_str().unwrap().starts_with("gnt_"));
        let plain = world.signs_in("profile").await;
        assert!(plain.id.is_empty(), "CORE-02: no openid, no ID token");
    }
}

/// CORE-26, OA-03, OA-06: a code is bound to client, redirect URI and challenge; what is wrong does not use it up.
#[tokio::test]
async fn a_code_is_good_for_its_own_client_alone() {
    for world in World::each().await {
        let code = world.code("openid").await;
        for changes in [
            [("redirect_uri", "https://desk.example/callback/")],
            [("redirect_uri", "")],
            [("code_verifier", "")],
            [(
                "code_verifier",
                "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl",
            )],
            [("code", "nonsense")],
        ] {
            let answer = world.redeems(&code, &changes).await;
            assert_eq!(error(&answer), (400, "invalid_grant"), "{changes:?}");
        }
        let missing = world.redeems(&code, &[("code", "")]).await;
        assert_eq!(error(&missing), (400, "invalid_request"));
        let other = world
            .app
            .application(world.desk.store, "Other", |_, _| {})
            .await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.reveal()),
            ("redirect_uri", &world.desk.redirect_uri),
            ("code_verifier", crate::provider_world::VERIFIER),
        ];
        let stolen = world
            .app
            .post_form("/token", &other.credentials(), &form)
            .await;
        assert_eq!(error(&stolen), (400, "invalid_grant"));
        assert_eq!(world.redeems(&code, &[]).await.status, 200);
        let late = world.code("openid").await;
        world.app.advance(TimeDelta::seconds(60));
        assert_eq!(
            error(&world.redeems(&late, &[]).await),
            (400, "invalid_grant")
        );
    }
}

/// CORE-27: the second use of a code ends what the first one gave, also half a minute later. R135: replayed.
#[tokio::test]
async fn r135_a_code_used_twice_ends_its_tokens() {
    for world in World::each().await {
        let code = world.code("openid").await;
        let tokens = Tokens::of(&world.redeems(&code, &[]).await);
        assert_eq!(world.userinfo(&tokens.access).await.status, 200);
        world.app.advance(TimeDelta::seconds(30));
        let again = world.redeems(&code, &[]).await;
        assert_eq!(error(&again), (400, "invalid_grant"));
        assert_eq!(
            error(&world.userinfo(&tokens.access).await),
            (401, "invalid_token")
        );
        let refreshed = world.refreshes(&tokens.refresh, &[]).await;
        assert_eq!(error(&refreshed), (400, "invalid_grant"));
        let state = world
            .posts("/introspect", &[("token", &tokens.access)])
            .await;
        assert_eq!(state.json, json!({"active": false}));
        assert_eq!(world.events("code.reuse_detected").await, 1);
    }
}

/// Of many who come with one code at once, at most one gets tokens.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_used_once_even_by_many_at_once() {
    for world in World::each().await {
        let code = world.code("openid").await;
        let answers = (0..8).map(|_| world.redeems(&code, &[]));
        let answers = join_all(answers.collect()).await;
        let granted = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(granted, 1);
    }
}

async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pinned: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = pinned.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, output) in pinned.iter_mut().zip(&mut done) {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// OA-14, CORE-49, RV-02: each refresh token works once; the second use of one ends the family with all its tokens.
#[tokio::test]
async fn refresh_tokens_rotate_and_a_second_use_ends_the_family() {
    for world in World::each().await {
        let first = world.signs_in("openid groups offline_access").await;
        world.app.advance(TimeDelta::minutes(5));
        let second = Tokens::of(&world.refreshes(&first.refresh, &[]).await);
        assert_ne!(first.refresh, second.refresh);
        let ((_, before), (_, after)) = (read(&first.id), read(&second.id));
        for same in ["iss", "sub", "aud", "auth_time", "sid", "groups"] {
            assert_eq!(before[same], after[same], "{same}");
        }
        assert!(after["iat"].as_i64() > before["iat"].as_i64());
        assert!(after.get("nonce").is_none());
        let other = world
            .app
            .application(world.desk.store, "Other", |_, _| {})
            .await;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", second.refresh.as_str()),
        ];
        let stolen = world
            .app
            .post_form("/token", &other.credentials(), &form)
            .await;
        assert_eq!(error(&stolen), (400, "invalid_grant"));
        let again = world.refreshes(&first.refresh, &[]).await;
        assert_eq!(error(&again), (400, "invalid_grant"));
        let newest = world.refreshes(&second.refresh, &[]).await;
        assert_eq!(error(&newest), (400, "invalid_grant"));
        assert_eq!(world.userinfo(&second.access).await.status, 401);
        assert_eq!(world.events("token.reuse_detected").await, 1);
    }
}

/// OA-14: within a grace window that is set, a client that lost the answer may ask again.
#[tokio::test]
async fn a_grace_window_forgives_a_lost_answer() {
    for world in World::each_with(&[("tokens.refresh_grace_seconds", "20")]).await {
        let first = world.signs_in("openid").await;
        let lost = Tokens::of(&world.refreshes(&first.refresh, &[]).await);
        world.app.advance(TimeDelta::seconds(20));
        let second = Tokens::of(&world.refreshes(&first.refresh, &[]).await);
        assert_eq!(world.refreshes(&lost.refresh, &[]).await.status, 200);
        assert_eq!(world.refreshes(&second.refresh, &[]).await.status, 200);
        world.app.advance(TimeDelta::seconds(1));
        assert_eq!(
            error(&world.refreshes(&first.refresh, &[]).await),
            (400, "invalid_grant")
        );
    }
}

/// OA-15, LOG-15: refreshing ends after idleness, absolutely, and with the session unless offline access was granted.
#[tokio::test]
async fn refreshing_comes_to_an_end() {
    for world in World::each().await {
        let of_session = world.signs_in("openid").await;
        let idle = world.signs_in("openid offline_access").await;
        let mut kept = world.signs_in("openid offline_access").await;
        world.app.advance(TimeDelta::hours(12));
        assert_eq!(
            error(&world.refreshes(&of_session.refresh, &[]).await),
            (400, "invalid_grant")
        );
        for _ in 0..6 {
            world.app.advance(TimeDelta::days(29));
            kept = Tokens::of(&world.refreshes(&kept.refresh, &[]).await);
        }
        assert_eq!(
            error(&world.refreshes(&idle.refresh, &[]).await),
            (400, "invalid_grant")
        );
        world.app.advance(TimeDelta::days(6));
        assert_eq!(
            error(&world.refreshes(&kept.refresh, &[]).await),
            (400, "invalid_grant")
        );
    }
}

/// CORE-50: less is possible, more is not, and asking for more uses nothing up.
#[tokio::test]
async fn a_refresh_may_narrow_the_scope() {
    for world in World::each().await {
        let first = world.signs_in("openid email").await;
        let broader = world
            .refreshes(&first.refresh, &[("scope", "openid email groups")])
            .await;
        assert_eq!(error(&broader), (400, "invalid_scope"));
        let narrow = world
            .refreshes(&first.refresh, &[("scope", "openid")])
            .await;
        assert_eq!(narrow.json["scope"], "openid");
        let narrow = Tokens::of(&narrow);
        assert!(
            world
                .userinfo(&narrow.access)
                .await
                .json
                .get("email")
                .is_none()
        );
        let whole = world.refreshes(&narrow.refresh, &[]).await;
        assert_eq!(whole.json["scope"], "openid email");
    }
}

/// A person who may not sign in any more refreshes nothing.
#[tokio::test]
async fn a_disabled_person_gets_nothing_more() {
    for world in World::each().await {
        let tokens = world.signs_in("openid").await;
        let moment = world.app.app.moment();
        let disabled = world.app.app.db.write(async |tx| {
            usher::identity::disable(tx, &moment, &usher::event::Actor::System, world.grace).await
        });
        disabled.await.unwrap();
        assert_eq!(
            error(&world.refreshes(&tokens.refresh, &[]).await),
            (400, "invalid_grant")
        );
        assert_eq!(
            error(&world.userinfo(&tokens.access).await),
            (401, "invalid_token")
        );
    }
}

/// OA-29: a client that acts for itself gets an access token for the management API, and nothing about a person.
#[tokio::test]
async fn a_client_acts_for_itself() {
    let world = World::sqlite().await;
    let caller = world
        .app
        .api_client("invitations:read invitations:write")
        .await;
    let (header, claims) = read(&caller.token);
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(claims["aud"], "http://localhost:8080/api");
    assert_eq!(claims["sub"], claims["client_id"]);
    assert_eq!(claims["scope"], "invitations:read invitations:write");
    assert!(claims.get("gnt").is_none());
    assert_eq!(
        error(&world.userinfo(&caller.token).await),
        (403, "insufficient_scope")
    );
    let not_registered = world
        .posts("/token", &[("grant_type", "client_credentials")])
        .await;
    assert_eq!(error(&not_registered), (400, "unauthorized_client"));
    let unknown = world.posts("/token", &[("grant_type", "password")]).await;
    assert_eq!(error(&unknown), (400, "unsupported_grant_type"));
}

/// OA-01, OA-07, OA-11, OA-12, CORE-25: what is malformed is refused, each in its way.
#[tokio::test]
async fn malformed_requests_are_refused() {
    let world = World::sqlite().await;
    assert_eq!(world.app.get("/token").await.status, 405);
    let form = "application/x-www-form-urlencoded";
    for (kind, body, status) in [
        (
            "application/json",
            r#"{"grant_type":"client_credentials"}"#,
            415,
        ),
        (
            form,
            "grant_type=refresh_token&grant_type=refresh_token",
            400,
        ),
        (form, "other=1&other=2", 400),
        (form, "grant_type=%ff", 400),
        (form, "grant_type=a%00", 400),
        (form, &format!("grant_type={}", "a".repeat(100_000)), 413),
    ] {
        let request = Request::post("/token").header(header::CONTENT_TYPE, kind);
        let answer = world.sends(request, body).await;
        assert_eq!(
            error(&answer),
            (status, "invalid_request"),
            "{}",
            answer.body
        );
    }
    let anonymous = Request::post("/token").header(header::CONTENT_TYPE, form);
    let anonymous = world.sends(anonymous, "grant_type=refresh_token").await;
    assert_eq!(error(&anonymous), (401, "invalid_client"));
    let empty = world.posts("/token", &[("grant_type", "")]).await;
    assert_eq!(error(&empty), (400, "invalid_request"));
}

/// CORE-44, OA-07, OA-09, OA-28: a client proves itself in the one way it is registered for.
#[tokio::test]
async fn only_the_registered_authentication_counts() {
    let world = World::sqlite().await;
    let (id, secret) = world.desk.credentials();
    let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let posted = [
        &form[..],
        &[
            ("client_id", id.as_str()),
            ("client_secret", secret.reveal()),
        ],
    ]
    .concat();
    let both = world.posts("/token", &posted).await;
    assert_eq!(error(&both), (400, "invalid_request"));
    let other_way = post_anonymously(&world.app, &posted).await;
    assert_eq!(error(&other_way), (401, "invalid_client"));
    assert!(
        other_way.headers[header::WWW_AUTHENTICATE]
            .to_str()
            .unwrap()
            .starts_with("Basic ")
    );
    let no_way = post_anonymously(
        &world.app,
        &[&form[..], &[("client_id", id.as_str())]].concat(),
    )
    .await;
    assert_eq!(error(&no_way), (401, "invalid_client"));
    let right = world.posts("/token", &form).await;
    assert_eq!(error(&right), (400, "invalid_grant"));
}

/// OA-28: guessing is slowed down, and the client itself is not locked out.
#[tokio::test]
async fn guessing_a_secret_is_slowed_down() {
    let world = World::sqlite().await;
    let (id, _) = world.desk.credentials();
    let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    for _ in 0..30 {
        let wrong = (id.clone(), usher::kit::Secret::new("guess"));
        let answer = world.app.post_form("/token", &wrong, &form).await;
        if answer.status == 429 {
            assert!(answer.headers.contains_key(header::RETRY_AFTER));
            let right = world.posts("/token", &form).await;
            assert_eq!(
                error(&right),
                (400, "invalid_grant"),
                "the client itself is not locked out"
            );
            return;
        }
        assert_eq!(error(&answer), (401, "invalid_client"));
    }
    panic!("guessing is not slowed down");
}

/// An application whose client signs assertions, with the ring's own keys for convenience.
struct Signing {
    app: TestApp,
    id: String,
}

impl Signing {
    async fn on(app: TestApp) -> Self {
        let keys: serde_json::Value = serde_json::from_str(&app.app.keys.jwks()).unwrap();
        let store = app.store("Customers").await;
        let desk = app.application(store.id, "Signing Desk", |_, client| {
            client.authentication = ClientAuthentication::PrivateKeyJwt;
            client.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
            client.jwks = Some(keys);
        });
        let id = desk.await.client_id.to_string();
        Self { app, id }
    }

    fn claims(&self, jti: &str) -> serde_json::Value {
        let now = self.app.app.moment().now.timestamp();
        json!({"iss": self.id, "sub": self.id, "aud": "http://localhost:8080", "exp": now + 60, "iat": now, "jti": jti})
    }

    /// What the token endpoint says to it: `invalid_grant` once it knows who is calling.
    async fn asks(&self, claims: &serde_json::Value, kind: TokenKind) -> String {
        let app = &self.app.app;
        let token = app
            .keys
            .sign(kind, Algorithm::Es256, claims, &app.moment())
            .unwrap();
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &token),
        ];
        let answer = post_anonymously(&self.app, &form).await;
        error(&answer).1.to_owned()
    }
}

async fn post_anonymously(app: &TestApp, form: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request =
        Request::post("/token").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    send(app.router.clone(), request.body(Body::from(body)).unwrap()).await
}

/// CORE-44, CORE-45: a signed assertion proves a client, once.
#[tokio::test]
async fn an_assertion_proves_a_client_once() {
    for app in TestApp::each().await {
        let client = Signing::on(app).await;
        let first = client.claims("1");
        assert_eq!(
            client.asks(&first, TokenKind::IdToken).await,
            "invalid_grant",
            "the client is known"
        );
        assert_eq!(
            client.asks(&first, TokenKind::IdToken).await,
            "invalid_client",
            "used before"
        );
        let second = client.claims("2");
        assert_eq!(
            client.asks(&second, TokenKind::AccessToken).await,
            "invalid_client",
            "another kind"
        );
        let now = client.app.app.moment().now.timestamp();
        for (name, value) in [
            ("aud", json!("https://elsewhere.example")),
            ("iss", json!("https://elsewhere.example")),
            ("exp", json!(now)),
            ("exp", json!(now + 100_000)),
            ("jti", json!("")),
            ("jti", json!(null)),
            ("nbf", json!(now + 600)),
        ] {
            let mut changed = client.claims("3");
            changed[name] = value.clone();
            let answer = client.asks(&changed, TokenKind::IdToken).await;
            assert_eq!(answer, "invalid_client", "{name} {value}");
        }
        let third = client.claims("3");
        assert_eq!(
            client.asks(&third, TokenKind::IdToken).await,
            "invalid_grant"
        );
    }
}
