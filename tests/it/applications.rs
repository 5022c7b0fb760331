//! Applications and clients as stored: all of one change or nothing, no lost update, and a catalogue that keeps up.

use chrono::TimeDelta;
use usher::application::{
    Application, ApplicationChange, ApplicationDraft, Catalogue, CatalogueHandle,
    ClientAuthentication, ClientChange, ClientDraft, Created, NewApplication, NewClient,
    NotInvitable, Protocol, Purpose, Refused, assign_groups, create, create_client, rotate_secret,
    update, update_client,
};
use usher::db::Db;
use usher::event::{self, Actor, Filter};
use usher::group;
use usher::identity::{IdentifierKind, StoreId};
use usher::kit::{Clock, Failed, Internal, Moment, PageRequest, Refusal as _, kinds};

use crate::database;
use crate::identities;

fn moment() -> Moment {
    Clock::system().moment()
}

fn new(store: StoreId, name: &str) -> NewApplication {
    let redirect_uris = vec!["https://desk.example/callback".to_owned()];
    NewApplication {
        store,
        purpose: Purpose::Product,
        application: ApplicationDraft::named(name),
        client: Some(ClientDraft {
            redirect_uris,
            ..ClientDraft::default()
        }),
    }
}

fn saml(store: StoreId, name: &str, protocol: Protocol) -> NewApplication {
    let application = ApplicationDraft {
        protocol,
        saml_entity_id: Some("urn:example:desk".to_owned()),
        saml_acs_url: Some("https://desk.example/acs".to_owned()),
        ..ApplicationDraft::named(name)
    };
    let client = new(store, name).client.filter(|_| protocol.speaks_oidc());
    NewApplication {
        application,
        client,
        ..new(store, name)
    }
}

async fn made(db: &Db, new: NewApplication) -> Result<Created, &'static str> {
    db.write(async |tx| create(tx, &moment(), &Actor::System, new).await)
        .await
        .map_err(code)
}

fn code(failed: Failed<Refused>) -> &'static str {
    match failed {
        Failed::Refused(refused) => refused.code(),
        Failed::Internal(internal) => panic!("{internal:?}"),
    }
}

async fn catalogue(db: &Db) -> Catalogue {
    db.read(Catalogue::load).await.unwrap()
}

async fn kinds_of_events(db: &Db, subject: String) -> Vec<String> {
    let filter = Filter {
        subject: Some(subject),
        kind: None,
    };
    let page: Result<_, Internal> = db
        .read(async |tx| event::list(tx, &filter, &PageRequest::<kinds::Event>::first()).await)
        .await;
    page.unwrap()
        .items
        .into_iter()
        .map(|event| event.kind)
        .collect()
}

/// An application and its client appear together, are what was asked for, and are recorded.
#[tokio::test]
async fn an_application_has_one_client_and_a_secret_that_is_seen_once() {
    for fresh in database::each().await {
        let store = identities::store(&fresh.db, "People", vec![IdentifierKind::Email]).await;
        let created = made(&fresh.db, new(store.id, "Desk")).await.unwrap();
        let (client, secret) = (created.client.unwrap(), created.secret.unwrap());
        let catalogue = catalogue(&fresh.db).await;
        assert_eq!(
            **catalogue.application(created.application.id).unwrap(),
            created.application
        );
        let stored = catalogue.client_of(created.application.id).unwrap();
        assert_eq!((stored.id, &stored.settings), (client.id, &client.settings));
        assert!(stored.knows_secret(&secret, moment().now));
        assert!(!stored.knows_secret(&moment().token(), moment().now));
        let events = kinds_of_events(&fresh.db, created.application.id.to_string()).await;
        assert_eq!(events, ["application.created"]);
        assert_eq!(
            kinds_of_events(&fresh.db, client.id.to_string()).await,
            ["client.created"]
        );

        assert_eq!(
            made(&fresh.db, new(store.id, "Desk")).await.err(),
            Some("application_name_taken")
        );
        let elsewhere = identities::store(&fresh.db, "Others", vec![IdentifierKind::Email]).await;
        made(&fresh.db, new(elsewhere.id, "Desk")).await.unwrap();
        assert_eq!(
            made(&fresh.db, new(moment().id(), "Desk")).await.err(),
            Some("unknown_store")
        );
        let without = NewApplication {
            client: None,
            ..new(store.id, "Other")
        };
        assert_eq!(
            made(&fresh.db, without).await.err(),
            Some("client_mismatch")
        );
    }
}

/// R30, R31, R32: SAML applications are catalogued and shown, but nobody can be invited to them; with both protocols one can.
#[tokio::test]
async fn r31_r32_only_openid_connect_applications_can_be_invited_to() {
    for fresh in database::each().await {
        let store = identities::store(&fresh.db, "People", vec![IdentifierKind::Email]).await;
        let oidc = made(&fresh.db, new(store.id, "A")).await.unwrap();
        let saml2 = made(&fresh.db, saml(store.id, "B", Protocol::Saml2))
            .await
            .unwrap();
        let both = made(&fresh.db, saml(store.id, "C", Protocol::Both))
            .await
            .unwrap();
        assert!(saml2.client.is_none() && saml2.secret.is_none());
        let catalogue = catalogue(&fresh.db).await;
        let disabled: Vec<_> = catalogue
            .choices(store.id)
            .iter()
            .map(|choice| choice.disabled)
            .collect();
        assert_eq!(
            disabled,
            [None, Some(NotInvitable::ProtocolUnsupported), None]
        );
        assert_eq!(
            NotInvitable::ProtocolUnsupported.code(),
            "application_protocol_unsupported"
        );
        let client = |of: &Created| {
            catalogue
                .invitable(of.application.id)
                .unwrap()
                .map(|client| client.id)
        };
        assert_eq!(client(&both), Ok(both.client.as_ref().unwrap().id));
        assert_eq!(client(&oidc), Ok(oidc.client.as_ref().unwrap().id));
        assert_eq!(client(&saml2), Err(NotInvitable::ProtocolUnsupported));
        assert!(catalogue.invitable(moment().id()).is_none());
    }
}

/// A change says what it changes: whoever read an older state is refused, and nothing is lost.
#[tokio::test]
async fn nobody_overwrites_what_they_have_not_seen() {
    for fresh in database::each().await {
        let store = identities::store(&fresh.db, "People", vec![IdentifierKind::Email]).await;
        let created = made(&fresh.db, new(store.id, "Desk")).await.unwrap();
        made(&fresh.db, new(store.id, "Taken")).await.unwrap();
        let application = created.application;
        let rename = async |name: &str, revision: i64| -> Result<Application, &'static str> {
            let to = ApplicationDraft {
                name: name.to_owned(),
                ..application.clone().into()
            };
            let change = ApplicationChange {
                id: application.id,
                revision,
                to,
            };
            let renamed = fresh
                .db
                .write(async |tx| update(tx, &moment(), &Actor::System, change).await);
            renamed.await.map_err(code)
        };
        assert_eq!(rename("Expenses", 1).await.unwrap().revision, 2);
        assert_eq!(rename("Late", 1).await.err(), Some("stale_revision"));
        assert_eq!(
            rename("Taken", 2).await.err(),
            Some("application_name_taken")
        );
        assert_eq!(rename("", 2).await.err(), Some("invalid_fields"));
        assert_eq!(
            catalogue(&fresh.db)
                .await
                .application(application.id)
                .unwrap()
                .name,
            "Expenses"
        );
    }
}

/// The same for a client; one that stops using a secret loses those it has.
#[tokio::test]
async fn a_client_is_changed_by_who_has_read_it() {
    for fresh in database::each().await {
        let store = identities::store(&fresh.db, "People", vec![IdentifierKind::Email]).await;
        let created = made(&fresh.db, new(store.id, "Desk")).await.unwrap();
        let client = created.client.unwrap();
        let change = |revision| ClientChange {
            id: client.id,
            revision,
            name: "Desk".to_owned(),
            to: ClientDraft {
                authentication: ClientAuthentication::None,
                ..client.settings.clone().into()
            },
        };
        let mut answers = Vec::new();
        for revision in [1, 1] {
            let changed = fresh.db.write(async |tx| {
                update_client(tx, &moment(), &Actor::System, change(revision)).await
            });
            answers.push(changed.await.map(|client| client.revision).map_err(code));
        }
        assert_eq!(answers, [Ok(2), Err("stale_revision")]);
        let catalogue = catalogue(&fresh.db).await;
        assert!(
            catalogue.client(client.id).unwrap().secrets.is_empty(),
            "a public client has no secret"
        );
    }
}

/// While a secret is being replaced, old and new count; a third one ends the first at once.
#[tokio::test]
async fn a_secret_is_replaced_with_an_overlap() {
    for fresh in database::each().await {
        let scopes = ClientDraft::for_api("invitations:read");
        let new = NewClient {
            name: "Importer".to_owned(),
            client: scopes,
        };
        let made = fresh
            .db
            .write(async |tx| create_client(tx, &moment(), &Actor::System, new).await);
        let made = made.await.map_err(code).unwrap();
        let (id, first) = (made.client.id, made.secret.unwrap());
        let rotate = async || {
            let overlap = TimeDelta::hours(1);
            let rotated = fresh
                .db
                .write(async |tx| rotate_secret(tx, &moment(), &Actor::System, id, overlap).await);
            rotated.await.map_err(code).unwrap()
        };
        let knows = async |secret: &usher::kit::Secret, later: TimeDelta| {
            let catalogue = catalogue(&fresh.db).await;
            catalogue
                .client(id)
                .unwrap()
                .knows_secret(secret, moment().now + later)
        };
        let second = rotate().await;
        let (soon, late) = (TimeDelta::minutes(59), TimeDelta::minutes(61));
        assert!(
            knows(&first, soon).await && !knows(&first, late).await && knows(&second, late).await
        );
        let third = rotate().await;
        assert!(
            !knows(&first, soon).await && knows(&second, soon).await && knows(&third, late).await
        );
    }
}

/// R45–R49: an application's groups are exactly those assigned; an unknown one changes nothing. The catalogue notices by itself.
#[tokio::test]
async fn r49_groups_are_assigned_as_a_whole() {
    for fresh in database::each().await {
        let store = identities::store(&fresh.db, "People", vec![IdentifierKind::Email]).await;
        let application = made(&fresh.db, new(store.id, "Desk"))
            .await
            .unwrap()
            .application
            .id;
        let handle = CatalogueHandle::open(&fresh.db).await.unwrap();
        let mut groups = Vec::new();
        for name in ["Staff", "Auditors"] {
            let change = group::Change {
                name: name.to_owned(),
                description: String::new(),
            };
            let made = fresh
                .db
                .write(async |tx| group::create(tx, &moment(), &Actor::System, change).await);
            groups.push(made.await.unwrap().id);
        }
        let assign = async |groups: Vec<_>| {
            let assigned = fresh.db.write(async |tx| {
                assign_groups(tx, &moment(), &Actor::System, application, groups).await
            });
            assigned.await.map_err(code)
        };
        let names = async || {
            handle.refresh(&fresh.db).await.unwrap();
            let catalogue = handle.current();
            let names = catalogue
                .groups_of(application)
                .iter()
                .map(|group| group.name.clone());
            names.collect::<Vec<_>>()
        };
        assign(vec![groups[0], groups[1], groups[0]]).await.unwrap();
        assert_eq!(names().await, ["Auditors", "Staff"]);
        assert_eq!(assign(vec![moment().id()]).await, Err("unknown_group"));
        assert_eq!(names().await, ["Auditors", "Staff"]);
        assign(vec![groups[0]]).await.unwrap();
        assert_eq!(names().await, ["Staff"]);
    }
}
