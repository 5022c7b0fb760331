//! Providers that hang, break, lead elsewhere or answer nonsense; people who turn back; and what the application is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::timeout;
use usher::event::{self, Event, Filter};
use usher::kit::{Internal, PageRequest};
use usher::simulator::{Endpoint, Kind, Trouble};

use super::scene::{ALL, Came, OPENID, Scene};

/// What an endpoint may do instead of answering, and what the person may be told.
fn broken(endpoint: Endpoint) -> Vec<(Trouble, &'static [&'static str])> {
    const LATER: &[&str] = &["unavailable"];
    const OURS: &[&str] = &["misconfigured"];
    const EITHER: &[&str] = &[
        "unavailable",
        "misconfigured",
        "start_again",
        "unbelievable",
    ];
    let elsewhere = Trouble::Redirect("http://127.0.0.1:1/elsewhere".to_owned());
    let mut all = vec![
        (Trouble::Crash, LATER),
        (Trouble::Status(429), LATER),
        (Trouble::Html, LATER),
        (Trouble::Empty, LATER),
        (Trouble::Huge, LATER),
        (Trouble::Array, EITHER),
        (Trouble::NotJson, OURS),
        (elsewhere, OURS),
    ];
    if endpoint == Endpoint::Token {
        all.push((Trouble::ErrorWithOk, EITHER));
        all.push((Trouble::Status(401), EITHER));
    }
    all
}

/// BR-11: whatever an endpoint does, the person reads what to do, and nothing is half-made.
#[tokio::test]
async fn br_11_a_broken_endpoint_leaves_everything_as_it_was() {
    for kind in ALL {
        let scene = Scene::of(kind).await;
        scene.works_again("nothing").await; // metadata is known
        for endpoint in [Endpoint::Token, Endpoint::Userinfo] {
            if endpoint == Endpoint::Userinfo && !scene.asks_userinfo() {
                continue;
            }
            for (trouble, names) in broken(endpoint) {
                let what = format!("{endpoint:?} {trouble:?}");
                scene.provider.behave();
                scene
                    .provider
                    .quirks(|quirks| quirks.trouble(endpoint, trouble));
                let mut browser = scene.app.browser();
                let came = scene.comes(&mut browser).await;
                scene.is_troubled(came, names, &what).await;
            }
        }
        scene.works_again("broken endpoints").await;
    }
}

/// The same for what a provider says of itself, before anybody is sent away.
#[tokio::test]
async fn br_11_nobody_is_sent_to_a_provider_that_cannot_be_read() {
    for kind in OPENID {
        for endpoint in [Endpoint::Discovery, Endpoint::Keys] {
            let scene = Scene::of(kind).await;
            let mut browser = scene.app.browser();
            let flow = scene.flow(&mut browser).await;
            for (trouble, _) in broken(endpoint) {
                let what = format!("{endpoint:?} {trouble:?}");
                scene.provider.behave();
                scene
                    .provider
                    .quirks(|quirks| quirks.trouble(endpoint, trouble));
                let page = scene.presses(&mut browser, &flow).await.unwrap_err();
                let names = ["unavailable", "misconfigured"];
                scene.is_troubled(Came::Page(page), &names, &what).await;
            }
            scene.works_again("unreadable metadata").await;
        }
    }
}

/// BR-11: a provider that hangs is given up after ten seconds.
#[tokio::test]
async fn br_11_a_provider_that_hangs_is_given_up() {
    let hanging = async |kind, endpoint| {
        let scene = Scene::of(kind).await;
        scene.works_again("nothing").await;
        scene
            .provider
            .quirks(|quirks| quirks.trouble(endpoint, Trouble::Hang));
        let mut browser = scene.app.browser();
        let came = timeout(Duration::from_secs(20), scene.comes(&mut browser)).await;
        let came = came.unwrap_or_else(|_| panic!("{kind:?} {endpoint:?}: still waiting"));
        scene.is_troubled(came, &["unavailable"], "hanging").await;
        scene.works_again("hanging").await;
    };
    tokio::join!(
        hanging(Kind::Microsoft, Endpoint::Token),
        hanging(Kind::MicrosoftUsGovernment, Endpoint::Token),
        hanging(Kind::Google, Endpoint::Token),
        hanging(Kind::Salesforce, Endpoint::Token),
        hanging(Kind::Generic, Endpoint::Userinfo),
        hanging(Kind::GitHub, Endpoint::Userinfo),
    );
}

/// A person of the application, not invited, presses the button and comes back.
async fn comes_back_troubled(
    scene: &Scene,
    cancels: bool,
) -> (crate::harness::Browser, Box<crate::harness::Page>) {
    let mut browser = scene.app.browser();
    let form = browser.open(&scene.desk.authorize(&[])).await;
    let flow = form.value("flow").unwrap();
    let at = scene.goes(&mut browser, &flow).await;
    let back = if cancels {
        scene.provider.cancel(at.as_str()).await.unwrap()
    } else {
        scene.proves(&at, scene.somebody()).await
    };
    match scene.follows(&mut browser, &back.url).await {
        Came::Page(page) => (browser, page),
        _ => panic!("{:?}: somebody was let in", scene.kind),
    }
}

/// A12, BR-03: whoever cancels reads so, and the application learns `access_denied`.
#[tokio::test]
async fn br_03_turning_back_is_the_persons_own_decision() {
    for kind in ALL {
        let scene = Scene::of(kind).await;
        let (mut browser, page) = comes_back_troubled(&scene, true).await;
        assert!(
            page.heading().contains("You didn’t sign in"),
            "{}",
            page.body
        );
        assert_eq!(page.status, 200);
        scene.is_as_before("cancelled").await;
        let left = browser
            .submit(&page, "leave", &[])
            .await
            .leaves_for
            .unwrap();
        let told = |name: &str| {
            let found = left.query_pairs().find(|(known, _)| known == name);
            found.map(|(_, value)| value.into_owned())
        };
        assert_eq!(told("error").as_deref(), Some("access_denied"), "{kind:?}");
        assert_eq!(told("state").as_deref(), Some("af0ifjsldkj"), "{kind:?}");
    }
}

/// BR-03: trouble that may pass is called so; what is ours to mend is a server error, and operators find it among the events.
#[tokio::test]
async fn br_03_the_application_learns_whose_trouble_it_is() {
    let all = [
        (
            Trouble::Crash,
            "temporarily_unavailable",
            "connection.sign_in_failed",
        ),
        (Trouble::NotJson, "server_error", "connection.troubled"),
    ];
    for kind in ALL {
        let scene = Scene::of(kind).await;
        for (trouble, error, event_kind) in &all {
            scene.provider.behave();
            scene
                .provider
                .quirks(|quirks| quirks.trouble(Endpoint::Token, trouble.clone()));
            let (mut browser, page) = comes_back_troubled(&scene, false).await;
            let left = browser
                .submit(&page, "leave", &[])
                .await
                .leaves_for
                .unwrap();
            let (_, told) = left
                .query_pairs()
                .find(|(name, _)| name == "error")
                .unwrap();
            assert_eq!(&told, error, "{kind:?}");
            let filter = Filter {
                subject: Some(scene.connection.to_string()),
                kind: Some((*event_kind).to_owned()),
            };
            let page = PageRequest {
                after: None,
                limit: 10,
            };
            let db = &scene.app.app.db;
            let events: Result<usher::kit::Page<Event, _>, Internal> = db
                .read(async |tx| event::list(tx, &filter, &page).await)
                .await;
            assert!(!events.unwrap().items.is_empty(), "{kind:?}: {event_kind}");
        }
    }
}

/// A12: what a provider writes is data: it is on no page of ours.
#[tokio::test]
async fn br_11_a_providers_words_are_not_shown() {
    for kind in ALL {
        let scene = Scene::of(kind).await;
        let words = "<script>alert(1)</script>\r\nSet-Cookie: a=b AADSTS";
        scene
            .provider
            .quirks(|quirks| quirks.refuse("<b>odd</b>", words));
        let mut browser = scene.app.browser();
        let Came::Page(page) = scene.comes(&mut browser).await else {
            panic!("{kind:?}: somebody was let in");
        };
        for word in ["alert(1)", "<b>odd", "&lt;b&gt;odd", "Set-Cookie"] {
            assert!(!page.body.contains(word), "{kind:?}: {}", page.body);
        }
        scene.is_as_before("strange words").await;
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What travelled that nobody else may read.
fn secrets_of(scene: &Scene) -> Vec<String> {
    let named = |endpoint, names: &[&str]| {
        let requests = scene.provider.requests_to(endpoint);
        let values = requests.iter().flat_map(|request| {
            let found = names.iter().filter_map(|name| request.parameter(name));
            found.map(str::to_owned).collect::<Vec<_>>()
        });
        values.collect::<Vec<_>>()
    };
    let mut secrets = named(Endpoint::Token, &["code", "code_verifier", "client_secret"]);
    secrets.extend(named(
        Endpoint::Authorize,
        &["state", "nonce", "code_challenge"],
    ));
    for request in scene.provider.requests_to(Endpoint::Userinfo) {
        let token = request.header("authorization").unwrap();
        secrets.push(token.trim_start_matches("Bearer ").to_owned());
    }
    secrets.push(scene.provider.client_secret().reveal().to_owned());
    secrets
}

/// BR-11: neither good ways nor bad ones leave a code, a state, a verifier, a secret or a provider's words in the log.
#[tokio::test]
async fn br_11_nothing_secret_is_logged() {
    let log = Log::default();
    let logging = |writer: Log| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::Dispatch::new(subscriber)
    };
    // With a single log in the process, lines that other tests reach first would stay switched off.
    let _second = logging(Log::default());
    let guard = tracing::dispatcher::set_default(&logging(log.clone()));
    tracing::callsite::rebuild_interest_cache();
    let mut secrets = vec!["their-own-words".to_owned()];
    for kind in ALL {
        let scene = Scene::of(kind).await;
        scene.works_again("nothing").await;
        for trouble in [Trouble::Status(401), Trouble::Html, Trouble::ErrorWithOk] {
            scene
                .provider
                .quirks(|quirks| quirks.trouble(Endpoint::Token, trouble));
            let mut browser = scene.app.browser();
            let came = scene.comes(&mut browser).await;
            assert!(matches!(came, Came::Page(_)));
        }
        scene.provider.behave();
        scene
            .provider
            .quirks(|quirks| quirks.refuse("odd", "their-own-words"));
        let mut browser = scene.app.browser();
        scene.comes(&mut browser).await;
        secrets.extend(secrets_of(&scene));
    }
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("An external sign-in failed"), "{text}");
    assert!(secrets.len() > 20);
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} is in the log");
    }
}
