//! Identities in the management API. Stores stand in `stores`.

mod consents;
mod register;
mod stores;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    Attributes, Identifier, IdentifierKind, Identity, IdentityId, Profile, Search, Status, StoreId,
    Update,
};
use crate::access::may;
use crate::api::{Acts, IfMatch, List, Named, Reads, Tagged, Updates, choice, page, parameter};
use crate::app::{ApiClient, App};
use crate::group::{self, api::GroupView};
use crate::kit::{FieldProblem, Internal, kinds};
use crate::session;
use crate::web::{ApiQuery, Failure, Json};

pub use stores::StoreView;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, update))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(groups))
        .merge(consents::routes())
        .merge(register::routes())
        .merge(stores::routes())
}

/// A person, as one identity store knows them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Identity)]
pub struct IdentityView {
    /// The `sub` that every application sees.
    pub id: IdentityId,
    pub store: StoreId,
    pub status: Status,
    identifiers: Vec<IdentifierView>,
    /// OpenID Connect standard claims.
    profile: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    attributes: Value,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// What a person types to sign in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Identifier)]
struct IdentifierView {
    kind: IdentifierKind,
    value: String,
    verified_at: Option<DateTime<Utc>>,
}

impl From<Identifier> for IdentifierView {
    fn from(identifier: Identifier) -> Self {
        Self {
            kind: identifier.kind,
            value: identifier.value,
            verified_at: identifier.verified_at,
        }
    }
}

impl From<Identity> for IdentityView {
    fn from(identity: Identity) -> Self {
        let profile = identity.profile.iter();
        Self {
            id: identity.id,
            store: identity.store,
            status: identity.status,
            profile: profile
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            identifiers: identity
                .identifiers
                .into_iter()
                .map(IdentifierView::from)
                .collect(),
            attributes: serde_json::to_value(&identity.attributes).unwrap_or_default(),
            created_at: identity.created_at,
            updated_at: identity.updated_at,
        }
    }
}

/// The parts to replace; a missing part stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IdentityBody {
    profile: Option<BTreeMap<String, String>>,
    #[schema(value_type = Option<Object>)]
    attributes: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    #[param(value_type = Option<StoreId>)]
    store: Option<String>,
    #[param(value_type = Option<Status>)]
    status: Option<String>,
    /// The beginning of an address, user name or number.
    identifier: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if missing.
    #[param(value_type = Option<u16>)]
    limit: Option<String>,
}

/// Lists identities.
#[utoipa::path(get, path = "/identities", operation_id = "list_identities", tag = "Identities", params(Wanted),
    security(("oauth2" = ["identities:read"])), responses((status = 200, body = List<IdentityView>), Reads))]
async fn list(
    State(app): State<App>,
    _: ApiClient<may::IdentitiesRead>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<axum::Json<List<IdentityView>>, Failure> {
    let page = page(wanted.after.as_deref(), wanted.limit.as_deref())?;
    let search = Search {
        store: parameter("store", wanted.store.as_deref())?,
        status: choice("status", wanted.status.as_deref())?,
        text: wanted.identifier,
    };
    let found = app
        .db
        .read(async |tx| super::list(tx, &search, &page).await)
        .await?;
    Ok(axum::Json(List::of(found, IdentityView::from)))
}

/// Shows an identity.
#[utoipa::path(get, path = "/identities/{id}", operation_id = "show_identity", tag = "Identities",
    security(("oauth2" = ["identities:read"])), params(("id" = IdentityId, Path)),
    responses((status = 200, body = IdentityView), Reads))]
async fn show(
    State(app): State<App>,
    _: ApiClient<may::IdentitiesRead>,
    Named(id): Named<kinds::Identity>,
) -> Result<Tagged<IdentityView>, Failure> {
    let found = app.db.read(async |tx| super::find(tx, id).await).await?;
    let identity = found.ok_or_else(Failure::not_found)?;
    Ok(Tagged(identity.revision, identity.into()))
}

/// Replaces the profile, the attributes or both. Identifiers and passwords are the person's own.
#[utoipa::path(put, path = "/identities/{id}", operation_id = "update_identity", tag = "Identities",
    security(("oauth2" = ["identities:write"])), params(("id" = IdentityId, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = IdentityView), Updates))]
async fn update(
    State(app): State<App>,
    client: ApiClient<may::IdentitiesWrite>,
    Named(id): Named<kinds::Identity>,
    IfMatch(revision): IfMatch,
    Json(body): Json<IdentityBody>,
) -> Result<Tagged<IdentityView>, Failure> {
    let moment = app.moment();
    let updated = app.db.write(async |tx| {
        let before = super::find(tx, id).await?.ok_or_else(Failure::not_found)?;
        let store = super::find_store(tx, before.store).await?;
        let store = store.ok_or_else(|| Internal::because("an identity without its store"))?;
        let profile = body.profile.map(Profile::parse).transpose();
        let attributes = body
            .attributes
            .map(|values| Attributes::parse(&store.attributes, values))
            .transpose();
        let (profile, attributes) = match (profile, attributes) {
            (Ok(profile), Ok(attributes)) => (profile, attributes),
            (profile, attributes) => {
                let problems =
                    inside("profile", profile.err()).chain(inside("attributes", attributes.err()));
                return Err(Failure::invalid(problems.collect()));
            }
        };
        let wanted = Update {
            identity: id,
            revision: Some(revision),
            profile,
            attributes,
        };
        super::update(tx, &moment, &client.actor(), wanted).await?;
        super::find(tx, id).await?.ok_or_else(Failure::not_found)
    });
    let identity = updated.await?;
    Ok(Tagged(identity.revision, identity.into()))
}

fn inside(part: &str, problems: Option<Vec<FieldProblem>>) -> impl Iterator<Item = FieldProblem> {
    problems
        .into_iter()
        .flatten()
        .map(move |problem| FieldProblem {
            field: format!("{part}/{}", problem.field),
            ..problem
        })
}

/// Shuts a person out: signing in is refused, sessions and tokens end.
#[utoipa::path(post, path = "/identities/{id}/disable", operation_id = "disable_identity", tag = "Identities",
    security(("oauth2" = ["identities:write"])), params(("id" = IdentityId, Path)), responses((status = 204), Acts))]
async fn disable(
    State(app): State<App>,
    client: ApiClient<may::IdentitiesWrite>,
    Named(id): Named<kinds::Identity>,
) -> Result<StatusCode, Failure> {
    let moment = app.moment();
    app.db
        .write(async |tx| session::shut_out(tx, &moment, &client.actor(), id).await)
        .await?;
    app.revocations.reload(&app.db, &moment).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a person in again.
#[utoipa::path(post, path = "/identities/{id}/enable", operation_id = "enable_identity", tag = "Identities",
    security(("oauth2" = ["identities:write"])), params(("id" = IdentityId, Path)), responses((status = 204), Acts))]
async fn enable(
    State(app): State<App>,
    client: ApiClient<may::IdentitiesWrite>,
    Named(id): Named<kinds::Identity>,
) -> Result<StatusCode, Failure> {
    let moment = app.moment();
    app.db
        .write(async |tx| super::enable(tx, &moment, &client.actor(), id).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The groups that a person is in.
#[derive(Serialize, ToSchema)]
struct GroupsOf {
    items: Vec<GroupView>,
}

/// Lists the groups that a person is in, by name.
#[utoipa::path(get, path = "/identities/{id}/groups", operation_id = "list_groups_of_identity", tag = "Identities",
    security(("oauth2" = ["groups:read"])), params(("id" = IdentityId, Path)),
    responses((status = 200, body = GroupsOf), Reads))]
async fn groups(
    State(app): State<App>,
    _: ApiClient<may::GroupsRead>,
    Named(id): Named<kinds::Identity>,
) -> Result<axum::Json<GroupsOf>, Failure> {
    let found = app.db.read(async |tx| {
        let known = super::find(tx, id).await?.is_some();
        let groups = group::groups_of(tx, id).await?;
        Ok::<_, Internal>(known.then_some(groups))
    });
    let groups = found.await?.ok_or_else(Failure::not_found)?;
    Ok(axum::Json(GroupsOf {
        items: groups.into_iter().map(GroupView::from).collect(),
    }))
}
