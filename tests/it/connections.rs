//! What becomes of a connection over time: its health, its secret's end, and those who came through it.

use chrono::{DateTime, TimeDelta, Utc};
use usher::access::{self, Role};
use usher::event::{self, Actor, Filter};
use usher::federation::connector::Meaning;
use usher::federation::{
    self, AccountKey, Connection, ConnectionDraft, ConnectionId, ExternalIdentity, Mapping, Oidc,
    Provider, Quirks, SaveRefused, Settings, Trouble, api, expiry, health, link,
};
use usher::identity::{IdentifierKind, IdentityId, NewPassword, Proof, StoreId};
use usher::kit::{Failed, Internal, PageRequest, Secret};
use usher::session::{self, Methods, NewSession, Origin};
use usher::simulator::{self, Endpoint, Kind, Simulator};

use crate::harness::TestApp;
use crate::identities::register;
use crate::sign_in::person;

async fn provider() -> Simulator {
    let any = "127.0.0.1:0".parse().unwrap();
    Simulator::start(Kind::Generic, any).await.unwrap()
}

fn draft(provider: &Simulator, expires_at: Option<DateTime<Utc>>) -> ConnectionDraft {
    ConnectionDraft {
        name: "Contoso".to_owned(),
        settings: Settings {
            provider: Provider::Oidc(Oidc {
                issuer: provider.base_url().to_owned(),
                authoritative_domains: Vec::new(),
                quirks: Quirks::default(),
            }),
            scopes: Vec::new(),
            domains: Vec::new(),
            mapping: Mapping::default(),
            trusted_methods: Vec::new(),
        },
        client_id: "usher".to_owned(),
        secret: Some(Secret::new("s3cr3t")),
        secret_expires_at: expires_at,
        enabled: true,
    }
}

async fn add(test: &TestApp, draft: ConnectionDraft) -> Connection {
    let (moment, actor) = (test.app.moment(), Actor::System);
    let keeper = test.app.keeper(&actor);
    let checked = keeper.check(&moment, draft, None).await.unwrap();
    let made = test
        .app
        .db
        .write(async |tx| keeper.create(tx, &moment, checked).await);
    let made = made.await.unwrap();
    test.app.connections.refresh(&test.app.db).await.unwrap();
    made
}

async fn change(
    test: &TestApp,
    old: &Connection,
    change: impl FnOnce(&mut ConnectionDraft),
) -> Connection {
    let (moment, actor) = (test.app.moment(), Actor::System);
    let keeper = test.app.keeper(&actor);
    let mut draft = ConnectionDraft::from(old.clone());
    change(&mut draft);
    let checked = keeper.check(&moment, draft, Some(old)).await.unwrap();
    let changed = test
        .app
        .db
        .write(async |tx| keeper.update(tx, &moment, old.id, checked).await);
    changed.await.unwrap()
}

async fn remove(test: &TestApp, id: ConnectionId) -> Result<(), Failed<SaveRefused>> {
    let (moment, actor) = (test.app.moment(), Actor::System);
    let keeper = test.app.keeper(&actor);
    let removed = test
        .app
        .db
        .write(async |tx| keeper.delete(tx, &moment, id).await);
    removed.await
}

async fn kinds(test: &TestApp, beginning: &str) -> Vec<String> {
    let filter = Filter {
        subject: None,
        kind: Some(beginning.to_owned()),
    };
    let page = PageRequest::first();
    let found = test
        .app
        .db
        .read(async |tx| event::list(tx, &filter, &page).await);
    let found = found.await.unwrap().items;
    found.into_iter().rev().map(|event| event.kind).collect()
}

/// A global administrator and an auditor.
async fn furnish(test: &TestApp) {
    let store = test.store("Administrators").await;
    for (address, role) in [
        ("ada@northwind.example", Role::GlobalAdministrator),
        ("bea@northwind.example", Role::Auditor),
    ] {
        let proven = (address, Proof::Given);
        let who = person(test, &store, proven, NewPassword::Own).await;
        let (moment, actor) = (test.app.moment(), Actor::System);
        let appointed: Result<(), Internal> = test
            .app
            .db
            .write(async |tx| access::appoint(tx, &moment, &actor, who, role).await)
            .await;
        appointed.unwrap();
    }
}

/// BR-08: who may change connections is told by letter 30, 7 and 1 days before a secret's end and at its end, once each.
#[tokio::test(flavor = "multi_thread")]
async fn br_08_administrators_are_warned_before_a_secret_expires() {
    let provider = provider().await;
    for test in TestApp::each().await {
        furnish(&test).await;
        let end = test.app.moment().now + TimeDelta::days(40);
        let mut contoso = add(&test, draft(&provider, Some(end))).await;
        let warn = async || {
            let app = &test.app;
            expiry::warn(&app.db, &app.sealer, &app.catalogue, &app.moment())
                .await
                .unwrap();
            kinds(&test, "connection.secret_expires").await.len()
        };
        let mut told = Vec::new();
        for _day in 0..42 {
            told.push(warn().await);
            assert_eq!(warn().await, *told.last().unwrap(), "warned twice");
            test.advance(TimeDelta::days(1));
        }
        let days = told
            .windows(2)
            .enumerate()
            .filter(|(_, two)| two[1] > two[0]);
        let days: Vec<usize> = days.map(|(day, _)| 40 - (day + 1)).collect();
        assert_eq!(days, [30, 7, 1, 0]);
        let letters = test.letters().await;
        assert_eq!(letters.len(), 4);
        for letter in letters {
            assert_eq!(letter.recipient, "ada@northwind.example");
            assert!(letter.subject.contains("Contoso"), "{}", letter.subject);
        }

        // A new secret has an end of its own.
        let end = test.app.moment().now + TimeDelta::days(20);
        contoso = change(&test, &contoso, |draft| {
            draft.secret = Some(Secret::new("another"));
            draft.secret_expires_at = Some(end);
        })
        .await;
        assert_eq!(warn().await, 5);
        change(&test, &contoso, |draft| draft.enabled = false).await;
        test.advance(TimeDelta::days(20));
        assert_eq!(warn().await, 5, "nobody signs in there");
    }
}

/// The secret can't be tried without a person: the first who comes through proves it, and what stops somebody is kept.
#[tokio::test(flavor = "multi_thread")]
async fn the_health_of_a_connection_is_what_last_became_of_somebody() {
    let provider = provider().await;
    for test in TestApp::each().await {
        let contoso = add(&test, draft(&provider, None)).await;
        let secret = async || {
            let report = api::report(&test.app, contoso.id).await.unwrap().unwrap();
            let report = serde_json::to_value(report).unwrap();
            let trouble = report["health"]["trouble"].as_str().map(str::to_owned);
            (report["secret"].as_str().unwrap().to_owned(), trouble)
        };
        let worked = async || {
            let moment = test.app.moment();
            let noted: Result<(), Internal> = test
                .app
                .db
                .write(async |tx| health::worked(tx, &moment, contoso.id).await)
                .await;
            noted.unwrap();
        };
        assert_eq!(secret().await, ("unproven".to_owned(), None));
        let moment = test.app.moment();
        let refused = Trouble::Meant {
            meaning: Meaning::Misconfigured,
            code: Some("invalid_client".to_owned()),
            why: "the provider reported an error",
        };
        let noted: Result<(), Internal> = test
            .app
            .db
            .write(async |tx| health::troubled(tx, &moment, contoso.id, &refused).await)
            .await;
        noted.unwrap();
        let trouble = "Misconfigured: the provider reported an error (invalid_client)";
        let trouble = Some(trouble.to_owned());
        assert_eq!(secret().await, ("doubtful".to_owned(), trouble));
        worked().await;
        assert_eq!(secret().await, ("proven".to_owned(), None));
        let contoso = change(&test, &contoso, |draft| {
            draft.secret = Some(Secret::new("x"));
        })
        .await;
        assert_eq!(secret().await, ("unproven".to_owned(), None));
        worked().await;
        change(&test, &contoso, |draft| draft.name = "Renamed".to_owned()).await;
        assert_eq!(secret().await.0, "proven");
    }
}

/// A provider that is down, or not to be trusted any more, can be disabled at once, and enabled only when it is fine again.
#[tokio::test(flavor = "multi_thread")]
async fn disabling_asks_no_provider() {
    let (test, provider) = (TestApp::sqlite().await, provider().await);
    let contoso = add(&test, draft(&provider, None)).await;
    provider.quirks(|quirks| quirks.trouble(Endpoint::Discovery, simulator::Trouble::Crash));
    let contoso = change(&test, &contoso, |draft| draft.enabled = false).await;
    let mut draft = ConnectionDraft::from(contoso.clone());
    draft.enabled = true;
    let (moment, actor) = (test.app.moment(), Actor::System);
    let keeper = test.app.keeper(&actor);
    let refused = keeper
        .check(&moment, draft, Some(&contoso))
        .await
        .unwrap_err();
    assert!(matches!(refused, Failed::Refused(SaveRefused::Provider(_))));
    provider.behave();
    assert!(
        change(&test, &contoso, |draft| draft.enabled = true)
            .await
            .enabled
    );
}

async fn link_account(
    test: &TestApp,
    connection: ConnectionId,
    (store, who): (StoreId, IdentityId),
) {
    let external = ExternalIdentity {
        connection,
        key: AccountKey {
            namespace: "https://id.contoso.example".to_owned(),
            subject: who.to_string(),
        },
        issuer: "https://id.contoso.example".to_owned(),
        sub: who.to_string(),
        sid: None,
        tenant: None,
        label: "ann@contoso.example".to_owned(),
        address: None,
        profile: std::collections::BTreeMap::new(),
        groups: Vec::new(),
        authenticated_at: None,
        methods: Vec::new(),
        id_token: None,
    };
    let moment = test.app.moment();
    let linked = test
        .app
        .db
        .write(async |tx| link::link(tx, &moment, store, who, &external).await)
        .await;
    linked.unwrap();
}

/// Somebody signs in through a connection.
async fn begin(test: &TestApp, connection: ConnectionId, (store, who): (StoreId, IdentityId)) {
    let moment = test.app.moment();
    let new = NewSession {
        identity: who,
        store,
        methods: Methods::external(Vec::new()),
        authenticated_at: None,
        origin: Some(Origin {
            connection,
            namespace: "https://id.contoso.example".to_owned(),
            subject: who.to_string(),
            sid: None,
            id_token: None,
        }),
        lifetime: TimeDelta::hours(12),
    };
    let begun = test
        .app
        .db
        .write(async |tx| session::begin(tx, &moment, new).await);
    begun.await.unwrap();
}

async fn going_on(test: &TestApp, connection: ConnectionId) -> usize {
    let found = test
        .app
        .db
        .read(async |tx| session::of_connection(tx, connection).await);
    found.await.unwrap().len()
}

/// BR-09: what began at a connection ends with it.
#[tokio::test(flavor = "multi_thread")]
async fn br_09_sessions_end_with_their_connection() {
    let provider = provider().await;
    for test in TestApp::each().await {
        let store = test.store("Customers").await;
        let contoso = add(&test, draft(&provider, None)).await;
        let proven = ("bea@contoso.example", Proof::Given);
        let bea = person(&test, &store, proven, NewPassword::Own).await;
        link_account(&test, contoso.id, (store.id, bea)).await;
        begin(&test, contoso.id, (store.id, bea)).await;
        assert_eq!(going_on(&test, contoso.id).await, 1);
        let contoso = change(&test, &contoso, |draft| draft.name = "Renamed".to_owned()).await;
        assert_eq!(going_on(&test, contoso.id).await, 1);
        let contoso = change(&test, &contoso, |draft| draft.enabled = false).await;
        assert_eq!(going_on(&test, contoso.id).await, 0);
        let contoso = change(&test, &contoso, |draft| draft.enabled = true).await;
        begin(&test, contoso.id, (store.id, bea)).await;
        remove(&test, contoso.id).await.unwrap();
        assert_eq!(going_on(&test, contoso.id).await, 0);
        let left = test
            .app
            .db
            .read(async |tx| federation::find(tx, contoso.id).await);
        assert!(left.await.unwrap().is_none());
        let links = test.app.db.read(async |tx| link::of(tx, bea).await).await;
        assert!(links.unwrap().is_empty());
    }
}

/// BR-05: removing a connection locks nobody out.
#[tokio::test(flavor = "multi_thread")]
async fn br_05_the_only_way_of_somebody_stays() {
    let provider = provider().await;
    for test in TestApp::each().await {
        let store = test.store("Customers").await;
        let contoso = add(&test, draft(&provider, None)).await;
        let bare = (IdentifierKind::Email, "ann@contoso.example");
        let ann = register(&test.app.db, &store, &[bare]).await.unwrap();
        link_account(&test, contoso.id, (store.id, ann)).await;
        let refused = remove(&test, contoso.id).await.unwrap_err();
        let only_way = matches!(refused, Failed::Refused(SaveRefused::OnlyWay(1)));
        assert!(only_way, "{refused:?}");
        let moment = test.app.moment();
        let disabled = test
            .app
            .db
            .write(async |tx| session::shut_out(tx, &moment, &Actor::System, ann).await)
            .await;
        disabled.unwrap();
        remove(&test, contoso.id).await.unwrap();
    }
}
