//! The whole way with a relying party in Rust: the sample application, which checks everything with the `openidconnect` crate.

use tokio::net::TcpListener;
use usher::job;
use usher::kit::Clock;
use usher::sample::{self, SampleSettings};

use crate::harness::{Browser, Page, Receiver, RelyingParty, TestApp, beginning, invitation};

const DESK: &str = "http://127.0.0.1:4712";
const GRACE: &str = "grace.hopper@harborline.example";
const PASSWORD: (&str, &str) = ("password", "four quiet lamps at dusk");

/// The application, as a browser of its own reaches it.
fn desk(issuer: &str, party: &RelyingParty) -> Browser {
    let settings = SampleSettings {
        listen: ([127, 0, 0, 1], 4712).into(),
        own_url: DESK.parse().unwrap(),
        issuer: issuer.to_owned(),
        client_id: party.client_id.to_string(),
        client_secret: party.secret.clone(),
        name: "Expense Desk".to_owned(),
    };
    Browser::new(sample::router(settings).unwrap(), DESK.parse().unwrap())
}

async fn register(app: &TestApp, told_at: Option<&str>) -> RelyingParty {
    let store = app.store("Customers").await;
    app.application(store.id, "Expense Desk", |application, client| {
        application.home_url = Some(format!("{DESK}/"));
        client.redirect_uris = vec![format!("{DESK}{}", sample::CALLBACK_PATH)];
        client.post_logout_redirect_uris = vec![format!("{DESK}{}", sample::SIGNED_OUT_PATH)];
        client.initiate_login_uri = Some(format!("{DESK}{}", sample::LOGIN_PATH));
        client.backchannel_logout_uri = told_at.map(str::to_owned);
    })
    .await
}

/// R127: the invitee lands in the application, which begins the sign-in itself (OpenID Connect Core section 4) and believes what it
/// is told; renewing the tokens and signing out work as well. R45, R122: the groups are in the ID token.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test ends the task that it starts"
)]
async fn r127_the_sample_application_takes_over_from_the_invitation() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    for app in TestApp::each_with(&[("server.public_url", &issuer)]).await {
        // the application reads the system's clock
        app.advance(Clock::system().moment().now - beginning());
        let here = TcpListener::from_std(listener.try_clone().unwrap()).unwrap();
        let router = app.router.clone();
        let serving = tokio::spawn(async move { axum::serve(here, router).await });
        whole_way(&app, &issuer).await;
        serving.abort();
    }
}

async fn whole_way(app: &TestApp, issuer: &str) {
    let (mut at_provider, mut at_desk, next) = arrives(app, issuer, None).await;
    let renewed = at_desk.submit(&next, "renew", &[]).await;
    let times = renewed.attribute("#renewals", "data-count");
    assert_eq!(times.as_deref(), Some("1"), "{}", renewed.body);

    let out = at_desk.submit(&renewed, "sign-out", &[]).await;
    let ended = at_provider.open(out.leaves_for.unwrap().as_str()).await;
    let back = ended.leaves_for.unwrap();
    assert!(
        back.as_str()
            .starts_with(&format!("{DESK}/signed-out?state="))
    );
    assert_eq!(
        at_desk.open(back.as_str()).await.heading(),
        "You are signed out"
    );
    let again = at_desk.open("/login").await;
    let asked = at_provider.open(again.leaves_for.unwrap().as_str()).await;
    assert!(
        asked.has("#password"),
        "the provider's session has ended, too"
    );
}

/// The invitee's two browsers, for the provider and for the application, once both have signed her in.
async fn arrives(app: &TestApp, issuer: &str, told_at: Option<&str>) -> (Browser, Browser, Page) {
    let party = &register(app, told_at).await;
    let travellers = app.group("Travellers").await;
    app.issues(invitation(party, GRACE).with_groups(&[travellers]))
        .await;
    let (mut at_provider, mut at_desk) = (app.browser(), desk(issuer, party));
    let letter = app.letter_to(GRACE).await;
    let landing = at_provider.open(letter.link("/invitation/")).await;
    let form = at_provider.submit(&landing, "submit", &[]).await;
    let fields = [("given_name", "Grace"), ("family_name", "Hopper"), PASSWORD];
    let mut next = at_provider.submit(&form, "submit", &fields).await;
    // to the application, to the provider for the answer, and back
    for _ in 0..3 {
        let away = next
            .leaves_for
            .as_ref()
            .unwrap_or_else(|| panic!("stays on {}: {}", next.url, next.heading()));
        let to_desk = away.as_str().starts_with(DESK);
        let browser = if to_desk {
            &mut at_desk
        } else {
            &mut at_provider
        };
        next = browser.open(away.as_str()).await;
    }
    assert_eq!(next.text("#signed-in-as"), "Grace Hopper", "{}", next.body);
    assert_eq!(next.text("#email"), GRACE);
    assert_eq!(next.text("#groups li"), "Travellers");
    (at_provider, at_desk, next)
}

/// LOG-10, LOG-14: signing out at the provider signs out of the application, which checks what it is told.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test ends the task that it starts"
)]
async fn the_sample_application_honours_a_logout() {
    let here = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", here.local_addr().unwrap());
    let settings = [("server.public_url", issuer.as_str())];
    let app = TestApp::sqlite_with(&settings).await;
    app.advance(Clock::system().moment().now - beginning());
    let router = app.router.clone();
    let serving = tokio::spawn(async move { axum::serve(here, router).await });
    let receiver = Receiver::start().await;
    let (mut at_provider, mut at_desk, _) = arrives(&app, &issuer, Some(&receiver.url)).await;

    let question = at_provider.open("/logout").await;
    let out = at_provider.submit(&question, "logout-confirm", &[]).await;
    assert_eq!(out.heading(), "You are signed out");
    let told = job::drain(&app.app.herald(), &app.app.clock).await;
    assert_eq!(told.unwrap(), 1);
    let (_, body) = receiver.got().remove(0);
    let token = std::str::from_utf8(&body).unwrap();
    let token = token.strip_prefix("logout_token=").unwrap();
    let signed_in = async |desk: &mut Browser| desk.open("/").await.has("#signed-in-as");

    let path = sample::BACKCHANNEL_LOGOUT_PATH;
    let forged = format!("{token}x");
    let refused = at_desk.post(path, &[("logout_token", &forged)]).await;
    assert_eq!(refused.status, 400);
    assert!(signed_in(&mut at_desk).await);
    let heard = at_desk.post(path, &[("logout_token", token)]).await;
    assert_eq!(heard.status, 200);
    assert!(!signed_in(&mut at_desk).await);
    serving.abort();
}
