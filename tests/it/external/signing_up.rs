//! Invitees and others who sign up with an account at a provider.

use chrono::TimeDelta;
use http::StatusCode;
use usher::application::{AddressMode, FieldMode, Prefill, SignUp, SignUpForm};
use usher::event::Actor;
use usher::invitation::revoke;

use super::{GRACE, World};
use crate::harness::{Browser, Page, invitation};

/// Opens the newest letter to Grace and goes on to the form.
async fn at_the_form(world: &World) -> (Browser, Page) {
    let letter = world.test.letter_to(GRACE).await;
    let mut browser = world.test.browser();
    let landing = browser.open(letter.link("/invitation/")).await;
    let form = browser.submit(&landing, "submit", &[]).await;
    (browser, form)
}

/// R24, R45–R49, R121, R127: an invitee comes from a provider, reviews both sides' values, needs no password, and lands signed in
/// with all groups: the invitation's, the application's and the mapping's.
#[tokio::test]
async fn r24_r49_r121_an_invitee_accepts_through_a_provider() {
    for world in World::each().await {
        let [invited, assigned, mapped] = ["Invited", "Assigned", "Mapped"];
        let invited = world.test.group(invited).await;
        let assigned = world.test.group(assigned).await;
        let mapped = world.test.group(mapped).await;
        world
            .test
            .assign(world.desk.application, vec![assigned, invited])
            .await;
        let wish = invitation(&world.desk, GRACE)
            .with_groups(&[invited])
            .with_profile(&[("given_name", "Grace")]);
        let issued = world.test.issues(wish).await;
        let (mut grace, form) = at_the_form(&world).await;
        assert!(
            form.has("#with-1") && form.has("#password"),
            "{}",
            form.body
        );

        let mut who = world.proven("grace");
        who.groups = vec![mapped];
        who.profile
            .insert("given_name".to_owned(), "Amazing".to_owned());
        who.profile
            .insert("family_name".to_owned(), "Hopper".to_owned());
        let form = world.arrives(&mut grace, &form, &who).await;
        assert!(!form.has("#password"), "{}", form.body);
        assert_eq!(form.value("given_name").unwrap(), "Grace");
        assert_eq!(form.value("family_name").unwrap(), "Hopper");
        assert!(
            form.text("#given_name-hint").contains("Amazing"),
            "{}",
            form.body
        );
        assert_eq!(world.test.status_of(issued.id).await, "pending");

        let done = grace.submit(&form, "submit", &[]).await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
        assert_eq!(world.test.status_of(issued.id).await, "done");
        let identity = world.test.identity_of(&world.store, GRACE).await.unwrap();
        assert_eq!(world.owner(&who).await, Some(identity.id));
        let tokens = world.test.signs_in_silently(&mut grace, &world.desk).await;
        let mut groups: Vec<_> = tokens.claims["groups"].as_array().unwrap().clone();
        groups.sort_by_key(ToString::to_string);
        assert_eq!(groups, ["Assigned", "Invited", "Mapped"]);
        assert_eq!(tokens.claims["amr"], serde_json::json!(["mfa"]));
        assert_eq!(world.happened("identity.account_linked").await, 1);
    }
}

/// R36, R129, R131: an account with another proven address is refused, an address that nobody proves changes nothing, and the link
/// stays good for the form.
#[tokio::test]
async fn r36_r129_a_wrong_account_never_uses_up_the_link() {
    for world in World::each().await {
        let issued = world.test.issues(invitation(&world.desk, GRACE)).await;
        let (mut grace, form) = at_the_form(&world).await;
        let wrong = world.with_address("bob", "bob@contoso.example", true);
        let page = world.arrives(&mut grace, &form, &wrong).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.body);
        assert!(page.body.contains("bob@contoso.example") && page.body.contains(GRACE));
        let forced = [
            ("flow", page.value("flow").unwrap()),
            ("username", GRACE.to_owned()),
        ];
        let forced: Vec<_> = forced.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let refused = grace.post("/sign-up", &forced).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(world.owner(&wrong).await, None);

        let claimed = world.with_address("bob", "bob@contoso.example", false);
        let form = world.arrives(&mut grace, &page, &claimed).await;
        assert_eq!(form.value("username").unwrap(), GRACE);
        let done = grace.submit(&form, "submit", &[]).await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
        assert_eq!(world.test.status_of(issued.id).await, "done");
        assert!(
            world
                .test
                .identity_of(&world.store, "bob@contoso.example")
                .await
                .is_none()
        );
    }
}

/// R36–R38: another address needs a code, unless the provider is authoritative for it; then none is asked for.
#[tokio::test]
async fn r37_an_address_that_the_provider_proves_needs_no_code() {
    for proven in [true, false] {
        let any = |policy: &mut usher::application::SelfServicePolicy| {
            policy.address = AddressMode::AnyVerifiedAddress;
            policy.prefill = Prefill::Provider;
        };
        for world in World::each_with(any).await {
            world.test.issues(invitation(&world.desk, GRACE)).await;
            let (mut grace, form) = at_the_form(&world).await;
            let who = world.with_address("grace", "grace@contoso.example", proven);
            let form = world.arrives(&mut grace, &form, &who).await;
            assert_eq!(form.value("username").unwrap(), "grace@contoso.example");
            assert!(form.text("#username-hint").contains(GRACE), "{}", form.body);
            let page = grace.submit(&form, "submit", &[]).await;
            let known = world
                .test
                .identity_of(&world.store, "grace@contoso.example")
                .await;
            assert_eq!(known.is_some(), proven, "{}", page.body);
            if !proven {
                let letter = world.test.letter_to("grace@contoso.example").await;
                let code = [("code", letter.code())];
                let done = grace.submit(&page, "submit", &code).await;
                assert!(done.leaves_for.is_some(), "{}", done.body);
            }
            assert!(world.owner(&who).await.is_some());
        }
    }
}

/// R129, R130: what is over, of another browser, or linked meanwhile, doesn't count; the invitation does.
#[tokio::test]
async fn r130_a_late_or_foreign_arrival_leaves_the_invitation_usable() {
    for world in World::each().await {
        let issued = world.test.issues(invitation(&world.desk, GRACE)).await;
        let who = world.proven("grace");
        let (mut late, form) = at_the_form(&world).await;
        let form = world.arrives(&mut late, &form, &who).await;
        world.test.advance(TimeDelta::minutes(61));
        let over = late.submit(&form, "submit", &[]).await;
        assert_eq!(
            over.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            over.body
        );
        assert!(
            over.has("#password") && over.has("#with-1"),
            "{}",
            over.body
        );

        let (mut other, theirs) = at_the_form(&world).await;
        let sealed = world.flow_after(&form.value("flow").unwrap(), &who).await;
        let foreign = other.open(&world.test.app.links.sign_up(&sealed)).await;
        assert_eq!(foreign.status, StatusCode::BAD_REQUEST, "{}", foreign.body);

        let bob = crate::identities::register(
            &world.test.app.db,
            &world.store,
            &[(usher::identity::IdentifierKind::Email, "bob@example.com")],
        );
        let bob = bob.await.unwrap();
        let form = world.arrives(&mut other, &theirs, &who).await;
        world.links(bob, &who).await;
        let taken = other.submit(&form, "submit", &[]).await;
        assert!(
            taken.has("#problems") && taken.has("#password"),
            "{}",
            taken.body
        );
        assert_eq!(world.owner(&who).await, Some(bob));
        assert_eq!(world.test.status_of(issued.id).await, "pending");
        let typed = [("password", "four quiet lamps at dusk")];
        let done = other.submit(&taken, "submit", &typed).await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
    }
}

/// R22, R62: two browsers at once, and an invitation that is revoked meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn r22_two_browsers_with_one_account_make_one_identity() {
    for world in World::each().await {
        world.test.issues(invitation(&world.desk, GRACE)).await;
        let who = world.proven("grace");
        let ((mut one, first), (mut other, second)) =
            (at_the_form(&world).await, at_the_form(&world).await);
        let first = world.arrives(&mut one, &first, &who).await;
        let second = world.arrives(&mut other, &second, &who).await;
        let (first, second) = tokio::join!(
            one.submit(&first, "submit", &[]),
            other.submit(&second, "submit", &[])
        );
        let won = [&first, &second]
            .iter()
            .filter(|page| page.leaves_for.is_some())
            .count();
        assert_eq!(won, 1, "{}\n{}", first.body, second.body);
        assert!(world.owner(&who).await.is_some());

        let again = world
            .test
            .issues(invitation(&world.desk, "eve@harborline.example"))
            .await;
        let letter = world.test.letter_to("eve@harborline.example").await;
        let mut eve = world.test.browser();
        let landing = eve.open(letter.link("/invitation/")).await;
        let form = eve.submit(&landing, "submit", &[]).await;
        let who = world.proven("eve");
        let form = world.arrives(&mut eve, &form, &who).await;
        let (app, moment) = (&world.test.app, world.test.app.moment());
        let revoked = app
            .db
            .write(async |tx| revoke::revoke(tx, &moment, &Actor::System, again.id).await);
        revoked.await.unwrap();
        let over = eve.submit(&form, "submit", &[]).await;
        assert_eq!(over.status, StatusCode::GONE, "{}", over.body);
        assert_eq!(world.owner(&who).await, None);
    }
}

/// R121: without `local` in the policy no password is offered, and none is taken.
#[tokio::test]
async fn r121_without_local_there_is_no_form_with_a_password() {
    let only = |policy: &mut usher::application::SelfServicePolicy| {
        policy.connections.retain(|name| name != "local");
    };
    for world in World::each_with(only).await {
        let issued = world.test.issues(invitation(&world.desk, GRACE)).await;
        let (mut grace, page) = at_the_form(&world).await;
        assert!(page.has("#with-1") && !page.has("#password") && !page.has("#submit"));
        let flow = page.value("flow").unwrap();
        let forced = [
            ("flow", flow.as_str()),
            ("username", GRACE),
            ("password", "four quiet lamps at dusk"),
        ];
        let refused = grace.post("/sign-up", &forced).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            refused.body
        );
        assert_eq!(world.test.status_of(issued.id).await, "pending");
        let sign_in = grace.open(&world.test.app.links.sign_in(&flow)).await;
        assert!(!sign_in.has("#password"), "{}", sign_in.body);
        let refused = grace.post("/sign-in", &forced).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let form = world
            .arrives(&mut grace, &page, &world.proven("grace"))
            .await;
        assert!(
            grace
                .submit(&form, "submit", &[])
                .await
                .leaves_for
                .is_some()
        );
    }
}

/// R24: the policy may skip the form when nothing is missing, and only then.
#[tokio::test]
async fn r24_the_form_is_skipped_when_nothing_is_missing() {
    let skip = |policy: &mut usher::application::SelfServicePolicy| {
        policy.form = SignUpForm::WhenIncomplete;
        policy
            .fields
            .insert("family_name".to_owned(), FieldMode::Required);
    };
    for world in World::each_with(skip).await {
        world.test.issues(invitation(&world.desk, GRACE)).await;
        let (mut grace, form) = at_the_form(&world).await;
        let mut who = world.with_address("grace", GRACE, true);
        let asked = world.arrives(&mut grace, &form, &who).await;
        assert!(asked.has("#family_name"), "{}", asked.body);
        let name = ("family_name".to_owned(), "Hopper".to_owned());
        // A browser may be signed in there as somebody else: only who owns the invited address goes on unasked (R129).
        for (address, proven) in [("mallory@contoso.example", false), (GRACE, false)] {
            let mut other = world.with_address("mallory", address, proven);
            other.profile.extend([name.clone()]);
            let asked = world.arrives(&mut grace, &form, &other).await;
            assert!(asked.has("#family_name"), "{}", asked.body);
        }
        assert!(world.test.identity_of(&world.store, GRACE).await.is_none());
        who.profile.extend([name]);
        let done = world.arrives(&mut grace, &form, &who).await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
        let identity = world.test.identity_of(&world.store, GRACE).await.unwrap();
        assert_eq!(identity.profile.get("family_name"), Some("Hopper"));
    }
}

/// Accounts without an invitation only where sign-up is open, and never over an existing one (R131); same subject at two issuers:
/// two accounts (BR-12).
#[tokio::test]
async fn br_06_br_12_r131_uninvited_only_where_sign_up_is_open() {
    for world in World::each().await {
        let (mut browser, page) = world.at_the_door().await;
        let page = world
            .arrives(&mut browser, &page, &world.proven("ann"))
            .await;
        assert!(
            page.has("#connect") && !page.has("#username"),
            "{}",
            page.body
        );
        let flow = page.value("flow").unwrap();
        let refused = browser.open(&world.test.app.links.sign_up(&flow)).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    let open = |policy: &mut usher::application::SelfServicePolicy| policy.sign_up = SignUp::Open;
    for world in World::each_with(open).await {
        let first = world.with_address("ann", "ann@contoso.example", true);
        let (mut browser, page) = world.at_the_door().await;
        let form = world.arrives(&mut browser, &page, &first).await;
        assert!(
            browser
                .submit(&form, "submit", &[])
                .await
                .leaves_for
                .is_some()
        );
        let mut second = world.with_address("ann", "ann@contoso.example", true);
        second.key.namespace = "https://login.attacker.example".to_owned();
        let (mut browser, page) = world.at_the_door().await;
        let form = world.arrives(&mut browser, &page, &second).await;
        let taken = browser.submit(&form, "submit", &[]).await;
        assert_eq!(
            taken.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            taken.body
        );
        assert_eq!(world.owner(&second).await, None);
        second.address = None;
        let form = world.arrives(&mut browser, &page, &second).await;
        let typed = [("username", "ann@other.example")];
        let code = browser.submit(&form, "submit", &typed).await;
        let letter = world.test.letter_to("ann@other.example").await;
        let done = browser
            .submit(&code, "submit", &[("code", letter.code())])
            .await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
        assert_ne!(world.owner(&first).await, world.owner(&second).await);
    }
}
