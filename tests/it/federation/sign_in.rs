//! What goes right: somebody arrives from every kind of provider, signs in once linked, and shows a new sign-in where one is asked.

use serde_json::json;
use usher::event::Actor;
use usher::federation::{ExternalIdentity, link};
use usher::identity::{self, IdentifierKind, IdentityId};
use usher::simulator::{AuthTime, Endpoint, Kind, Quirks};

use super::scene::{ALL, Came, OPENID, Scene, member};
use crate::identities::register;

async fn arrives(scene: &Scene) -> ExternalIdentity {
    let mut browser = scene.app.browser();
    match scene.comes(&mut browser).await {
        Came::Arrived(identity) => *identity,
        Came::SignedIn => panic!("{:?}: somebody was signed in", scene.kind),
        Came::Page(page) => panic!("{:?}: {}", scene.kind, page.body),
    }
}

/// Makes a person and links the account to them.
async fn link_to_somebody(scene: &Scene, external: &ExternalIdentity) -> IdentityId {
    let (db, moment) = (&scene.app.app.db, scene.app.app.moment());
    let name = [(IdentifierKind::Email, "somebody@harborline.example")];
    let id = register(db, &scene.store, &name).await.unwrap();
    let linked = db.write(async |tx| link::link(tx, &moment, scene.store.id, id, external).await);
    linked.await.unwrap();
    id
}

/// R121, BR-11: everybody arrives with a key that no address is part of; PKCE, nonce and a redirect URI of the connection's own go
/// along; nobody is signed in yet.
#[tokio::test]
async fn r121_somebody_arrives_from_every_kind_of_provider() {
    for kind in ALL {
        for scene in Scene::each(kind).await {
            let identity = arrives(&scene).await;
            let persona = &scene.provider.personas()[0];
            assert_eq!(identity.connection, scene.connection);
            assert!(!identity.key.subject.contains('@'), "{kind:?}");
            let address = identity.address.as_ref().unwrap();
            assert_eq!(address.address.to_string(), persona.email, "{kind:?}");
            let asked = &scene.provider.requests_to(Endpoint::Authorize)[0];
            let own = format!("/sign-in/{}/callback", scene.connection);
            assert!(asked.parameter("redirect_uri").unwrap().ends_with(&own));
            assert_eq!(asked.parameter("code_challenge_method"), Some("S256"));
            assert_eq!(asked.parameter("state").unwrap().len(), 43);
            assert_eq!(asked.parameter("nonce").is_some(), kind != Kind::GitHub);
        }
    }
}

/// R122: once linked, the same account signs in; whoever is switched off here is not let in.
#[tokio::test]
async fn r122_a_linked_account_signs_in() {
    for kind in ALL {
        for scene in Scene::each(kind).await {
            let identity = arrives(&scene).await;
            let id = link_to_somebody(&scene, &identity).await;
            let mut browser = scene.app.browser();
            let came = scene.comes(&mut browser).await;
            assert!(matches!(came, Came::SignedIn), "{kind:?}");
            let (db, moment) = (&scene.app.app.db, scene.app.app.moment());
            let shut = db
                .write(async |tx| identity::disable(tx, &moment, &Actor::System, id).await)
                .await;
            shut.unwrap();
            let mut browser = scene.app.browser();
            let Came::Page(page) = scene.comes(&mut browser).await else {
                panic!("{kind:?}: a disabled account was let in");
            };
            let told = page.attribute("[data-trouble]", "data-trouble");
            assert_eq!(told.as_deref(), Some("shut_out"), "{}", page.body);
        }
    }
}

/// BR-01: a new sign-in is asked for upstream, and believed only when `auth_time` shows it; nobody is sent to a provider that can't.
#[tokio::test]
async fn br_01_a_new_sign_in_is_verified_upstream() {
    for kind in ALL {
        let scene = Scene::of(kind).await;
        let mut browser = scene.app.browser();
        let fresh = scene.desk.authorize(&[("prompt", "login")]);
        let flow = browser.open(&fresh).await.value("flow").unwrap();
        let provider = scene.known().settings.provider;
        if !provider.connector().proves_freshness() {
            let page = scene.presses(&mut browser, &flow).await.unwrap_err();
            let came = Came::Page(page);
            scene.is_troubled(came, &["not_fresh"], "no proof").await;
            assert_eq!(scene.asked(Endpoint::Authorize), 0, "{kind:?}");
            continue;
        }
        for (auth_time, believed) in [
            (AuthTime::Old, false),
            (AuthTime::Absent, false),
            (AuthTime::Present, true),
        ] {
            let at = scene.goes(&mut browser, &flow).await;
            let asked = |name: &str| at.query_pairs().any(|(known, _)| known == name);
            assert!(asked("prompt") || asked("max_age"), "{at}");
            scene.provider.quirks(|quirks| quirks.auth_time = auth_time);
            let back = scene.proves(&at, scene.somebody()).await;
            let came = scene.follows(&mut browser, &back.url).await;
            if believed {
                assert!(matches!(came, Came::Arrived(_)), "{kind:?}");
            } else {
                let what = format!("{auth_time:?}");
                scene.is_troubled(came, &["not_fresh"], &what).await;
            }
        }
    }
}

/// BR-02: what has to be silent never shows a provider's page.
#[tokio::test]
async fn br_02_a_silent_request_reaches_no_provider() {
    for kind in ALL {
        let scene = Scene::of(kind).await;
        let mut browser = scene.app.browser();
        let silent = scene.desk.authorize(&[("prompt", "none")]);
        let left = browser.open(&silent).await.leaves_for.unwrap();
        let (_, told) = left
            .query_pairs()
            .find(|(name, _)| name == "error")
            .unwrap();
        assert_eq!(told, "login_required", "{kind:?}");
        assert!(scene.provider.requests().is_empty(), "{kind:?}");
    }
}

/// BR-01: of `amr` only what the connection trusts goes on.
#[tokio::test]
async fn br_01_only_trusted_methods_go_on() {
    for kind in OPENID {
        let scene = Scene::of(kind).await;
        let methods = member("amr", json!(["pwd", "mfa", 7]));
        scene.provider.quirks(|quirks| quirks.claims = methods);
        assert_eq!(arrives(&scene).await.methods, ["mfa"], "{kind:?}");
    }
}

/// A3, A15, C2, D4: what is odd about honest providers keeps nobody out.
#[tokio::test]
async fn oddities_of_honest_providers_are_borne() {
    type Switch = (&'static str, fn(&mut Quirks));
    let all: [Switch; 7] = [
        ("no expires_in", |quirks| quirks.no_expires_in = true),
        ("a text as expires_in", |quirks| {
            quirks.token_response = member("expires_in", json!("3600"));
        }),
        ("keys of other kinds", |quirks| quirks.extra_keys = true),
        ("no kid", |quirks| quirks.missing_kid = true),
        ("signed userinfo", |quirks| quirks.userinfo_as_jwt = true),
        ("updated_at as a text", |quirks| {
            quirks.updated_at_text = true;
        }),
        ("booleans as texts", |quirks| quirks.string_booleans = true),
    ];
    for kind in OPENID {
        let scene = Scene::of(kind).await;
        for (what, odd) in all {
            if kind == Kind::Salesforce && what.starts_with("booleans") {
                continue; // its `active` is a boolean, and somebody who isn't active stays out
            }
            scene.provider.behave();
            scene.provider.quirks(odd);
            let mut browser = scene.app.browser();
            if let Came::Page(page) = scene.comes(&mut browser).await {
                panic!("{kind:?}, {what}: {}", page.body);
            }
        }
    }
    let scene = Scene::of(Kind::Google).await;
    let key = arrives(&scene).await.key;
    scene
        .provider
        .quirks(|quirks| quirks.issuer_without_scheme = true);
    assert_eq!(
        arrives(&scene).await.key,
        key,
        "Google's two issuers are one"
    );
}

/// B6, BR-12: an attacker's tenant names the victim's address, and even the victim's object id: it is another account, and its
/// address proves nothing.
#[tokio::test]
async fn br_12_an_address_from_another_tenant_is_nobody() {
    for kind in [
        Kind::Microsoft,
        Kind::Google,
        Kind::Salesforce,
        Kind::Generic,
        Kind::GitHub,
    ] {
        let scene = Scene::of(kind).await;
        let mut browser = scene.app.browser();
        let at = scene.sent(&mut browser).await;
        let back = scene.proves(&at, "grace").await;
        let Came::Arrived(grace) = scene.follows(&mut browser, &back.url).await else {
            panic!("{kind:?}: Grace did not arrive");
        };
        link_to_somebody(&scene, &grace).await;
        let mut attacker = scene.app.browser();
        let at = scene.sent(&mut attacker).await;
        let back = scene.proves(&at, "mallory").await;
        let Came::Arrived(mallory) = scene.follows(&mut attacker, &back.url).await else {
            panic!("{kind:?}: somebody else's account let an attacker in");
        };
        assert_ne!(mallory.key, grace.key, "{kind:?}");
        let victims =
            |it: usher::federation::Address| it.proven && it.address == scene.invited.email;
        assert!(!mallory.address.is_some_and(victims), "{kind:?}");
    }
}
