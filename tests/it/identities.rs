//! People: one register function, identifiers that are unique per store, changes that notice each other.

use std::collections::BTreeMap;

use usher::db::Db;
use usher::event::Actor;
use usher::identity::{
    self, Attributes, IdentifierKind, IdentityId, IdentityStore, NewIdentifier, NewIdentity,
    NewStore, Profile, Proof, Refused, Search, Status, Update, UpdateRefused,
};
use usher::kit::{Clock, Failed, Internal, Moment, PageRequest};

use crate::database;

pub(crate) fn moment() -> Moment {
    Clock::system().moment()
}

pub(crate) async fn store(db: &Db, name: &str, identifiers: Vec<IdentifierKind>) -> IdentityStore {
    let new = NewStore {
        name: name.to_owned(),
        identifiers,
        attributes: Vec::new(),
    };
    let made =
        db.write(async |tx| identity::create_store(tx, &moment(), &Actor::System, new).await);
    made.await.unwrap()
}

pub(crate) async fn register(
    db: &Db,
    store: &IdentityStore,
    identifiers: &[(IdentifierKind, &str)],
) -> Result<IdentityId, Failed<Refused>> {
    let identifiers = identifiers
        .iter()
        .map(|(kind, typed)| NewIdentifier::parse(*kind, typed, Proof::Given).unwrap())
        .collect();
    let profile = BTreeMap::from([("given_name".to_owned(), "Ann".to_owned())]);
    let new = NewIdentity {
        id: None,
        store,
        identifiers,
        profile: Profile::parse(profile).unwrap(),
        attributes: Attributes::default(),
        password: None,
    };
    db.write(async |tx| identity::register(tx, &moment(), &Actor::System, new).await)
        .await
}

async fn people(db: &Db, search: Search) -> Vec<IdentityId> {
    let page = PageRequest {
        after: None,
        limit: 200,
    };
    let found: Result<_, Internal> = db
        .read(async |tx| identity::list(tx, &search, &page).await)
        .await;
    found
        .unwrap()
        .items
        .into_iter()
        .map(|person| person.id)
        .collect()
}

/// R40, R139: an identifier belongs to one person per store, compared without case; another store is another world.
#[tokio::test]
async fn r40_r139_an_identifier_is_taken_once_per_store() {
    for fresh in database::each().await {
        let db = &fresh.db;
        let kinds = vec![IdentifierKind::Email, IdentifierKind::Username];
        let (here, there) = (
            store(db, "Here", kinds.clone()).await,
            store(db, "There", kinds).await,
        );
        let ann = register(db, &here, &[(IdentifierKind::Email, "Ann@Example.com")])
            .await
            .unwrap();
        let second = [
            (IdentifierKind::Username, "ann2"),
            (IdentifierKind::Email, "ann@EXAMPLE.com"),
        ];
        let refused = register(db, &here, &second).await;
        assert!(matches!(
            refused,
            Err(Failed::Refused(Refused::Taken(IdentifierKind::Email)))
        ));
        register(db, &there, &second).await.unwrap();
        assert_eq!(
            people(
                db,
                Search {
                    store: Some(here.id),
                    ..Search::default()
                }
            )
            .await,
            [ann]
        );
        // what was half made is gone: the user name is free
        register(db, &here, &[(IdentifierKind::Username, "ann2")])
            .await
            .unwrap();
    }
}

/// R35: a store that doesn't know a kind of identifier refuses it.
#[tokio::test]
async fn r35_a_store_takes_only_its_kinds_of_identifiers() {
    for fresh in database::each().await {
        let store = store(&fresh.db, "Names", vec![IdentifierKind::Username]).await;
        let refused = register(
            &fresh.db,
            &store,
            &[(IdentifierKind::Email, "ann@example.com")],
        )
        .await;
        assert!(matches!(
            refused,
            Err(Failed::Refused(Refused::Unsupported(IdentifierKind::Email)))
        ));
        let refused = register(&fresh.db, &store, &[]).await;
        assert!(matches!(
            refused,
            Err(Failed::Refused(Refused::IdentifierCount))
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_an_identifier_at_once_one_gets_it() {
    for fresh in database::each().await {
        let here = store(&fresh.db, "Here", vec![IdentifierKind::Email]).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (db, here) = (fresh.db.clone(), here.clone());
            tasks.spawn(async move {
                match register(&db, &here, &[(IdentifierKind::Email, "ann@example.com")]).await {
                    Ok(_) => 1,
                    Err(Failed::Refused(Refused::Taken(_))) => 0,
                    Err(other) => panic!("{other:?}"),
                }
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().sum::<i32>(), 1);
        assert_eq!(people(&fresh.db, Search::default()).await.len(), 1);
    }
}

#[tokio::test]
async fn a_change_notices_another_one() {
    for fresh in database::each().await {
        let db = &fresh.db;
        let here = store(db, "Here", vec![IdentifierKind::Email]).await;
        let ann = register(db, &here, &[(IdentifierKind::Email, "ann@example.com")])
            .await
            .unwrap();
        let change = async |revision, name: &str| {
            let profile =
                Profile::parse(BTreeMap::from([("given_name".to_owned(), name.to_owned())]));
            let update = Update {
                identity: ann,
                revision,
                profile: Some(profile.unwrap()),
                attributes: None,
            };
            db.write(async |tx| identity::update(tx, &moment(), &Actor::System, update).await)
                .await
        };
        assert_eq!(change(Some(1), "Anna").await.unwrap(), 2);
        assert!(matches!(
            change(Some(1), "Annie").await,
            Err(Failed::Refused(UpdateRefused::Stale))
        ));
        assert_eq!(change(None, "Annie").await.unwrap(), 3);
        let person: Result<_, Internal> = db.read(async |tx| identity::find(tx, ann).await).await;
        assert_eq!(
            person.unwrap().unwrap().profile.get("given_name"),
            Some("Annie")
        );
    }
}

/// Five people with an address and a user name each, newest first.
async fn five(db: &Db) -> Vec<IdentityId> {
    let kinds = vec![IdentifierKind::Email, IdentifierKind::Username];
    let here = store(db, "Here", kinds).await;
    let mut all = Vec::new();
    for n in 0..5 {
        let (address, name) = (format!("person{n}@example.com"), format!("p-{n}"));
        let both = [
            (IdentifierKind::Email, address.as_str()),
            (IdentifierKind::Username, name.as_str()),
        ];
        all.push(register(db, &here, &both).await.unwrap());
    }
    all.sort_unstable_by(|one, other| other.cmp(one));
    all
}

#[tokio::test]
async fn people_are_listed_page_by_page() {
    for fresh in database::each().await {
        let all = five(&fresh.db).await;
        let mut request = PageRequest {
            after: None,
            limit: 2,
        };
        let mut seen = Vec::new();
        loop {
            let list = fresh
                .db
                .read(async |tx| identity::list(tx, &Search::default(), &request).await);
            let page: Result<_, Internal> = list.await;
            let page = page.unwrap();
            assert!(page.items.iter().all(|one| one.identifiers.len() == 2));
            seen.extend(page.items.into_iter().map(|person| person.id));
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, all);
    }
}

#[tokio::test]
async fn people_are_found_by_name_or_identifier() {
    for fresh in database::each().await {
        let all = five(&fresh.db).await;
        for (text, found) in [("PERSON3@", 1), ("p-", 5), ("ann", 5), ("%", 0), ("", 5)] {
            let search = Search {
                text: Some(text.to_owned()),
                ..Search::default()
            };
            assert_eq!(people(&fresh.db, search).await.len(), found, "{text}");
        }
        let disable = fresh
            .db
            .write(async |tx| identity::disable(tx, &moment(), &Actor::System, all[0]).await);
        disable.await.unwrap();
        let disabled = Search {
            status: Some(Status::Disabled),
            ..Search::default()
        };
        assert_eq!(people(&fresh.db, disabled).await, all[..1]);
    }
}
