//! Callbacks that are not what they seem: wrong states, other browsers, other connections, replays, wrong issuers.

use chrono::TimeDelta;
use url::{Url, form_urlencoded};
use usher::application::SelfServicePolicy;
use usher::federation::{Provider, ResponseMode};
use usher::simulator::{Endpoint, IssParameter, Kind, Quirks};

use super::scene::{ALL, Came, OPENID, Scene, connect, settings, start};

/// The code on the page of somebody who is lost.
async fn lost(scene: &Scene, browser: &mut crate::harness::Browser, at: &Url) -> String {
    match scene.follows(browser, at).await {
        Came::Page(page) => page.text("#error-code"),
        _ => panic!("{:?}: somebody was let in", scene.kind),
    }
}

fn with(url: &Url, name: &str, value: &str) -> Url {
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let mut changed = url.clone();
    let others = pairs.iter().filter(|(known, _)| known != name);
    changed.query_pairs_mut().clear().extend_pairs(others);
    if !value.is_empty() {
        changed.query_pairs_mut().append_pair(name, value);
    }
    changed
}

/// A5, A12: a state that is unknown, missing or there twice, one of another browser, one that was used: a page of ours, no request
/// to the provider, and the right browser goes on.
#[tokio::test]
async fn br_11_a_state_is_good_once_in_its_own_browser() {
    for kind in ALL {
        let scene = Scene::of(kind).await;
        let mut browser = scene.app.browser();
        let at = scene.sent(&mut browser).await;
        let back = scene.proves(&at, scene.somebody()).await.url;
        let mut twice = back.clone();
        twice.query_pairs_mut().append_pair("state", "x");
        for url in [with(&back, "state", "x"), with(&back, "state", ""), twice] {
            let code = lost(&scene, &mut browser, &url).await;
            assert_eq!(code, "external_unknown", "{kind:?}");
        }
        let mut other = scene.app.browser();
        let code = lost(&scene, &mut other, &back).await;
        assert_eq!(code, "external_other_browser", "{kind:?}");
        assert_eq!(scene.asked(Endpoint::Token), 0, "{kind:?}");
        scene.is_as_before("a wrong state").await;

        let came = scene.follows(&mut browser, &back).await;
        assert!(
            matches!(came, Came::Arrived(_)),
            "{kind:?}: the right browser was stopped"
        );
        let code = lost(&scene, &mut browser, &back).await;
        assert_eq!(code, "external_used", "{kind:?}");
        assert_eq!(
            scene.asked(Endpoint::Token),
            1,
            "{kind:?}: the code was sent twice"
        );
    }
}

#[tokio::test]
async fn br_11_a_state_ends_after_ten_minutes() {
    for kind in ALL {
        let scene = Scene::of(kind).await;
        let mut browser = scene.app.browser();
        let at = scene.sent(&mut browser).await;
        scene.app.advance(TimeDelta::minutes(10));
        let back = scene.proves(&at, scene.somebody()).await.url;
        let code = lost(&scene, &mut browser, &back).await;
        assert_eq!(code, "external_expired", "{kind:?}");
        assert_eq!(scene.asked(Endpoint::Token), 0, "{kind:?}");
    }
}

/// Two at once with the same callback: one is let in, and the code is sent once.
#[tokio::test]
async fn br_11_of_two_callbacks_at_once_one_counts() {
    for kind in [Kind::Generic, Kind::GitHub] {
        for scene in Scene::each(kind).await {
            let mut browser = scene.app.browser();
            let at = scene.sent(&mut browser).await;
            let back = scene.proves(&at, scene.somebody()).await.url;
            let mut copy = scene.app.browser();
            let cookie = browser.cookie("usher-browser").unwrap().to_owned();
            copy.set_cookie("usher-browser", &cookie);
            let (one, two) = tokio::join!(
                browser.request("GET", &back, None),
                copy.request("GET", &back, None)
            );
            let pages = [one, two];
            let let_in = pages.iter().filter(|page| page.status.is_redirection());
            assert_eq!(let_in.count(), 1, "{kind:?}");
            assert_eq!(scene.asked(Endpoint::Token), 1, "{kind:?}");
        }
    }
}

/// A11: an answer of one provider that is brought to another connection is worth nothing there, and no code goes anywhere.
#[tokio::test]
async fn br_11_a_mix_up_sends_no_code_anywhere() {
    for kind in ALL {
        let scene = Scene::of(kind).await;
        let evil = start(&scene.app, Kind::Generic).await;
        let elsewhere = settings(Kind::Generic, evil.base_url());
        let other = connect(&scene.app, "Elsewhere", elsewhere, &evil).await;
        let mut browser = scene.app.browser();
        let at = scene.sent(&mut browser).await;
        let back = scene.proves(&at, scene.somebody()).await.url;
        let mut mixed = back.clone();
        mixed.set_path(&format!("/sign-in/{other}/callback"));
        let code = lost(&scene, &mut browser, &mixed).await;
        assert_eq!(code, "external_unknown", "{kind:?}");
        assert_eq!(evil.requests_to(Endpoint::Token).len(), 0, "{kind:?}");
        assert_eq!(scene.asked(Endpoint::Token), 0, "{kind:?}");
        let came = scene.follows(&mut browser, &back).await;
        assert!(matches!(came, Came::Arrived(_)), "{kind:?}");
    }
}

/// A10, A12: a wrong `iss`, or none from a provider that promises it; a code and an error together; neither of them. No code is sent.
#[tokio::test]
async fn br_11_answers_that_contradict_themselves_send_no_code() {
    type Switch = (&'static str, fn(&mut Quirks));
    let all: [Switch; 4] = [
        ("wrong iss", |quirks| {
            quirks.iss_parameter = IssParameter::Wrong;
        }),
        ("neither a code nor an error", |quirks| {
            quirks.empty_callback = true;
        }),
        ("a code and an error", |quirks| quirks.code_and_error = true),
        ("no iss in spite of the promise", |quirks| {
            quirks.advertises_iss = Some(true);
            quirks.iss_parameter = IssParameter::Missing;
        }),
    ];
    for kind in ALL {
        for (what, odd) in all {
            if kind == Kind::GitHub && what.starts_with("no iss") {
                continue; // it promises nothing
            }
            let scene = Scene::of(kind).await;
            scene.provider.quirks(odd);
            let mut browser = scene.app.browser();
            let came = scene.comes(&mut browser).await;
            let names: &[&str] = if what.starts_with("a code") {
                &["cancelled", "unavailable", "misconfigured", "start_again"] // whatever the error means
            } else {
                &["unbelievable"]
            };
            scene.is_troubled(came, names, what).await;
            assert_eq!(scene.asked(Endpoint::Token), 0, "{kind:?}, {what}");
        }
    }
}

/// RFC 9207: where `iss` is sent and right, everybody is let in; for Entra it is the tenant's own.
#[tokio::test]
async fn a_right_iss_is_welcome() {
    for kind in OPENID {
        let scene = Scene::of(kind).await;
        scene.provider.quirks(|quirks| {
            quirks.iss_parameter = IssParameter::Sent;
            quirks.advertises_iss = Some(true);
        });
        scene.works("a right iss").await;
    }
}

/// A5: `response_mode=form_post` comes without our cookies; our own page brings the fields back, and only from our own site.
#[tokio::test]
async fn a_form_comes_back_through_our_own_page() {
    let scene = Scene::with(Kind::Generic, |provider| {
        if let Provider::Oidc(oidc) = provider {
            oidc.quirks.response_mode = ResponseMode::FormPost;
        }
    })
    .await;
    let mut browser = scene.app.browser();
    let at = scene.sent(&mut browser).await;
    let back = scene.proves(&at, scene.somebody()).await;
    let form = back.form.unwrap();
    let mut fields: Vec<_> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    fields.push(("unknown", "<script>"));
    let elsewhere = Some("https://provider.example".to_owned());
    let mut bare = scene.app.browser(); // as a browser sends another site's POST
    bare.posts_from.clone_from(&elsewhere);
    let bounce = bare.post(back.url.path(), &fields).await;
    assert!(
        bounce.has("#form-post") && !bounce.has("[name=unknown]"),
        "{}",
        bounce.body
    );
    assert!(
        bounce.headers.get("set-cookie").is_none(),
        "the browser's cookie would be replaced"
    );

    let action = bounce.attribute("#form-post", "action").unwrap();
    let ours = std::mem::replace(&mut browser.posts_from, elsewhere);
    let forged = browser.post(&action, &fields).await;
    assert_eq!(forged.status, 403, "{}", forged.body);
    browser.posts_from = ours;
    let url = bounce.url.join(&action).unwrap();
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&fields)
        .finish();
    let page = browser.request("POST", &url, Some(body)).await;
    assert!(matches!(scene.came(&browser, page).await, Came::Arrived(_)));
}

/// BR-10: a connection that an application doesn't name sends nobody of it anywhere.
#[tokio::test]
async fn br_10_a_connection_serves_only_those_who_name_it() {
    let scene = Scene::of(Kind::Generic).await;
    let other = scene
        .app
        .application(scene.store.id, "Other", |draft, _| {
            draft.policy = SelfServicePolicy::default();
        })
        .await;
    let mut browser = scene.app.browser();
    let form = browser.open(&other.authorize(&[])).await;
    let flow = form.value("flow").unwrap();
    let refused = scene.presses(&mut browser, &flow).await.unwrap_err();
    assert_eq!(refused.status, 404);
    assert_eq!(scene.asked(Endpoint::Authorize), 0);
}

/// One address begins 120 sign-ins in a quarter of an hour, whatever the browser; then it waits.
#[tokio::test]
async fn beginning_is_throttled_by_address() {
    let scene = Scene::of(Kind::Generic).await;
    for _ in 0..12 {
        let mut browser = scene.app.browser();
        let flow = scene.flow(&mut browser).await;
        for _ in 0..10 {
            scene.goes(&mut browser, &flow).await;
        }
    }
    let mut browser = scene.app.browser();
    let flow = scene.flow(&mut browser).await;
    let page = scene.presses(&mut browser, &flow).await.unwrap_err();
    assert_eq!(page.status, 429, "{}", page.body);
    scene.app.advance(TimeDelta::minutes(16));
    scene.goes(&mut browser, &flow).await;
}

/// BR-13: whoever is sent away again and again without coming back goes round in circles.
#[tokio::test]
async fn br_13_a_loop_ends() {
    let scene = Scene::of(Kind::Generic).await;
    let mut browser = scene.app.browser();
    let flow = scene.flow(&mut browser).await;
    for _ in 0..10 {
        scene.goes(&mut browser, &flow).await;
    }
    let page = scene.presses(&mut browser, &flow).await.unwrap_err();
    scene
        .is_troubled(Came::Page(page), &["circles"], "a loop")
        .await;
    scene.app.advance(TimeDelta::minutes(11));
    scene.goes(&mut browser, &flow).await;
}
