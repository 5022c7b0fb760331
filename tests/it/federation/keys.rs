//! Keys that change: a rotation just before signing is found, and nobody makes us ask again and again (A8).

use chrono::TimeDelta;
use usher::simulator::{Endpoint, Kind, Rotation, Trouble};

use super::scene::{Came, OPENID, Scene};

/// BR-11: a key that was made just before it signed is asked for; a flood of unknown keys asks once in five minutes.
#[tokio::test]
async fn br_11_a_rotation_just_before_signing_is_found() {
    for kind in OPENID {
        let scene = Scene::of(kind).await;
        scene.works_again("nothing").await;
        assert_eq!(scene.asked(Endpoint::Keys), 1, "{kind:?}");
        scene.provider.rotate_keys();
        let mut browser = scene.app.browser();
        let came = scene.comes(&mut browser).await;
        assert!(matches!(came, Came::Arrived(_)), "{kind:?}");
        assert_eq!(scene.asked(Endpoint::Keys), 2, "{kind:?}");
        scene.forget_arrivals().await;

        let unpublished = Rotation::Unpublished;
        scene
            .provider
            .quirks(|quirks| quirks.rotation = unpublished);
        for (minutes, asked) in [(0, 2), (0, 2), (5, 3)] {
            scene.app.advance(TimeDelta::minutes(minutes));
            let mut browser = scene.app.browser();
            let came = scene.comes(&mut browser).await;
            scene
                .is_troubled(came, &["unbelievable"], "an unpublished key")
                .await;
            assert_eq!(scene.asked(Endpoint::Keys), asked, "{kind:?}");
        }
    }
}

/// A8: while a provider doesn't answer, what was known last is used.
#[tokio::test]
async fn the_last_known_metadata_is_used_while_there_is_no_other() {
    for kind in OPENID {
        let scene = Scene::of(kind).await;
        scene.works_again("nothing").await;
        for endpoint in [Endpoint::Discovery, Endpoint::Keys] {
            let broken = |quirks: &mut usher::simulator::Quirks| {
                quirks.trouble(endpoint, Trouble::Crash);
            };
            scene.provider.quirks(broken);
        }
        scene.app.advance(TimeDelta::hours(25));
        let mut browser = scene.app.browser();
        let came = scene.comes(&mut browser).await;
        assert!(matches!(came, Came::Arrived(_)), "{kind:?}");
        assert!(
            scene.asked(Endpoint::Discovery) > 1,
            "{kind:?}: not asked again"
        );
    }
}

/// A8: many who begin at once ask the provider once; and the chore asks before anything gets old.
#[tokio::test]
async fn metadata_is_asked_for_once_and_in_time() {
    let scene = Scene::of(Kind::Generic).await;
    let connection = scene.known();
    let (app, now) = (&scene.app.app, scene.app.app.moment().now);
    let (one, two, three) = tokio::join!(
        app.providers.of(&connection, now),
        app.providers.of(&connection, now),
        app.providers.of(&connection, now)
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!(scene.asked(Endpoint::Discovery), 1);
    app.providers.refresh(now).await;
    assert_eq!(
        scene.asked(Endpoint::Discovery),
        2,
        "kept for an hour, and an hour until the next look"
    );
    app.providers.refresh(now + TimeDelta::minutes(30)).await;
    assert_eq!(scene.asked(Endpoint::Discovery), 3);
}

/// A8: those who stand in line while a provider doesn't answer take the one answer that there is.
#[tokio::test]
async fn a_broken_provider_is_asked_once_for_all_who_wait() {
    let scene = Scene::of(Kind::Generic).await;
    let broken = |quirks: &mut usher::simulator::Quirks| {
        quirks.trouble(Endpoint::Discovery, Trouble::Crash);
    };
    scene.provider.quirks(broken);
    let connection = scene.known();
    let (providers, now) = (&scene.app.app.providers, scene.app.app.moment().now);
    let (one, two, three) = tokio::join!(
        providers.of(&connection, now),
        providers.of(&connection, now),
        providers.of(&connection, now)
    );
    assert!(one.is_err() && two.is_err() && three.is_err());
    assert_eq!(scene.asked(Endpoint::Discovery), 1);
    scene.provider.behave();
    assert!(providers.of(&connection, now).await.is_ok());
}

/// A7, A8: keys for encryption verify nothing.
#[tokio::test]
async fn br_11_keys_for_encryption_verify_nothing() {
    for kind in OPENID {
        let scene = Scene::of(kind).await;
        scene
            .provider
            .quirks(|quirks| quirks.keys_for_encryption = true);
        let mut browser = scene.app.browser();
        let flow = scene.flow(&mut browser).await;
        let page = scene.presses(&mut browser, &flow).await.unwrap_err();
        let came = Came::Page(page);
        scene
            .is_troubled(came, &["misconfigured"], "keys for encryption")
            .await;
    }
}
