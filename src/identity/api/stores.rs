//! Identity stores in the management API.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::may;
use crate::api::{Created, Creates, IdempotencyKey, IfMatch, Named, Once, Reads, Tagged, Updates};
use crate::app::{ApiClient, App};
use crate::identity::{
    self, AttributeDefinition, IdentifierKind, IdentityStore, NewStore, StoreId,
    StoreRefused as Refused,
};
use crate::kit::{Failed, kinds};
use crate::web::{Failure, Json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update))
}

/// A separate world of people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Store)]
pub struct StoreView {
    pub id: StoreId,
    pub name: String,
    /// What a person may type to sign in.
    pub identifiers: Vec<IdentifierKind>,
    attributes: Vec<AttributeDefinition>,
    created_at: DateTime<Utc>,
}

impl From<IdentityStore> for StoreView {
    fn from(store: IdentityStore) -> Self {
        Self {
            id: store.id,
            name: store.name,
            identifiers: store.identifiers,
            attributes: store.attributes,
            created_at: store.created_at,
        }
    }
}

/// Every store; there are few.
#[derive(Serialize, ToSchema)]
struct Stores {
    items: Vec<StoreView>,
}

/// A store as written.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StoreBody {
    #[schema(max_length = 100)]
    name: String,
    identifiers: Vec<IdentifierKind>,
    #[serde(default)]
    #[schema(max_items = 50)]
    attributes: Vec<AttributeDefinition>,
}

impl From<StoreBody> for NewStore {
    fn from(body: StoreBody) -> Self {
        Self {
            name: body.name,
            identifiers: body.identifiers,
            attributes: body.attributes,
        }
    }
}

/// Lists identity stores by name.
#[utoipa::path(get, path = "/stores", operation_id = "list_stores", tag = "Stores",
    security(("oauth2" = ["stores:read"])), responses((status = 200, body = Stores), Reads))]
async fn list(
    State(app): State<App>,
    _: ApiClient<may::StoresRead>,
) -> Result<axum::Json<Stores>, Failure> {
    let stores = app.db.read(identity::list_stores).await?;
    Ok(axum::Json(Stores {
        items: stores.into_iter().map(StoreView::from).collect(),
    }))
}

/// Creates an identity store.
#[utoipa::path(post, path = "/stores", operation_id = "create_store", tag = "Stores",
    security(("oauth2" = ["stores:write"])), params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = StoreView), Creates))]
async fn create(
    State(app): State<App>,
    client: ApiClient<may::StoresWrite>,
    key: IdempotencyKey,
    Json(body): Json<StoreBody>,
) -> Result<Created<StoreView>, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    let once = Once::new(client.id, key, "create store", &body)?;
    let made = app.db.write(async |tx| {
        let made = once.run(tx, &moment, async |tx| {
            let store = identity::create_store(tx, &moment, &actor, body.into()).await?;
            Ok::<_, Failed<Refused>>((store.id, ()))
        });
        let id = made.await?.id();
        identity::find_store(tx, id)
            .await?
            .ok_or_else(Failure::not_found)
    });
    let store = made.await?;
    Ok(Created {
        location: app.links.api_v1(&["stores", &store.id.to_string()]),
        revision: store.revision,
        body: store.into(),
    })
}

/// Shows an identity store.
#[utoipa::path(get, path = "/stores/{id}", operation_id = "show_store", tag = "Stores",
    security(("oauth2" = ["stores:read"])), params(("id" = StoreId, Path)),
    responses((status = 200, body = StoreView), Reads))]
async fn show(
    State(app): State<App>,
    _: ApiClient<may::StoresRead>,
    Named(id): Named<kinds::Store>,
) -> Result<Tagged<StoreView>, Failure> {
    let found = app
        .db
        .read(async |tx| identity::find_store(tx, id).await)
        .await?;
    let store = found.ok_or_else(Failure::not_found)?;
    Ok(Tagged(store.revision, store.into()))
}

/// Replaces what an identity store is. What people have already stays as it is.
#[utoipa::path(put, path = "/stores/{id}", operation_id = "update_store", tag = "Stores",
    security(("oauth2" = ["stores:write"])), params(("id" = StoreId, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = StoreView), Updates))]
async fn update(
    State(app): State<App>,
    client: ApiClient<may::StoresWrite>,
    Named(id): Named<kinds::Store>,
    IfMatch(revision): IfMatch,
    Json(body): Json<StoreBody>,
) -> Result<Tagged<StoreView>, Failure> {
    let moment = app.moment();
    let wanted = (id, Some(revision));
    let updated = app.db.write(async |tx| {
        identity::update_store(tx, &moment, &client.actor(), wanted, body.into()).await
    });
    let store = updated.await?;
    Ok(Tagged(store.revision, store.into()))
}
