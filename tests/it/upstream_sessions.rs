//! Sessions that came from an external provider: what is kept of it, and how they are found again.

use chrono::TimeDelta;
use usher::identity::{IdentifierKind, IdentityId};
use usher::kit::{Id, Secret, kinds};
use usher::session::{self, Methods, NewSession, Origin, SealedIdToken, Session, SessionId, Which};

use crate::harness::TestApp;
use crate::identities::register;

type ConnectionId = Id<kinds::Connection>;

struct Office {
    test: TestApp,
    store: Id<kinds::Store>,
    ann: IdentityId,
}

impl Office {
    async fn open(test: TestApp) -> Self {
        let store = test.store("Customers").await;
        let address = (IdentifierKind::Email, "ann@contoso.example");
        let ann = register(&test.app.db, &store, &[address]).await.unwrap();
        Self {
            test,
            store: store.id,
            ann,
        }
    }

    fn origin(&self, connection: ConnectionId, subject: &str, sid: Option<&str>) -> Origin {
        let app = &self.test.app;
        let token = Secret::new(format!("the ID token of {subject}"));
        Origin {
            connection,
            namespace: "https://login.contoso.example".to_owned(),
            subject: subject.to_owned(),
            sid: sid.map(str::to_owned),
            id_token: Some(SealedIdToken::seal(&app.sealer, &app.moment(), &token).unwrap()),
        }
    }

    async fn begin(&self, origin: Option<Origin>, earlier: TimeDelta) -> Session {
        let moment = self.test.app.moment();
        let new = NewSession {
            identity: self.ann,
            store: self.store,
            methods: Methods::external(vec!["mfa".to_owned()]),
            authenticated_at: Some(moment.now - earlier),
            origin,
            lifetime: TimeDelta::hours(12),
        };
        let begin = async |tx: &mut _| session::begin(tx, &moment, new).await;
        self.test.app.db.write(begin).await.unwrap().session
    }

    async fn find(&self, connection: ConnectionId, which: Which) -> Vec<SessionId> {
        let find = async |tx: &mut _| session::from_upstream(tx, connection, which).await;
        let found = self.test.app.db.read(find).await.unwrap();
        assert!(found.iter().all(|(_, identity)| *identity == self.ann));
        found.into_iter().map(|(session, _)| session).collect()
    }
}

fn subject(text: &str) -> Which {
    Which::Subject {
        namespace: "https://login.contoso.example".to_owned(),
        subject: text.to_owned(),
    }
}

/// LOG-16: a provider's word about an account or about one of its sessions finds exactly what came from there.
#[tokio::test]
async fn sessions_are_found_by_what_their_provider_calls_them() {
    for test in TestApp::each().await {
        let office = Office::open(test).await;
        let app = &office.test.app;
        let (contoso, other): (ConnectionId, ConnectionId) = (app.moment().id(), app.moment().id());
        let none = TimeDelta::zero();
        let with_sid = Some(office.origin(contoso, "ann", Some("s1")));
        let one = office.begin(with_sid, none).await;
        let two = office
            .begin(Some(office.origin(contoso, "ann", None)), none)
            .await;
        let three = office
            .begin(Some(office.origin(other, "ann", Some("s1"))), none)
            .await;
        let own = office.begin(None, none).await;
        let sid = |text: &str| Which::Sid(text.to_owned());
        assert_eq!(office.find(contoso, subject("ann")).await, [one.id, two.id]);
        assert_eq!(office.find(contoso, sid("s1")).await, [one.id]);
        assert_eq!(office.find(other, sid("s1")).await, [three.id]);
        assert!(office.find(contoso, subject("bob")).await.is_empty());
        let moment = app.moment();
        let end = async |tx: &mut _| session::end(tx, &moment, &one).await;
        app.db.write(end).await.unwrap();
        assert!(office.find(contoso, sid("s1")).await.is_empty());
        let read = async |tx: &mut _| {
            let all = session::of_connection(tx, contoso).await?;
            Ok::<_, usher::kit::Internal>((
                all,
                session::origin(tx, one.id).await?,
                session::origin(tx, own.id).await?,
            ))
        };
        let (all, ended, own) = app.db.read(read).await.unwrap();
        assert_eq!(all, [(two.id, office.ann)]);
        assert!(own.is_none());
        let token = ended.unwrap().id_token.unwrap().open(&app.sealer).unwrap();
        assert_eq!(token.reveal(), "the ID token of ann");
    }
}

/// BR-01: the session is new; the proof is as old as its provider says, and never from tomorrow.
#[tokio::test]
async fn a_session_knows_when_it_began_and_when_its_person_was_seen() {
    for test in TestApp::each().await {
        let office = Office::open(test).await;
        let now = office.test.app.moment().now;
        for (earlier, seen) in [(10, now - TimeDelta::minutes(10)), (-10, now)] {
            let begun = office.begin(None, TimeDelta::minutes(earlier)).await;
            assert_eq!((begun.began_at, begun.authenticated_at), (now, seen));
        }
    }
}
