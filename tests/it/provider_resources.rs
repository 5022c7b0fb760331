//! `UserInfo`, introspection, revocation and the published documents.

use chrono::TimeDelta;
use http::{Method, Request, header};
use serde_json::{Value, json};
use usher::grant::{ClaimsRequest, Details};

use crate::harness::Answer;
use crate::provider_world::{Tokens, World, error, read};

/// CORE-33, CORE-36, CORE-37: each scope releases its claims, in their types, and nothing empty.
#[tokio::test]
async fn userinfo_tells_what_the_scopes_allow() {
    for world in World::each().await {
        let sub = world.grace.to_string();
        let only_sub = world.signs_in("openid").await;
        assert_eq!(
            world.userinfo(&only_sub.access).await.json,
            json!({"sub": sub})
        );
        let all = world
            .signs_in("openid profile email address phone groups")
            .await;
        let answer = world.userinfo(&all.access).await;
        let updated_at = answer.json["updated_at"].as_i64().unwrap();
        assert_eq!(
            answer.json,
            json!({
                "sub": sub, "name": "Grace Hopper", "given_name": "Grace", "family_name": "Hopper", "updated_at": updated_at,
                "email": "grace@harborline.example", "email_verified": true,
                "phone_number": "+12025550143", "phone_number_verified": false,
                "address": {"locality": "Arlington"}, "groups": ["accounting"],
            })
        );
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        let moment = world.app.app.moment();
        let actor = usher::event::Actor::System;
        let removed = world.app.app.db.write(async |tx| {
            usher::group::remove_member(tx, &moment, &actor, (world.group, world.grace)).await
        });
        removed.await.unwrap();
        world.app.advance(TimeDelta::seconds(1));
        let groups = world.userinfo(&all.access).await.json["groups"].clone();
        assert!(groups == json!([]) || groups.is_null(), "{groups}");
    }
}

/// CORE-38: the claims parameter asks for single claims, in either place.
#[tokio::test]
async fn single_claims_are_released_where_they_were_asked_for() {
    for world in World::each().await {
        let request = r#"{"userinfo": {"given_name": {"essential": true}, "shoe_size": null}, "id_token": {"email": null, "iss": {"value": "x"}}}"#;
        let details = Details {
            claims: ClaimsRequest::parse(request).unwrap(),
            ..world.details()
        };
        let code = world.code_with("openid", details).await;
        let tokens = Tokens::of(&world.redeems(&code, &[]).await);
        let (_, id) = read(&tokens.id);
        assert_eq!(
            (&id["email"], &id["iss"]),
            (
                &json!("grace@harborline.example"),
                &json!("http://localhost:8080")
            )
        );
        assert!(id.get("email_verified").is_none() && id.get("given_name").is_none());
        let told = world.userinfo(&tokens.access).await.json;
        assert_eq!(
            told,
            json!({"sub": world.grace.to_string(), "given_name": "Grace"})
        );
    }
}

/// CORE-33, CORE-34, OA-17, OA-18: where a token may stand, and what is said when it doesn't open anything.
#[tokio::test]
async fn bearer_tokens_stand_in_the_header_or_the_form() {
    let world = World::sqlite().await;
    let tokens = world.signs_in("openid").await;
    let form = "application/x-www-form-urlencoded";
    let body = format!("access_token={}", tokens.access);
    let posted = Request::post("/userinfo").header(header::CONTENT_TYPE, form);
    assert_eq!(world.sends(posted, &body).await.status, 200);
    let bearer = format!("bearer {}", tokens.access);
    let bare_post = Request::post("/userinfo").header(header::AUTHORIZATION, &bearer);
    assert_eq!(world.sends(bare_post, "").await.status, 200);
    let twice = Request::post("/userinfo")
        .header(header::CONTENT_TYPE, form)
        .header(header::AUTHORIZATION, &bearer);
    assert_eq!(
        error(&world.sends(twice, &body).await),
        (400, "invalid_request")
    );
    let in_address = Request::get(format!("/userinfo?{body}"));
    assert_eq!(
        error(&world.sends(in_address, "").await),
        (400, "invalid_request")
    );
}

fn challenge(answer: &Answer) -> &str {
    answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap()
}

/// CORE-34, OA-18: what is said when a token opens nothing.
#[tokio::test]
async fn a_token_that_opens_nothing_is_told_why() {
    let world = World::sqlite().await;
    let tokens = world.signs_in("openid").await;
    let nothing = world.sends(Request::get("/userinfo"), "").await;
    assert_eq!(
        (nothing.status.as_u16(), nothing.json.get("error")),
        (401, None)
    );
    assert!(!challenge(&nothing).contains("error"));
    for bad in [
        "x",
        "a.b.c",
        &tokens.id,
        &tokens.refresh,
        &format!("{}x", tokens.access),
    ] {
        let answer = world.userinfo(bad).await;
        assert_eq!(error(&answer), (401, "invalid_token"), "{bad}");
        assert!(
            challenge(&answer).starts_with("Bearer ")
                && challenge(&answer).contains("error=\"invalid_token\"")
        );
    }
    let no_openid = world.signs_in("email").await;
    let answer = world.userinfo(&no_openid.access).await;
    assert_eq!(error(&answer), (403, "insufficient_scope"));
    assert!(challenge(&answer).contains("scope=\"openid\""));
    world.app.advance(TimeDelta::seconds(600));
    assert_eq!(
        error(&world.userinfo(&tokens.access).await),
        (401, "invalid_token")
    );
}

/// IN-01, IN-02, IN-03: the owner learns the state of its tokens, nobody else does.
#[tokio::test]
async fn introspection_tells_the_owner() {
    for world in World::each().await {
        let tokens = world.signs_in("openid email").await;
        let state = world
            .posts(
                "/introspect",
                &[
                    ("token", &tokens.access),
                    ("token_type_hint", "refresh_token"),
                ],
            )
            .await;
        assert_eq!(state.json["active"], true);
        assert_eq!(state.json["scope"], "openid email");
        assert_eq!(state.json["token_type"], "Bearer");
        for claim in ["client_id", "sub", "aud", "iss", "exp", "iat", "jti"] {
            assert_eq!(state.json[claim], read(&tokens.access).1[claim], "{claim}");
        }
        let state = world
            .posts("/introspect", &[("token", &tokens.refresh)])
            .await;
        assert_eq!(
            (&state.json["active"], &state.json["scope"]),
            (&json!(true), &json!("openid email"))
        );
    }
}

/// IN-01, IN-03: whatever is not the caller's own and valid is just not active.
#[tokio::test]
async fn introspection_tells_nobody_else() {
    for world in World::each().await {
        let tokens = world.signs_in("openid email").await;
        let inactive = json!({"active": false});
        for token in ["x", "a.b.c", tokens.id.as_str()] {
            assert_eq!(
                world.posts("/introspect", &[("token", token)]).await.json,
                inactive
            );
        }
        let other = world
            .app
            .application(world.desk.store, "Other", |_, _| {})
            .await;
        for token in [&tokens.access, &tokens.refresh] {
            let form = [("token", token.as_str())];
            let foreign = world
                .app
                .post_form("/introspect", &other.credentials(), &form)
                .await;
            assert_eq!(foreign.json, inactive);
        }
        let anonymous = Request::post("/introspect")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let anonymous = world
            .sends(anonymous, &format!("token={}", tokens.access))
            .await;
        assert_eq!(error(&anonymous), (401, "invalid_client"));
        world.app.advance(TimeDelta::seconds(600));
        assert_eq!(
            world
                .posts("/introspect", &[("token", &tokens.access)])
                .await
                .json,
            inactive
        );
    }
}

/// RV-01, RV-03: what is not the client's own is answered alike, and stays.
#[tokio::test]
async fn revocation_leaves_others_alone() {
    for world in World::each().await {
        let one = world.signs_in("openid").await;
        let other = world
            .app
            .application(world.desk.store, "Other", |_, _| {})
            .await;
        for token in [&one.access, &one.refresh] {
            let form = [("token", token.as_str())];
            let foreign = world
                .app
                .post_form("/revoke", &other.credentials(), &form)
                .await;
            assert_eq!(foreign.status, 200);
        }
        assert_eq!(
            world.posts("/revoke", &[("token", "unknown")]).await.status,
            200
        );
        assert_eq!(
            error(&world.posts("/revoke", &[]).await),
            (400, "invalid_request")
        );
        assert_eq!(world.userinfo(&one.access).await.status, 200);
    }
}

/// RV-02, RV-04: an access token ends alone, a refresh token takes its access tokens along.
#[tokio::test]
async fn revocation_ends_what_belongs_together() {
    for world in World::each().await {
        let (one, two) = (
            world.signs_in("openid").await,
            world.signs_in("openid").await,
        );
        let hinted = [
            ("token", one.access.as_str()),
            ("token_type_hint", "refresh_token"),
        ];
        assert_eq!(world.posts("/revoke", &hinted).await.status, 200);
        assert_eq!(world.userinfo(&one.access).await.status, 401);
        assert_eq!(
            world.refreshes(&one.refresh, &[]).await.status,
            200,
            "an access token ends alone"
        );
        for _ in 0..2 {
            assert_eq!(
                world
                    .posts("/revoke", &[("token", &two.refresh)])
                    .await
                    .status,
                200
            );
        }
        assert_eq!(
            world.userinfo(&two.access).await.status,
            401,
            "a refresh token takes its access tokens along"
        );
        assert_eq!(
            error(&world.refreshes(&two.refresh, &[]).await),
            (400, "invalid_grant")
        );
        assert_eq!(world.events("grant.revoked").await, 1);
    }
}

/// DISC-01 to DISC-08, DISC-12: both documents, the same, cached, readable from anywhere, and true.
#[tokio::test]
async fn the_documents_are_public_and_true() {
    let world = World::sqlite().await;
    let openid = world.app.get("/.well-known/openid-configuration").await;
    let oauth = world
        .app
        .get("/.well-known/oauth-authorization-server")
        .await;
    assert_eq!(openid.json, oauth.json);
    assert_eq!(openid.json["issuer"], "http://localhost:8080");
    assert_eq!(openid.headers[header::CONTENT_TYPE], "application/json");
    for (name, value) in openid.json.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            assert!(
                value
                    .as_str()
                    .unwrap()
                    .starts_with("http://localhost:8080/"),
                "{name}"
            );
        }
    }
    let keys = world.app.get("/jwks.json").await;
    let algorithms: Vec<&Value> = keys.json["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["alg"])
        .collect();
    for algorithm in openid.json["id_token_signing_alg_values_supported"]
        .as_array()
        .unwrap()
    {
        assert!(algorithms.contains(&algorithm), "{algorithm}");
    }
}

/// DISC-01, DISC-07: readable from anywhere, and not sent twice.
#[tokio::test]
async fn the_documents_are_readable_and_cached() {
    let world = World::sqlite().await;
    for path in ["/.well-known/openid-configuration", "/jwks.json"] {
        let request = || Request::get(path).header(header::ORIGIN, "https://anywhere.example");
        let answer = world.sends(request(), "").await;
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(
            answer.headers[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("max-age")
        );
        let tag = answer.headers[header::ETAG].clone();
        let again = world
            .sends(request().header(header::IF_NONE_MATCH, tag), "")
            .await;
        assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
        let other = world
            .sends(request().header(header::IF_NONE_MATCH, "\"x\""), "")
            .await;
        assert_eq!(other.status, 200);
    }
}

/// OA-24: a browser application calls us from its own registered origin, and from no other.
#[tokio::test]
async fn browser_applications_call_from_registered_origins() {
    let world = World::sqlite().await;
    let preflight = async |path: &str, origin: &str| {
        let request = Request::builder().method(Method::OPTIONS).uri(path);
        let request = request
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization");
        let answer = world.sends(request, "").await;
        assert!(
            !answer
                .headers
                .contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS)
        );
        answer
            .headers
            .get(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            .cloned()
    };
    for path in ["/token", "/revoke", "/userinfo"] {
        assert_eq!(
            preflight(path, "https://desk.example").await.unwrap(),
            "https://desk.example"
        );
        assert_eq!(preflight(path, "https://desk.example.net").await, None);
        assert_eq!(preflight(path, "null").await, None);
    }
    assert_eq!(preflight("/introspect", "https://desk.example").await, None);
}
