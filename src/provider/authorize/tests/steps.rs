//! Where a flow goes next, by what is known.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::super::refused::Refused;
use super::super::request::AuthorizationRequest;
use super::super::step::{Arrived, Invited, Situation, Step, next_step};
use super::{World, now, world};
use crate::application::{Scopes, SignUp};
use crate::grant::consent::Consent;
use crate::session::flow::{Account, Destination, Flow};
use crate::session::{Methods, Session};

/// A browser on its way, a minute after it signed in elsewhere.
struct Way {
    world: World,
    flow: Flow,
    session: Option<Session>,
    allowed: Option<Consent>,
    invited: Invited,
    arrived: Arrived,
    sign_up: SignUp,
}

fn way(settings: &serde_json::Value) -> Way {
    let world = world(settings);
    let application = world.client.application.unwrap();
    let flow = Flow::begin(
        &world.moment,
        vec![1],
        application,
        Destination::Application,
    );
    let mut way = Way {
        flow,
        session: None,
        allowed: Some(consent("openid email", now() - TimeDelta::days(1))),
        invited: Invited::No,
        arrived: Arrived::Nobody,
        sign_up: SignUp::InvitationOnly,
        world,
    };
    way.session = Some(way.signed_in(now() - TimeDelta::minutes(1)));
    way
}

fn consent(scope: &str, given_at: DateTime<Utc>) -> Consent {
    Consent {
        scope: scope.parse().unwrap(),
        given_at,
    }
}

fn later() -> DateTime<Utc> {
    now() + TimeDelta::seconds(30)
}

impl Way {
    fn signed_in(&self, at: DateTime<Utc>) -> Session {
        Session {
            id: self.world.moment.id(),
            identity: self.world.moment.id(),
            store: self.world.moment.id(),
            methods: Methods::password(),
            authenticated_at: at,
            began_at: at,
            expires_at: now() + TimeDelta::hours(12),
        }
    }

    fn step_for(&self, request: Option<&AuthorizationRequest>) -> Step {
        next_step(&Situation {
            flow: &self.flow,
            session: self.session.as_ref(),
            request,
            invited: self.invited,
            arrived: self.arrived,
            sign_up: self.sign_up,
            allowed: self.allowed.as_ref(),
            now: later(),
        })
    }

    fn step(&self, changes: &[(&str, &str)]) -> Step {
        self.step_for(Some(&self.world.ask(changes).unwrap()))
    }

    fn refusal(&self, changes: &[(&str, &str)]) -> &'static str {
        match self.step(changes) {
            Step::Refuse(Refused { code, .. }) => code,
            _ => "",
        }
    }

    fn another_account(&self) -> Step {
        Step::SignInAs(self.session.as_ref().unwrap().id)
    }
}

fn answer(scope: &str) -> Step {
    Step::Answer(scope.parse::<Scopes>().unwrap())
}

#[test]
fn who_is_signed_in_and_known_goes_straight_back() {
    let mut way = way(&json!({}));
    assert_eq!(way.step(&[]), answer("openid email"));
    assert_eq!(way.step_for(None), Step::Land);
    way.session = None;
    assert_eq!(way.step(&[]), Step::SignIn);
    assert_eq!(way.step_for(None), Step::SignIn);
}

/// CORE-11: `prompt=none` never shows a page.
#[test]
fn prompt_none_asks_nobody() {
    let none = ("prompt", "none");
    let mut way = way(&json!({}));
    assert_eq!(way.step(&[none]), answer("openid email"));
    assert_eq!(way.refusal(&[none, ("max_age", "10")]), "login_required");
    assert_eq!(
        way.refusal(&[none, ("id_token_hint", "about bob")]),
        "login_required"
    );
    assert_eq!(
        way.refusal(&[none, ("scope", "openid profile")]),
        "consent_required"
    );
    way.invited = Invited::Open;
    assert_eq!(way.refusal(&[none]), "interaction_required");
    way.invited = Invited::No;
    way.session = None;
    assert_eq!(way.refusal(&[none]), "login_required");
}

/// CORE-13, CORE-15: `prompt=login` and `max_age` want a session that began on this way.
#[test]
fn an_old_session_is_not_enough() {
    let mut way = way(&json!({}));
    let wishes = [("prompt", "login"), ("max_age", "0"), ("max_age", "60")];
    for changes in wishes {
        assert_eq!(way.step(&[changes]), Step::SignIn, "{changes:?}");
    }
    assert_eq!(way.step(&[("max_age", "600")]), answer("openid email"));
    way.session = Some(way.signed_in(now() + TimeDelta::seconds(5)));
    for changes in wishes {
        assert_eq!(way.step(&[changes]), answer("openid email"), "{changes:?}");
    }
}

/// CORE-13, CORE-15: a page that stayed open doesn't carry its proof into the afternoon.
#[test]
fn a_proof_of_this_way_gets_old() {
    let mut way = way(&json!({}));
    way.flow.begun = now() - TimeDelta::hours(2);
    for (minutes, expected) in [(1, answer("openid email")), (60, Step::SignIn)] {
        way.session = Some(way.signed_in(now() - TimeDelta::minutes(minutes)));
        for wish in [("prompt", "login"), ("max_age", "5")] {
            assert_eq!(way.step(&[wish]), expected, "{wish:?} after {minutes}");
        }
    }
}

/// BR-01: a provider that lets a person pass for an old proof doesn't make it a new one, and nobody goes round in circles.
#[test]
fn a_new_session_on_an_old_proof_is_not_fresh() {
    let mut way = way(&json!({}));
    let proven = |seconds| now() + TimeDelta::seconds(5) - TimeDelta::seconds(seconds);
    let external = |way: &Way, seconds| Session {
        authenticated_at: proven(seconds),
        ..way.signed_in(now() + TimeDelta::seconds(5))
    };
    way.session = Some(external(&way, 600));
    for changes in [("prompt", "login"), ("max_age", "0"), ("max_age", "60")] {
        assert_eq!(way.refusal(&[changes]), "login_required", "{changes:?}");
    }
    for changes in [("max_age", "900"), ("prompt", "select_account")] {
        assert_eq!(way.step(&[changes]), answer("openid email"), "{changes:?}");
    }
    assert_eq!(
        way.refusal(&[("id_token_hint", "about bob")]),
        "login_required"
    );
    way.session = Some(external(&way, 30));
    assert_eq!(way.step(&[("prompt", "login")]), answer("openid email"));
}

/// CORE-16: the client's own default age.
#[test]
fn the_default_age_counts() {
    let way = way(&json!({ "default_max_age": 10 }));
    assert_eq!(way.step(&[]), Step::SignIn);
    assert_eq!(way.step(&[("max_age", "600")]), answer("openid email"));
}

/// CORE-17, CORE-39: somebody else than the wanted person never succeeds.
#[test]
fn only_the_wanted_person_will_do() {
    let mut way = way(&json!({}));
    let sub = way.session.as_ref().unwrap().identity.to_string();
    let (own, foreign) = (format!("about {sub}"), ("id_token_hint", "about bob"));
    assert_eq!(way.step(&[("id_token_hint", &own)]), answer("openid email"));
    assert_eq!(way.step(&[foreign]), way.another_account());
    way.flow.account = Account::Another(way.session.as_ref().unwrap().id);
    assert_eq!(way.step(&[foreign]), Step::SignIn);
    way.session = Some(way.signed_in(later()));
    assert_eq!(way.refusal(&[foreign]), "login_required");
}

/// CORE-14: `prompt=select_account` shows the accounts, once.
#[test]
fn the_account_is_chosen_once() {
    let mut way = way(&json!({}));
    let select = [("prompt", "select_account")];
    assert_eq!(way.step(&select), Step::ChooseAccount);
    way.flow.account = Account::Chosen(way.session.as_ref().unwrap().id);
    assert_eq!(way.step(&select), answer("openid email"));
}

/// CORE-14, CORE-24: consent is asked for what wasn't allowed yet; `prompt=consent` always asks.
#[test]
fn consent_is_asked_for_what_is_new() {
    let mut way = way(&json!({}));
    assert_eq!(
        way.step(&[("scope", "openid email groups")]),
        Step::AskConsent
    );
    assert_eq!(way.step(&[("prompt", "consent")]), Step::AskConsent);
    let single = ("claims", r#"{"userinfo": {"phone_number": null}}"#);
    assert_eq!(way.step(&[single]), Step::AskConsent);
    way.allowed = Some(consent("openid email phone", later()));
    assert_eq!(way.step(&[single]), answer("openid email"));
    assert_eq!(way.step(&[("prompt", "consent")]), answer("openid email"));
    way.allowed = None;
    assert_eq!(way.step(&[]), Step::AskConsent);
}

/// CORE-48: `offline_access` is for the person to allow, also where the operator vouches for the client.
#[test]
fn staying_while_the_person_is_away_needs_their_word() {
    let offline = ("scope", "openid offline_access");
    let mut way = way(&json!({ "consent": "skip" }));
    assert_eq!(way.step(&[offline]), answer("openid"));
    assert_eq!(
        way.step(&[offline, ("prompt", "consent")]),
        Step::AskConsent
    );
    way.allowed = Some(consent("openid offline_access", later()));
    assert_eq!(
        way.step(&[offline, ("prompt", "consent")]),
        answer("openid offline_access")
    );
    assert_eq!(way.step(&[offline]), answer("openid offline_access"));
    way.world = world(&json!({}));
    assert_eq!(way.step(&[offline]), answer("openid offline_access"));
    way.allowed = None;
    assert_eq!(way.step(&[offline]), Step::AskConsent);
}

/// NA-02: who another program could pass itself off as is asked about every time.
#[test]
fn a_client_that_can_not_prove_itself_is_never_waved_through() {
    let native = json!({
        "authentication": "none", "consent": "skip", "redirect_uris": ["http://127.0.0.1/cb", super::CALLBACK]
    });
    let mut way = way(&native);
    let loopback = ("redirect_uri", "http://127.0.0.1:4711/cb");
    assert_eq!(way.step(&[loopback]), Step::AskConsent);
    assert_eq!(
        way.refusal(&[loopback, ("prompt", "none")]),
        "consent_required"
    );
    assert_eq!(way.step(&[]), answer("openid email"));
    way.allowed = Some(consent("openid email", later()));
    assert_eq!(way.step(&[loopback]), answer("openid email"));
}

/// R130, R141: an open invitation comes first, whoever is signed in; an accepted one is only its own person's.
#[test]
fn r130_an_invitation_comes_first() {
    let mut way = way(&json!({}));
    way.invited = Invited::Open;
    assert_eq!(
        (way.step(&[]), way.step_for(None)),
        (Step::SignUp, Step::SignUp)
    );
    way.invited = Invited::Accepted(way.session.as_ref().unwrap().identity);
    assert_eq!(
        (way.step(&[]), way.step_for(None)),
        (answer("openid email"), Step::Land)
    );
    way.invited = Invited::Accepted(way.world.moment.id());
    assert_eq!(way.step(&[]), Step::SignUp);
    way.session = None;
    assert_eq!(way.step(&[]), Step::SignIn);
}

/// PC-01: `prompt=create` opens sign-up; then the flow goes on as usual.
#[test]
fn prompt_create_opens_sign_up() {
    let create = [("prompt", "create")];
    let mut way = way(&json!({}));
    assert_eq!(way.step(&create), Step::SignUp);
    way.session = None;
    assert_eq!(way.step(&create), Step::SignUp);
    way.session = Some(way.signed_in(later()));
    assert_eq!(way.step(&create), answer("openid email"));
}

/// Issue: who comes from a provider and belongs to nobody here signs up, links, or reads what to do.
#[test]
fn a_stranger_goes_where_they_may() {
    let mut way = way(&json!({}));
    way.arrived = Arrived::Stranger;
    way.session = None;
    assert_eq!(way.step(&[]), Step::NoAccount);
    way.sign_up = SignUp::Open;
    assert_eq!(way.step(&[]), Step::SignUp);
    way.sign_up = SignUp::InvitationOnly;
    way.invited = Invited::Open;
    assert_eq!(way.step(&[]), Step::SignUp);
    // R141: somebody else who happens to be signed in is nobody's proof.
    way.session = Some(way.signed_in(now() - TimeDelta::minutes(1)));
    assert_eq!(way.step(&[]), Step::SignUp);
    way.flow.account = Account::Chosen(way.session.as_ref().unwrap().id);
    assert_eq!(way.step(&[]), Step::LinkAccount);
    way.session.as_mut().unwrap().began_at = now() - TimeDelta::hours(1);
    assert_eq!(way.step(&[]), Step::SignIn);
    assert_eq!(way.refusal(&[("prompt", "none")]), "login_required");
    way.session = Some(way.signed_in(now() + TimeDelta::seconds(5)));
    assert_eq!(way.step(&[]), Step::LinkAccount);
    assert_eq!(way.refusal(&[("prompt", "none")]), "interaction_required");
}

proptest::proptest! {
    /// BR-05, R131: whatever is known, an account is linked only to the one that was chosen or signed in to on this way, and
    /// lately; and somebody whom nobody knows never gets a code or lands.
    #[test]
    fn br_05_r131_a_stranger_is_never_let_in_nor_linked_unseen(
        signed_in in proptest::option::of(-4000_i64..30),
        chosen in proptest::bool::ANY,
        another in proptest::bool::ANY,
        invited in 0..3_u8,
        open in proptest::bool::ANY,
        prompt in 0..4_usize,
    ) {
        let mut way = way(&json!({}));
        way.arrived = Arrived::Stranger;
        way.session = signed_in.map(|seconds| way.signed_in(now() + TimeDelta::seconds(seconds)));
        if let Some(session) = &way.session {
            way.flow.account = match (chosen, another) {
                (true, _) => Account::Chosen(session.id),
                (_, true) => Account::Another(session.id),
                _ => Account::NotAsked,
            };
        }
        way.invited = match invited {
            0 => Invited::No,
            1 => Invited::Open,
            _ => Invited::Accepted(way.world.moment.id()),
        };
        way.sign_up = if open { SignUp::Open } else { SignUp::InvitationOnly };
        let prompt = ["login", "consent", "select_account", "none"][prompt];
        let step = way.step(&[("prompt", prompt)]);
        proptest::prop_assert!(!matches!(step, Step::Answer(_) | Step::Land), "{step:?}");
        if step == Step::LinkAccount {
            let session = way.session.as_ref().unwrap();
            proptest::prop_assert!(way.flow.accepts(session) && way.flow.has_chosen(session));
            proptest::prop_assert!(later() - session.began_at <= TimeDelta::minutes(15));
        }
        if step == Step::SignUp {
            proptest::prop_assert!(open || way.invited == Invited::Open);
        }
        if prompt == "none" {
            proptest::prop_assert!(matches!(step, Step::Refuse(_)), "{step:?}");
        }
    }
}
