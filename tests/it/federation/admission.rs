//! Whom a connection's settings let in, what is believed about them, and what its mapping makes of their claims.

use serde_json::{Value, json};
use usher::db::Json;
use usher::federation::{self, Audience, ExternalIdentity, Mapping, Provider};
use usher::kit::Internal;
use usher::simulator::{Edov, Groups, HostedDomain, Kind, Quirks};

use super::scene::{Came, Scene};

/// One of the groups of the simulated directory.
const BUYERS: &str = "51b0a1c2-0000-4000-8000-00000000a001";

async fn comes_as(scene: &Scene, who: &str) -> Came {
    let mut browser = scene.app.browser();
    let at = scene.sent(&mut browser).await;
    let back = scene.proves(&at, who).await;
    scene.follows(&mut browser, &back.url).await
}

async fn arrives_as(scene: &Scene, who: &str) -> ExternalIdentity {
    match comes_as(scene, who).await {
        Came::Arrived(identity) => *identity,
        Came::SignedIn => panic!("{who} was signed in"),
        Came::Page(page) => panic!("{who}: {}", page.body),
    }
}

async fn stays_out(scene: &Scene, who: &str, why: &str) {
    let came = comes_as(scene, who).await;
    scene.is_troubled(came, &[why], who).await;
}

/// B3: other tenants than those on the list stay out, though the provider lets them through.
#[tokio::test]
async fn only_listed_tenants_are_admitted() {
    const CONTOSO: &str = "3d0f1c52-8a1e-4d6f-9b7a-0c5e2f7a1b01";
    const HARBORLINE: &str = "7be2a9d4-1f63-4c08-a5d9-6e4b8c3f2d02";
    let listed = |tenants: &[&str]| {
        let tenants = tenants.iter().map(|tenant| tenant.parse().unwrap());
        Audience::Tenants(tenants.collect())
    };
    for (tenants, outsider) in [
        (listed(&[CONTOSO, HARBORLINE]), "mallory"),
        (listed(&[CONTOSO]), "ada"),
    ] {
        let alone = tenants == listed(&[CONTOSO]);
        let scene = Scene::with(Kind::Microsoft, |provider| {
            if let Provider::Microsoft(settings) = provider {
                settings.audience = tenants;
            }
        })
        .await;
        if !alone {
            stays_out(&scene, outsider, "organization").await;
        }
        let ada = arrives_as(&scene, "ada").await;
        assert_eq!(ada.tenant.as_deref(), Some(CONTOSO));
    }
}

#[tokio::test]
async fn guests_stay_out_where_the_connection_says_so() {
    let scene = Scene::of(Kind::Microsoft).await;
    arrives_as(&scene, "guest").await;
    let strict = Scene::with(Kind::Microsoft, |provider| {
        if let Provider::Microsoft(settings) = provider {
            settings.refuse_guests = true;
        }
    })
    .await;
    stays_out(&strict, "guest", "guest").await;
    arrives_as(&strict, "ada").await;
}

/// C3: the request's `hd` is a wish, the claim decides.
#[tokio::test]
async fn only_listed_hosted_domains_are_admitted() {
    let scene = Scene::with(Kind::Google, |provider| {
        if let Provider::Google(settings) = provider {
            settings.hosted_domains = vec!["harborline.example".to_owned()];
        }
    })
    .await;
    scene
        .provider
        .quirks(|quirks| quirks.admits_everybody = true);
    stays_out(&scene, "nora", "organization").await;
    stays_out(&scene, "gil", "personal").await;
    for (hd, why) in [
        (HostedDomain::Missing, "personal"),
        (HostedDomain::Wrong, "organization"),
    ] {
        scene.provider.quirks(|quirks| quirks.hd = hd);
        stays_out(&scene, "sven", why).await;
    }
    scene.provider.behave();
    let sven = arrives_as(&scene, "sven").await;
    assert_eq!(sven.tenant.as_deref(), Some("harborline.example"));
}

/// D3: ids of 15 and of 18 characters are one account, also on the list.
#[tokio::test]
async fn only_listed_organizations_are_admitted() {
    let scene = Scene::with(Kind::Salesforce, |provider| {
        if let Provider::Salesforce(settings) = provider {
            settings.organizations = vec!["00D5e000000HaRb".to_owned()];
        }
    })
    .await;
    stays_out(&scene, "mallory", "organization").await;
    let long = arrives_as(&scene, "grace").await;
    scene.forget_arrivals().await;
    scene.provider.quirks(|quirks| {
        quirks.short_ids = true;
        quirks.identity_host = Some("https://harborline.my.salesforce.com".to_owned());
    });
    let short = arrives_as(&scene, "grace").await;
    assert_eq!(short.key, long.key);
    assert_eq!(short.tenant.as_deref(), Some("00D5e000000HaRbEAK"));
}

/// B5, A2: an address of Entra's is proven by `xms_edov`, in each of its spellings, and by nothing else.
#[tokio::test]
async fn r131_an_address_is_proven_by_the_providers_word_only() {
    let scene = Scene::of(Kind::Microsoft).await;
    for (edov, proven) in [
        (Edov::AsBoolean, true),
        (Edov::AsNumber, true),
        (Edov::AsNumberText, true),
        (Edov::AsText, true),
        (Edov::Absent, false),
    ] {
        scene.provider.quirks(|quirks| quirks.xms_edov = edov);
        let ada = arrives_as(&scene, "ada").await;
        assert_eq!(ada.address.unwrap().proven, proven, "{edov:?}");
        let mallory = arrives_as(&scene, "mallory").await;
        assert!(!mallory.address.unwrap().proven, "{edov:?}");
    }
    for (kind, who, proven) in [
        (Kind::Google, "sven", true),
        (Kind::Google, "gil", true),
        (Kind::Google, "mallory", false),
        (Kind::Salesforce, "grace", false),
        (Kind::Generic, "grace", false),
        (Kind::GitHub, "grace", false),
    ] {
        let scene = Scene::of(kind).await;
        let somebody = arrives_as(&scene, who).await;
        assert_eq!(somebody.address.unwrap().proven, proven, "{kind:?} {who}");
    }
}

async fn map(scene: &Scene, mapping: Value) {
    let mut settings = scene.known().settings;
    settings.mapping = serde_json::from_value::<Mapping>(mapping).unwrap();
    let (app, id) = (&scene.app.app, scene.connection);
    let changed: Result<_, Internal> = app
        .db
        .write(async |tx| {
            tx.sql("UPDATE connection SET settings = $1, revision = revision + 1 WHERE id = $2")
                .bind(Json(settings))
                .bind(id)
                .run()
                .await?;
            federation::changed(tx).await
        })
        .await;
    changed.unwrap();
    app.connections.refresh(&app.db).await.unwrap();
}

/// A quirk, and whether somebody is placed in the group with it.
type Switch = (fn(&mut Quirks), bool);

/// What the mapping says goes over what the provider's claims say; what isn't there costs nobody the sign-in.
#[tokio::test]
async fn claims_become_fields_and_groups() {
    let scene = Scene::of(Kind::Microsoft).await;
    let group = scene.app.group("Buyers").await;
    map(
        &scene,
        json!({
            "fields": {"nickname": "/preferred_username", "name": "/nowhere", "locale": "/groups", "attributes.tenant": "/tid"},
            "groups": [{"claim": "/groups", "value": BUYERS, "group": group}],
        }),
    )
    .await;
    let switches: [Switch; 3] = [
        (|quirks| quirks.groups = Groups::Listed, true),
        (|quirks| quirks.groups = Groups::Overage, false),
        (|quirks| quirks.groups = Groups::Absent, false),
    ];
    for (switch, placed) in switches {
        scene.provider.quirks(switch);
        let ada = arrives_as(&scene, "ada").await;
        assert_eq!(ada.groups.contains(&group), placed);
        assert_eq!(ada.profile["nickname"], "ada@contoso.example");
        assert_eq!(ada.profile["name"], "Ada Lindqvist");
        assert!(ada.profile["attributes.tenant"].starts_with("3d0f1c52"));
        assert!(!ada.profile.contains_key("locale"));
    }
}
