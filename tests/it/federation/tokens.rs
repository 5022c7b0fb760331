//! ID tokens, userinfo and token answers that nobody should believe: each switch of the simulators, at every kind of provider.

use serde_json::json;
use usher::simulator::{Algorithm, Kind, Quirks, Rotation};

use super::scene::{OPENID, Scene, member};

type Switch = (&'static str, fn(&mut Quirks));

const FORGED: [Switch; 24] = [
    ("wrong iss", |quirks| quirks.wrong_issuer = true),
    ("iss of a template", |quirks| {
        quirks.claims = member("iss", json!("https://login.example/{tenantid}/v2.0"));
    }),
    ("no iss", |quirks| {
        quirks.claims = member("iss", json!(null));
    }),
    ("wrong aud", |quirks| quirks.wrong_audience = true),
    ("no aud", |quirks| {
        quirks.claims = member("aud", json!(null));
    }),
    ("two in aud, no azp", |quirks| {
        quirks.several_audiences = true;
    }),
    ("wrong azp", |quirks| quirks.wrong_azp = true),
    ("wrong nonce", |quirks| quirks.wrong_nonce = true),
    ("no nonce", |quirks| quirks.dropped_nonce = true),
    ("wrong signature", |quirks| quirks.bad_signature = true),
    ("alg none", |quirks| quirks.algorithm = Algorithm::None),
    ("HS256 with the public key", |quirks| {
        quirks.algorithm = Algorithm::Hs256PublicKey;
    }),
    ("HS256 with our secret", |quirks| {
        quirks.algorithm = Algorithm::Hs256Secret;
    }),
    ("an algorithm that isn't allowed", |quirks| {
        quirks.algorithm = Algorithm::Es256;
    }),
    ("no sub", |quirks| quirks.missing_subject = true),
    ("an empty sub", |quirks| {
        quirks.claims = member("sub", json!(""));
    }),
    ("expired", |quirks| quirks.expired = true),
    ("no exp", |quirks| {
        quirks.claims = member("exp", json!(null));
    }),
    ("not yet valid", |quirks| quirks.not_yet_valid = true),
    ("wrong at_hash", |quirks| quirks.wrong_at_hash = true),
    ("an unknown kid", |quirks| quirks.unknown_kid = true),
    ("a key that nobody publishes", |quirks| {
        quirks.rotation = Rotation::Unpublished;
    }),
    ("no ID token", |quirks| quirks.missing_id_token = true),
    ("a huge ID token", |quirks| quirks.huge_id_token = true),
];

async fn none_is_believed(scene: &Scene, forged: &[Switch]) {
    for (what, forge) in forged {
        scene.provider.behave();
        scene.provider.quirks(*forge);
        let mut browser = scene.app.browser();
        let came = scene.comes(&mut browser).await;
        // A token as long as the last one makes an answer that isn't read to its end.
        let names = ["unbelievable", "unavailable"];
        let names = if what.starts_with("a huge") {
            &names
        } else {
            &names[..1]
        };
        scene.is_troubled(came, names, what).await;
    }
    scene.works_again("forgeries").await;
}

/// BR-11: whatever is wrong about an ID token, nobody is let in, nothing is left behind, and the same link works afterwards.
#[tokio::test]
async fn br_11_no_forged_id_token_is_believed() {
    for kind in OPENID {
        none_is_believed(&Scene::of(kind).await, &FORGED).await;
    }
}

/// R136, B3: what only Microsoft has: a tenant written twice, a token of version 1, a key of personal accounts or of another
/// cloud that signs for a work tenant.
#[tokio::test]
async fn br_11_entra_tokens_are_from_the_tenant_that_they_name() {
    let forged: [Switch; 4] = [
        ("tid in two spellings", |quirks| quirks.doubled_tid = true),
        ("version 1", |quirks| quirks.version_1 = true),
        ("iss as a template", |quirks| quirks.templated_issuer = true),
        ("the key of personal accounts", |quirks| {
            quirks.consumer_key = true;
        }),
    ];
    none_is_believed(&Scene::of(Kind::Microsoft).await, &forged).await;
    // There are no personal accounts in that cloud.
    none_is_believed(&Scene::of(Kind::MicrosoftUsGovernment).await, &forged[..3]).await;
    for kind in [Kind::Microsoft, Kind::MicrosoftUsGovernment] {
        let scene = Scene::of(kind).await;
        scene.provider.quirks(|quirks| quirks.foreign_cloud = true);
        let mut browser = scene.app.browser();
        let came = scene.comes(&mut browser).await;
        scene
            .is_troubled(came, &["unbelievable"], "another cloud's keys")
            .await;
    }
}

/// B3: a personal account is refused where organizations are asked for, even if the provider lets it through.
#[tokio::test]
async fn br_11_personal_accounts_stay_out() {
    let scene = Scene::of(Kind::Microsoft).await;
    scene
        .provider
        .quirks(|quirks| quirks.admits_everybody = true);
    let mut browser = scene.app.browser();
    let at = scene.sent(&mut browser).await;
    let back = scene.proves(&at, "casey").await;
    let came = scene.follows(&mut browser, &back.url).await;
    scene.is_troubled(came, &["personal"], "casey").await;
}

/// A15, OpenID Connect Core section 5.3.2: userinfo about somebody else, or signed for somebody else, is not laid over the token.
#[tokio::test]
async fn br_11_userinfo_is_about_the_same_person() {
    let forged: [Switch; 2] = [
        ("another sub", |quirks| quirks.userinfo_other_subject = true),
        ("signed for somebody else", |quirks| {
            quirks.userinfo_as_jwt = true;
            quirks.userinfo_jwt_wrong_audience = true;
        }),
    ];
    let mut asking = 0;
    for kind in OPENID {
        let scene = Scene::of(kind).await;
        if scene.asks_userinfo() {
            asking += 1;
            none_is_believed(&scene, &forged).await;
        }
    }
    assert!(asking > 0, "no provider is asked for userinfo");
}
