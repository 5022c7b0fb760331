//! Accounts in the console: the people of one identity store, and each of them (R26–R29, R53).
//!
//! Shows only: accounts come by invitation, and programs change them through the management API.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::{Identity, IdentityId, IdentityStore, Search, StoreId, standard_fields};
use crate::access::Permission;
use crate::app::{Admin, App};
use crate::console::frame;
use crate::group::{self, Membership};
use crate::invitation::console::stores;
use crate::invitation::form::{ATTRIBUTE, text_of};
use crate::kit::{Internal, PageRequest};
use crate::web::page::{
    AccountDetail, AccountGroup, AccountIdentifier, AccountList, AccountRow, Choice, Field,
};
use crate::web::{Brand, Failure, PageFailure, Query, path};

pub fn routes() -> Router<App> {
    Router::new()
        .route(path::CONSOLE_ACCOUNTS, get(list))
        .route(path::CONSOLE_ACCOUNT, get(show))
}

#[derive(Deserialize)]
struct Wanted {
    store: Option<StoreId>,
    #[serde(default)]
    search: String,
    after: Option<IdentityId>,
}

impl Wanted {
    /// The list of a store with the same search and another page.
    fn url(&self, app: &App, store: &str, after: &str) -> String {
        let mut wanted = vec![
            ("store", store),
            ("search", self.search.trim()),
            ("after", after),
        ];
        wanted.retain(|(_, value)| !value.is_empty());
        app.links.console_accounts_where(&wanted)
    }
}

async fn list(
    State(app): State<App>,
    admin: Admin,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageFailure> {
    admin.must(Permission::IdentitiesRead)?;
    let known = app.db.read(async |tx| super::list_stores(tx).await).await?;
    let known = stores::arranged(&app, known);
    let store = stores::chosen(&app, &known, wanted.store).ok_or_else(Failure::not_found)?;
    let search = Search {
        store: Some(store.id),
        status: None,
        text: Some(wanted.search.clone()),
    };
    let request = PageRequest {
        after: wanted.after,
        ..PageRequest::first()
    };
    let found = app
        .db
        .read(async |tx| super::list(tx, &search, &request).await)
        .await?;
    let id = store.id.to_string();
    let page = AccountList {
        me: frame(&app, &admin).await?,
        stores: known.iter().map(|it| choice(it, store)).collect(),
        may_invite: stores::may_invite_into(&app, &admin, store),
        search: wanted.search.clone(),
        rows: found.items.iter().map(|it| row(&app, it)).collect(),
        next_url: found
            .next
            .map(|next| wanted.url(&app, &id, &next.to_string())),
        first_url: wanted.after.map(|_| wanted.url(&app, &id, "")),
        all_url: app.links.console_accounts_where(&[("store", &id)]),
        store: id,
    };
    admin
        .hosted
        .page(&app, &admin.hosted.shell(Brand::default()), &page)
}

fn choice(store: &IdentityStore, chosen: &IdentityStore) -> Choice {
    Choice {
        value: store.id.to_string(),
        label: store.name.clone(),
        chosen: store.id == chosen.id,
    }
}

fn row(app: &App, person: &Identity) -> AccountRow {
    let identifier = person.identifiers.first().map(|one| one.value.clone());
    AccountRow {
        url: app.links.console_account(&person.id.to_string()),
        name: person.profile.display_name().unwrap_or_default(),
        identifier: identifier.unwrap_or_else(|| person.id.to_string()),
        status: person.status.as_str().to_owned(),
        created_at: person.created_at,
    }
}

async fn show(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    admin.must(Permission::IdentitiesRead)?;
    let id: IdentityId = id.parse().map_err(|_| Failure::not_found())?;
    let read: Result<_, Internal> = app
        .db
        .read(async |tx| {
            let Some(person) = super::find(tx, id).await? else {
                return Ok(None);
            };
            let store = super::find_store(tx, person.store).await?;
            let memberships = group::memberships_of(tx, id).await?;
            Ok(Some((person, store, memberships)))
        })
        .await;
    let (person, store, memberships) = read?.ok_or_else(Failure::not_found)?;
    let store = store.ok_or_else(|| Internal::because("an identity without its store"))?;
    let page = AccountDetail {
        me: frame(&app, &admin).await?,
        id: id.to_string(),
        row: row(&app, &person),
        store_url: app
            .links
            .console_accounts_where(&[("store", &store.id.to_string())]),
        identifiers: identifiers(&person),
        profile: profile(&person, &store),
        groups: memberships.into_iter().map(group_of).collect(),
        store: store.name,
    };
    admin
        .hosted
        .page(&app, &admin.hosted.shell(Brand::default()), &page)
}

fn identifiers(person: &Identity) -> Vec<AccountIdentifier> {
    let identifier = |one: &super::Identifier| AccountIdentifier {
        kind: one.kind.as_str().to_lowercase(),
        value: one.value.clone(),
        verified_at: one.verified_at,
    };
    person.identifiers.iter().map(identifier).collect()
}

/// The standard claims, the proven contact address, and the store's own attributes under their labels.
fn profile(person: &Identity, store: &IdentityStore) -> Vec<Field> {
    let contact = person.profile.contact().map(|value| ("email", value));
    let known = standard_fields().filter_map(|name| Some((name, person.profile.get(name)?)));
    let claims = known.chain(contact);
    let claims = claims.map(|(name, value)| Field::claim(name, value));
    let attributes = person.attributes.iter().map(|(name, value)| {
        let definition = store.attributes.iter().find(|one| one.name == name);
        Field {
            label: Some(definition.map_or_else(|| name.to_owned(), |one| one.label.clone())),
            ..Field::claim(&format!("{ATTRIBUTE}{name}"), text_of(value))
        }
    });
    claims.chain(attributes).collect()
}

fn group_of(membership: Membership) -> AccountGroup {
    let reasons = membership.reasons.iter();
    AccountGroup {
        name: membership.name,
        reasons: reasons.map(|reason| reason.as_str().to_owned()).collect(),
    }
}
