//! Grants: their end is known to every node, and what is over is tidied up.

use chrono::{DateTime, TimeDelta};
use usher::application::{
    ApplicationDraft, ClientDraft, ClientId, NewApplication, Purpose, create,
};
use usher::db::Db;
use usher::event::Actor;
use usher::grant::{
    CodeBinding, Details, Grant, GrantId, NewGrant, Redeemed, Redeeming, RefreshLifetimes,
    Revocations, begin_refresh, issue_code, redeem_code, revoke_of_identity, revoke_of_session,
    sweep,
};
use usher::identity::{
    self, Attributes, IdentifierKind, IdentityId, NewIdentifier, NewIdentity, NewStore, Profile,
    Proof,
};
use usher::keys::{MasterKey, Sealer};
use usher::kit::{Clock, Id, Internal, ManualClock, Moment, Secret, kinds};

use crate::database;

/// A client and a person, with nothing between them yet.
struct Pair {
    db: Db,
    time: ManualClock,
    client: ClientId,
    person: IdentityId,
}

impl Pair {
    async fn on(db: &Db) -> Self {
        let time = ManualClock::new(DateTime::from_timestamp_secs(1_800_000_000).unwrap(), 7);
        let moment = Clock::manual(&time).moment();
        let store = NewStore {
            name: "Customers".to_owned(),
            identifiers: vec![IdentifierKind::Email],
            attributes: Vec::new(),
        };
        let made =
            db.write(async |tx| identity::create_store(tx, &moment, &Actor::System, store).await);
        let store = made.await.unwrap();
        let new = NewIdentity {
            id: None,
            store: &store,
            identifiers: vec![NewIdentifier::email(
                &"ann@example.com".parse().unwrap(),
                Proof::Given,
            )],
            profile: Profile::default(),
            attributes: Attributes::default(),
            password: None,
        };
        let made = db.write(async |tx| identity::register(tx, &moment, &Actor::System, new).await);
        let person = made.await.unwrap();
        let new = NewApplication {
            store: store.id,
            purpose: Purpose::Product,
            application: ApplicationDraft::named("Desk"),
            client: Some(ClientDraft {
                redirect_uris: vec!["https://desk.example/callback".to_owned()],
                ..ClientDraft::default()
            }),
        };
        let made = db.write(async |tx| create(tx, &moment, &Actor::System, new).await);
        let client = made.await.unwrap().client.unwrap().id;
        let db = db.clone();
        Self {
            db,
            time,
            client,
            person,
        }
    }

    fn moment(&self) -> Moment {
        Clock::manual(&self.time).moment()
    }

    /// A grant with its code redeemed and a refresh token given.
    async fn granted(&self, session: Id<kinds::Session>, scope: &str) -> Grant {
        let moment = self.moment();
        let new = NewGrant {
            client: self.client,
            identity: self.person,
            session,
            scope: scope.parse().unwrap(),
            details: Details {
                nonce: None,
                claims: usher::grant::ClaimsRequest::default(),
                auth_time: moment.now,
                methods: vec!["pwd".to_owned()],
                acr: None,
                session_ends_at: moment.now + TimeDelta::hours(12),
            },
        };
        let redirect_uri = "https://desk.example/callback";
        let binding = CodeBinding {
            redirect_uri: redirect_uri.to_owned(),
            code_challenge: None,
            lifetime: TimeDelta::minutes(1),
        };
        let lifetimes = RefreshLifetimes {
            idle: TimeDelta::days(30),
            absolute: TimeDelta::days(180),
            grace: TimeDelta::zero(),
        };
        let master = MasterKey::given(&Secret::new("0123456789 0123456789 0123456789"));
        let sealer = Sealer::new(&master.unwrap()).unwrap();
        let unit = self.db.write(async |tx| {
            let code = issue_code(tx, &moment, &new, binding).await?;
            let redeeming = Redeeming {
                client: self.client,
                code,
                redirect_uri: Some(redirect_uri),
                code_verifier: None,
            };
            let Redeemed::Granted(grant) = redeem_code(tx, &moment, &redeeming).await? else {
                return Err(Internal::because("not granted"));
            };
            begin_refresh(tx, &sealer, &moment, &grant, lifetimes).await?;
            Ok(*grant)
        });
        unit.await.unwrap()
    }

    async fn count(&self, table: &str) -> i64 {
        let sql = match table {
            "access_grant" => "SELECT COUNT(*) FROM access_grant",
            "authorization_code" => "SELECT COUNT(*) FROM authorization_code",
            "refresh_token" => "SELECT COUNT(*) FROM refresh_token",
            _ => "SELECT COUNT(*) FROM revocation",
        };
        let counted: Result<(i64,), Internal> =
            self.db.read(async |tx| tx.sql(sql).one().await).await;
        counted.unwrap().0
    }
}

fn covers(node: &Revocations, moment: &Moment, grant: GrantId) -> bool {
    node.covers(moment.uuid(), Some(grant))
}

/// RV-02, LOG-15: when a session ends, so do its grants without `offline_access`, on every node.
#[tokio::test]
async fn a_session_takes_its_grants_along() {
    for fresh in database::each().await {
        let pair = Pair::on(&fresh.db).await;
        let moment = pair.moment();
        let (session, other) = (moment.id(), moment.id());
        let ended = pair.granted(session, "openid").await;
        let offline = pair.granted(session, "openid offline_access").await;
        let elsewhere = pair.granted(other, "openid").await;
        let node = Revocations::open(&pair.db, &moment).await.unwrap();
        assert!(!covers(&node, &moment, ended.id));
        let unit = pair
            .db
            .write(async |tx| revoke_of_session(tx, &moment, session).await);
        let revoked: Result<Vec<_>, Internal> = unit.await;
        assert_eq!(revoked.unwrap(), [ended.id]);
        node.reload(&pair.db, &moment).await.unwrap();
        let late = Revocations::open(&pair.db, &moment).await.unwrap();
        for node in [&node, &late] {
            assert!(covers(node, &moment, ended.id));
            assert!(!covers(node, &moment, offline.id));
            assert!(!covers(node, &moment, elsewhere.id));
        }
        let unit = pair
            .db
            .write(async |tx| revoke_of_identity(tx, &moment, pair.person, None).await);
        let revoked: Result<Vec<_>, Internal> = unit.await;
        assert_eq!(revoked.unwrap().len(), 2);
        node.reload(&pair.db, &moment).await.unwrap();
        assert!(covers(&node, &moment, offline.id) && covers(&node, &moment, elsewhere.id));
    }
}

/// A revocation is never overlooked, however many nodes write at once.
#[tokio::test(flavor = "multi_thread")]
async fn no_revocation_is_overlooked() {
    for fresh in database::each().await {
        let pair = Pair::on(&fresh.db).await;
        let moment = pair.moment();
        let mut grants = Vec::new();
        for _ in 0..20 {
            grants.push(pair.granted(moment.id(), "openid").await);
        }
        let node = Revocations::open(&pair.db, &moment).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for grant in &grants {
            let (db, moment, grant) = (pair.db.clone(), moment.clone(), grant.id);
            tasks.spawn(async move {
                let unit =
                    db.write(async |tx| usher::grant::revoke_grant(tx, &moment, grant).await);
                let revoked: Result<bool, Internal> = unit.await;
                revoked.unwrap()
            });
            node.reload(&pair.db, &pair.moment()).await.unwrap();
        }
        assert!(tasks.join_all().await.into_iter().all(|revoked| revoked));
        node.reload(&pair.db, &moment).await.unwrap();
        assert!(grants.iter().all(|grant| covers(&node, &moment, grant.id)));
    }
}

/// What has expired goes, and a used code stays long enough for its second use to be noticed.
#[tokio::test]
async fn what_is_over_is_tidied_up() {
    for fresh in database::each().await {
        let pair = Pair::on(&fresh.db).await;
        let session = pair.moment().id();
        pair.granted(session, "openid").await;
        pair.granted(session, "openid offline_access").await;
        let sweeps = async || {
            let moment = pair.moment();
            let unit = pair.db.write(async |tx| sweep(tx, moment.now).await);
            let rows: Result<u64, Internal> = unit.await;
            rows.unwrap()
        };
        pair.time.advance(TimeDelta::hours(12));
        assert_eq!(sweeps().await, 0);
        pair.time.advance(TimeDelta::hours(25));
        while sweeps().await > 0 {}
        assert_eq!(pair.count("authorization_code").await, 0);
        assert_eq!(
            pair.count("access_grant").await,
            1,
            "the one with offline access"
        );
        let moment = pair.moment();
        let unit = pair
            .db
            .write(async |tx| revoke_of_identity(tx, &moment, pair.person, None).await);
        let revoked: Result<Vec<_>, Internal> = unit.await;
        assert_eq!(revoked.unwrap().len(), 1);
        assert_eq!(pair.count("refresh_token").await, 0);
        assert_eq!(pair.count("access_grant").await, 0);
        assert_eq!(pair.count("revocation").await, 1);
        pair.time.advance(TimeDelta::hours(25));
        while sweeps().await > 0 {}
        assert_eq!(pair.count("revocation").await, 0);
    }
}
