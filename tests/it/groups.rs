//! Groups: the union at acceptance, reasons, and what is removed stays removed.

use std::collections::BTreeSet;

use usher::application::{
    self, ApplicationDraft, ApplicationId, ClientDraft, NewApplication, Purpose,
};
use usher::db::Db;
use usher::event::Actor;
use usher::group::{self, Change, GroupId, MemberRefused, Placing, Reason, Refused};
use usher::identity::{IdentifierKind, IdentityId};
use usher::kit::{Failed, Internal, PageRequest};

use crate::database;
use crate::identities::{moment, register, store};

async fn group(db: &Db, name: &str) -> GroupId {
    create(db, name).await.unwrap().id
}

async fn create(db: &Db, name: &str) -> Result<group::Group, Failed<Refused>> {
    let change = Change {
        name: name.to_owned(),
        description: String::new(),
    };
    db.write(async |tx| group::create(tx, &moment(), &Actor::System, change).await)
        .await
}

async fn application(db: &Db, groups: Vec<GroupId>) -> (ApplicationId, IdentityId) {
    let store = store(db, "People", vec![IdentifierKind::Email]).await;
    let client = ClientDraft {
        redirect_uris: vec!["https://desk.example/callback".to_owned()],
        ..ClientDraft::default()
    };
    let new = NewApplication {
        store: store.id,
        purpose: Purpose::Product,
        application: ApplicationDraft::named("Expense Desk"),
        client: Some(client),
    };
    let made = db
        .write(async |tx| application::create(tx, &moment(), &Actor::System, new).await)
        .await;
    let id = made.unwrap().application.id;
    assign(db, id, groups).await;
    (
        id,
        register(db, &store, &[(IdentifierKind::Email, "ann@example.com")])
            .await
            .unwrap(),
    )
}

async fn assign(db: &Db, id: ApplicationId, groups: Vec<GroupId>) {
    let assigned = db
        .write(async |tx| {
            application::assign_groups(tx, &moment(), &Actor::System, id, groups).await
        })
        .await;
    assigned.unwrap();
}

async fn place(db: &Db, identity: IdentityId, invited: &[GroupId], application: ApplicationId) {
    let placing = Placing {
        identity,
        invited,
        invitation: Some(moment().id()),
        application,
    };
    let placed: Result<(), Internal> = db
        .write(async |tx| group::place(tx, &moment(), placing).await)
        .await;
    placed.unwrap();
}

async fn names(db: &Db, identity: IdentityId) -> Vec<String> {
    let names: Result<_, Internal> = db
        .read(async |tx| group::names_of(tx, identity).await)
        .await;
    names.unwrap()
}

/// R45, R46, R47, R48, R49: selected ∪ assigned at the moment of acceptance, each once, each with its reasons.
#[tokio::test]
async fn r45_r49_a_person_is_placed_in_the_union() {
    for fresh in database::each().await {
        let db = &fresh.db;
        let [both, invited, assigned, late] = [
            group(db, "Both").await,
            group(db, "Invited").await,
            group(db, "Assigned").await,
            group(db, "Late").await,
        ];
        let (app, ann) = application(db, vec![both, assigned]).await;
        place(db, ann, &[both, invited], app).await;
        place(db, ann, &[both, invited], app).await;
        assign(db, app, vec![late]).await;
        assert_eq!(names(db, ann).await, ["Assigned", "Both", "Invited"]);
        let page = PageRequest::first();
        let members: Result<_, Internal> = db
            .read(async |tx| group::members(tx, both, &page).await)
            .await;
        let members = members.unwrap().items;
        assert_eq!(members.len(), 1);
        assert_eq!(
            members[0].reasons,
            BTreeSet::from([Reason::Invitation, Reason::Application])
        );
    }
}

/// R50: memberships can be changed by hand; one removal ends all reasons.
#[tokio::test]
async fn r50_what_is_removed_stays_removed() {
    for fresh in database::each().await {
        let db = &fresh.db;
        let (finance, travel) = (group(db, "Finance").await, group(db, "Travel").await);
        let (app, ann) = application(db, vec![finance]).await;
        place(db, ann, &[finance], app).await;
        let add = async |group| {
            db.write(async |tx| {
                group::add_member(tx, &moment(), &Actor::System, (group, ann)).await
            })
            .await
        };
        let remove = async |group| {
            db.write(async |tx| {
                group::remove_member(tx, &moment(), &Actor::System, (group, ann)).await
            })
            .await
        };
        add(travel).await.unwrap();
        add(travel).await.unwrap();
        remove(finance).await.unwrap();
        assert_eq!(names(db, ann).await, ["Travel"]);
        assert!(matches!(
            remove(finance).await,
            Err(Failed::Refused(MemberRefused::NotAMember))
        ));
        assert!(matches!(
            add(moment().id()).await,
            Err(Failed::Refused(MemberRefused::NoSuchGroup))
        ));
    }
}

#[tokio::test]
async fn a_group_in_use_stays_and_a_free_one_goes_with_its_memberships() {
    for fresh in database::each().await {
        let db = &fresh.db;
        let finance = group(db, "Finance").await;
        assert!(matches!(
            create(db, " Finance ").await,
            Err(Failed::Refused(Refused::NameTaken))
        ));
        let (app, ann) = application(db, vec![finance]).await;
        place(db, ann, &[], app).await;
        let delete = async || {
            db.write(async |tx| group::delete(tx, &moment(), &Actor::System, finance).await)
                .await
        };
        assert!(matches!(
            delete().await,
            Err(Failed::Refused(Refused::InUse))
        ));
        assign(db, app, Vec::new()).await;
        delete().await.unwrap();
        assert!(names(db, ann).await.is_empty());
        assert!(matches!(
            delete().await,
            Err(Failed::Refused(Refused::NotFound))
        ));
    }
}

#[tokio::test]
async fn a_group_gets_another_name() {
    for fresh in database::each().await {
        let db = &fresh.db;
        let (finance, _travel) = (group(db, "Finance").await, group(db, "Travel").await);
        let rename = async |revision, name: &str| {
            let change = Change {
                name: name.to_owned(),
                description: "Money".to_owned(),
            };
            db.write(async |tx| {
                group::rename(tx, &moment(), &Actor::System, (finance, revision), change).await
            })
            .await
        };
        assert_eq!(rename(Some(1), "Accounting").await.unwrap().revision, 2);
        assert!(matches!(
            rename(Some(1), "Other").await,
            Err(Failed::Refused(Refused::Stale))
        ));
        assert!(matches!(
            rename(None, "Travel").await,
            Err(Failed::Refused(Refused::NameTaken))
        ));
        assert_eq!(rename(None, "Accounting").await.unwrap().revision, 3);
    }
}
