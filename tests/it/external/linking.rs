//! An account at a provider and an account here become one person's, or don't.

use chrono::TimeDelta;
use usher::identity::{NewPassword, Proof};

use super::World;
use crate::harness::invitation;
use crate::sign_in::person;

const ANN: &str = "ann@example.com";

async fn ann(world: &World) -> usher::identity::IdentityId {
    person(
        &world.test,
        &world.store,
        (ANN, Proof::Given),
        NewPassword::Own,
    )
    .await
}

/// BR-05, R131: nobody signs in with, nor links, an account by its address; its owner signs in first, sees both, and is told.
#[tokio::test]
async fn br_05_r131_an_account_is_linked_by_its_owner_only() {
    for world in World::each().await {
        let ann = ann(&world).await;
        // nOAuth: an attacker's tenant names the victim's address.
        let attacker = world.with_address("mallory", ANN, false);
        let (mut mallory, page) = world.at_the_door().await;
        let page = world.arrives(&mut mallory, &page, &attacker).await;
        assert!(
            page.has("#connect") && page.leaves_for.is_none(),
            "{}",
            page.body
        );
        let flow = page.value("flow").unwrap();
        let forced = [("flow", flow.as_str()), ("choice", "link")];
        let page = mallory.post("/link-account", &forced).await;
        assert!(page.leaves_for.is_none());
        assert_eq!(world.owner(&attacker).await, None);

        let own = world.with_address("ann", "ann@contoso.example", true);
        let (mut browser, page) = world.at_the_door().await;
        let page = world.arrives(&mut browser, &page, &own).await;
        let sign_in = browser
            .open(&page.attribute("#connect", "href").unwrap())
            .await;
        assert!(
            sign_in.body.contains("ann@contoso.example"),
            "{}",
            sign_in.body
        );
        let both = world.signs_in(&mut browser, &sign_in, ANN).await;
        assert!(
            both.has("#link") && both.body.contains(ANN),
            "{}",
            both.body
        );
        assert!(both.body.contains("ann@contoso.example"));
        assert_eq!(world.owner(&own).await, None);
        let done = browser.submit(&both, "link", &[]).await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
        assert_eq!(world.owner(&own).await, Some(ann));
        let letter = world.test.letter_to(ANN).await;
        assert!(letter.subject.contains("Contoso"), "{}", letter.subject);
        assert_eq!(world.happened("identity.account_linked").await, 1);
    }
}

/// Not now: nothing is linked, and the way goes on.
#[tokio::test]
async fn a_declined_link_changes_nothing() {
    for world in World::each().await {
        ann(&world).await;
        let own = world.proven("ann");
        let (mut browser, page) = world.at_the_door().await;
        let page = world.arrives(&mut browser, &page, &own).await;
        let sign_in = browser
            .open(&page.attribute("#connect", "href").unwrap())
            .await;
        let both = world.signs_in(&mut browser, &sign_in, ANN).await;
        let done = browser.submit(&both, "skip", &[]).await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
        assert_eq!(world.owner(&own).await, None);
    }
}

/// BR-05: a session that began long ago proves too little; its owner signs in once more.
#[tokio::test]
async fn br_05_an_old_session_links_nothing() {
    for world in World::each().await {
        let ann = ann(&world).await;
        let (mut browser, page) = world.at_the_door().await;
        assert!(
            world
                .signs_in(&mut browser, &page, ANN)
                .await
                .leaves_for
                .is_some()
        );
        world.test.advance(TimeDelta::minutes(16));
        let account = browser.open("/account").await;
        let own = world.proven("ann");
        let page = world.arrives(&mut browser, &account, &own).await;
        assert!(page.has("#password"), "{}", page.body);
        let both = world.signs_in(&mut browser, &page, ANN).await;
        let back = browser.submit(&both, "link", &[]).await;
        assert!(back.has("#unlink-1"), "{}", back.body);
        assert_eq!(world.owner(&own).await, Some(ann));
    }
}

/// R141: somebody else is signed in when an invitee comes from a provider: both are named, and whatever is chosen, the signed-in
/// account gets nothing of the other.
#[tokio::test]
async fn r141_somebody_else_is_signed_in() {
    for choice in ["switch", "continue", "cancel"] {
        let any = |policy: &mut usher::application::SelfServicePolicy| {
            policy.address = usher::application::AddressMode::AnyVerifiedAddress;
        };
        for world in World::each_with(any).await {
            ann(&world).await;
            let invited = "grace@example.com";
            let issued = world.test.issues(invitation(&world.desk, invited)).await;
            let (mut browser, page) = world.at_the_door().await;
            assert!(
                world
                    .signs_in(&mut browser, &page, ANN)
                    .await
                    .leaves_for
                    .is_some()
            );
            world.test.advance(TimeDelta::minutes(1));
            let letter = world.test.letter_to(invited).await;
            let landing = browser.open(letter.link("/invitation/")).await;
            let page = browser.submit(&landing, "submit", &[]).await;
            let who = world.proven("grace");
            let page = world.arrives(&mut browser, &page, &who).await;
            assert!(
                page.body.contains(ANN) && page.body.contains(invited),
                "{}",
                page.body
            );
            let next = browser.submit(&page, choice, &[]).await;
            assert_eq!(world.owner(&who).await, None);
            match choice {
                "switch" => {
                    assert!(
                        next.has("#submit") && !next.has("#password"),
                        "{}",
                        next.body
                    );
                    let done = browser.submit(&next, "submit", &[]).await;
                    assert!(done.leaves_for.is_some(), "{}", done.body);
                    let grace = world.test.identity_of(&world.store, invited).await.unwrap();
                    assert_eq!(world.owner(&who).await, Some(grace.id));
                }
                "continue" => {
                    assert!(next.leaves_for.is_some(), "{}", next.body);
                    assert_eq!(world.test.status_of(issued.id).await, "done");
                }
                _ => assert_eq!(world.test.status_of(issued.id).await, "pending"),
            }
        }
    }
}
