//! How often anybody may try to sign in, and that nobody uses up somebody else's attempts.

use std::net::IpAddr;

use chrono::TimeDelta;
use usher::db::Db;
use usher::event::Actor;
use usher::identity::password::{self, Hasher};
use usher::identity::{IdentifierKind, IdentityId, IdentityStore, NewPassword};
use usher::keys::{MasterKey, Sealer};
use usher::kit::{Clock, Failed, Internal, ManualClock, Secret};
use usher::session::known::KnownAccounts;
use usher::session::sign_in::{Desk, Refused, SignedIn, Trying, sign_in};
use usher::session::throttle::Attempts;

use crate::database;
use crate::identities::{moment, register, store};

const RIGHT: &str = "plover grommet tarn";
const OWNER: [u8; 4] = [192, 0, 2, 1];
const STRANGER: [u8; 4] = [198, 51, 100, 7];

/// A store with Ann in it.
struct World {
    db: Db,
    hasher: Hasher,
    attempts: Attempts,
    clock: ManualClock,
    store: IdentityStore,
    ann: IdentityId,
}

impl World {
    async fn on(db: &Db) -> Self {
        let store = store(db, "People", vec![IdentifierKind::Email]).await;
        let ann = register(db, &store, &[(IdentifierKind::Email, "ann@example.com")])
            .await
            .unwrap();
        let hasher = Hasher::cheap();
        let world = Self {
            db: db.clone(),
            hasher,
            attempts: Attempts::default(),
            clock: ManualClock::new(moment().now, 1),
            store,
            ann,
        };
        world.set_password(RIGHT).await;
        world
    }

    async fn set_password(&self, text: &str) {
        let hash = self
            .hasher
            .hash(&Secret::new(text), &moment())
            .await
            .unwrap();
        let password = NewPassword::Own(hash);
        let set = self.db.write(async |tx| {
            password::set(tx, &moment(), &Actor::System, self.ann, &password).await
        });
        let set: Result<(), Internal> = set.await;
        set.unwrap();
    }

    async fn try_in(
        &self,
        known: &KnownAccounts,
        address: [u8; 4],
        (username, password): (&str, &str),
    ) -> Result<SignedIn, Refused> {
        let password = Secret::new(password);
        let trying = Trying {
            store: self.store.id,
            username,
            password: &password,
            flow: "",
            address: IpAddr::from(address),
            browser: b"browser",
            known,
            before: None,
            lifetime: TimeDelta::hours(12),
        };
        let desk = Desk {
            db: &self.db,
            hasher: &self.hasher,
            attempts: &self.attempts,
        };
        let moment = Clock::manual(&self.clock).moment();
        match sign_in(&desk, &moment, &trying).await {
            Ok(signed_in) => Ok(signed_in),
            Err(Failed::Refused(refused)) => Err(refused),
            Err(Failed::Internal(internal)) => unreachable!("{internal:?}"),
        }
    }

    /// Ann, from anywhere, in a browser that doesn't know her.
    async fn ann_from(&self, address: [u8; 4], password: &str) -> Result<SignedIn, Refused> {
        self.try_in(&nobody(), address, ("ann@example.com", password))
            .await
    }

    fn anns_browser(&self) -> KnownAccounts {
        nobody().with(self.store.id, "ann@example.com")
    }
}

fn nobody() -> KnownAccounts {
    let key = MasterKey::given(&Secret::new("k".repeat(32))).unwrap();
    KnownAccounts::open(&Sealer::new(&key).unwrap(), None, b"browser")
}

fn is_throttled<T>(result: &Result<T, Refused>) -> bool {
    matches!(result, Err(Refused::TooMany(_)))
}

#[tokio::test]
async fn a_stranger_uses_up_their_own_attempts_only() {
    for fresh in database::each().await {
        let world = World::on(&fresh.db).await;
        for _ in 0..10 {
            assert_eq!(
                world.ann_from(STRANGER, "wrong").await.unwrap_err(),
                Refused::Wrong
            );
        }
        assert!(is_throttled(&world.ann_from(STRANGER, RIGHT).await));
        // from elsewhere, also without the browser being known, Ann gets in
        assert!(world.ann_from(OWNER, RIGHT).await.is_ok());
        world.clock.advance(TimeDelta::minutes(15));
        assert!(world.ann_from(STRANGER, RIGHT).await.is_ok());
    }
}

#[tokio::test]
async fn the_owner_gets_in_while_strangers_try_from_everywhere() {
    for fresh in database::each().await {
        let world = World::on(&fresh.db).await;
        let mut wrong = 0;
        for n in 0..40 {
            let strangers = [198, 51, 100, n];
            for _ in 0..9 {
                let answer = world.ann_from(strangers, "wrong").await;
                wrong += i32::from(matches!(answer, Err(Refused::Wrong)));
            }
        }
        assert_eq!(wrong, 50);
        assert!(is_throttled(&world.ann_from(OWNER, RIGHT).await));
        let known = world.anns_browser();
        let signed_in = world
            .try_in(&known, OWNER, ("Ann@Example.com", RIGHT))
            .await;
        assert!(signed_in.is_ok());
    }
}

#[tokio::test]
async fn a_known_browser_has_a_budget_too_and_a_success_forgets_it() {
    for fresh in database::each().await {
        let world = World::on(&fresh.db).await;
        let known = world.anns_browser();
        let ann = async |password| {
            world
                .try_in(&known, OWNER, ("ann@example.com", password))
                .await
        };
        for _ in 0..3 {
            for _ in 0..9 {
                assert_eq!(ann("wrong").await.unwrap_err(), Refused::Wrong);
            }
            assert!(ann(RIGHT).await.is_ok());
        }
        for _ in 0..10 {
            assert_eq!(ann("wrong").await.unwrap_err(), Refused::Wrong);
        }
        assert!(is_throttled(&ann(RIGHT).await));
    }
}

#[tokio::test]
async fn an_unknown_account_is_throttled_like_a_known_one() {
    for fresh in database::each().await {
        let world = World::on(&fresh.db).await;
        for name in ["ann@example.com", "nobody@example.com", "not an identifier"] {
            let mut answers = Vec::new();
            for _ in 0..12 {
                let answer = world.try_in(&nobody(), STRANGER, (name, "wrong")).await;
                answers.push(is_throttled(&answer));
            }
            let want: Vec<_> = (0..12).map(|n| n >= 10).collect();
            assert_eq!(answers, want, "{name}");
        }
    }
}

#[tokio::test]
async fn one_address_cannot_try_all_accounts() {
    for fresh in database::each().await {
        let world = World::on(&fresh.db).await;
        let mut let_through = 0;
        for n in 0..120 {
            let name = format!("person{n}@example.com");
            let answer = world
                .try_in(&nobody(), STRANGER, (&name, "Spring2026!"))
                .await;
            let_through += i32::from(!is_throttled(&answer));
        }
        assert_eq!(let_through, 100);
        assert!(world.ann_from(OWNER, RIGHT).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_do_not_get_past_a_budget() {
    for fresh in database::each().await {
        let world = std::sync::Arc::new(World::on(&fresh.db).await);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..60 {
            let world = world.clone();
            tasks.spawn(async move { world.ann_from(STRANGER, "wrong").await.unwrap_err() });
        }
        let refused = tasks.join_all().await;
        let compared = refused.iter().filter(|it| **it == Refused::Wrong).count();
        assert!(compared <= 10, "{compared} were compared");
        // those that were refused while others ran have not been counted as failures
        assert!(world.ann_from(OWNER, RIGHT).await.is_ok());
    }
}

#[tokio::test]
async fn a_password_that_was_changed_meanwhile_opens_nothing() {
    for fresh in database::each().await {
        let world = World::on(&fresh.db).await;
        world.set_password("quilt anvil meadow").await;
        assert_eq!(
            world.ann_from(OWNER, RIGHT).await.unwrap_err(),
            Refused::Wrong
        );
        assert!(world.ann_from(OWNER, "quilt anvil meadow").await.is_ok());
    }
}
