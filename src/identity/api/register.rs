//! Registering a person through the management API, without an invitation.
//!
//! Takes no password: the person chooses one by the link of a recovery letter, which goes to a verified address.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{IdentityView, inside};
use crate::access::{Permission, may};
use crate::api::{Created, Creates, IdempotencyKey, Once};
use crate::app::{ApiClient, App};
use crate::application::Purpose;
use crate::db::Tx;
use crate::identity::{
    self, Attributes, IdentifierKind, IdentityStore, NewIdentifier, NewIdentity, Profile, Proof,
    StoreId, StoreRefused,
};
use crate::kit::{Failed, FieldProblem};
use crate::web::{Failure, Json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(register))
}

/// A person as written.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewIdentity)]
#[serde(deny_unknown_fields)]
struct Body {
    store: StoreId,
    #[schema(min_items = 1, max_items = 10)]
    identifiers: Vec<IdentifierBody>,
    /// OpenID Connect standard claims; nested ones are written `address.locality`.
    #[serde(default)]
    profile: BTreeMap<String, String>,
    #[serde(default)]
    #[schema(value_type = Object)]
    attributes: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewIdentifier)]
#[serde(deny_unknown_fields)]
struct IdentifierBody {
    kind: IdentifierKind,
    value: String,
    /// Whether the caller vouches that it is the person's. Letters go to verified addresses only.
    #[serde(default)]
    verified: bool,
}

/// Registers a person without an invitation.
#[utoipa::path(post, path = "/identities", operation_id = "register_identity", tag = "Identities",
    security(("oauth2" = ["identities:write"])), params(("Idempotency-Key" = Option<String>, Header)),
    request_body = Body, responses((status = 201, body = IdentityView), Creates))]
async fn register(
    State(app): State<App>,
    client: ApiClient<may::IdentitiesWrite>,
    key: IdempotencyKey,
    Json(body): Json<Body>,
) -> Result<Created<IdentityView>, Failure> {
    require_for_console(&client, &app, body.store)?;
    let (moment, actor) = (app.moment(), client.actor());
    let once = Once::new(client.id, key, "register identity", &body)?;
    let made = app.db.write(async |tx| {
        let store = store_of(tx, body.store).await?;
        let new = parse(&store, body)?;
        let made = once.run(tx, &moment, async |tx| {
            let id = identity::register(tx, &moment, &actor, new).await?;
            Ok::<_, Failed<identity::Refused>>((id, ()))
        });
        let id = made.await?.id();
        let made = identity::find(tx, id).await?;
        made.ok_or_else(Failure::not_found)
    });
    let identity = made.await?;
    Ok(Created {
        location: app.links.api_v1(&["identities", &identity.id.to_string()]),
        revision: identity.revision,
        body: identity.into(),
    })
}

/// Who may be an administrator is decided by administrators.
fn require_for_console(
    client: &ApiClient<may::IdentitiesWrite>,
    app: &App,
    store: StoreId,
) -> Result<(), Failure> {
    let catalogue = app.catalogue.current();
    let mut applications = catalogue.applications().iter();
    if applications.any(|one| one.store == store && one.purpose == Purpose::Console) {
        client.require(Permission::AdministratorsWrite)?;
    }
    Ok(())
}

async fn store_of(tx: &mut Tx, id: StoreId) -> Result<IdentityStore, Failure> {
    let store = identity::find_store(tx, id).await?;
    store.ok_or_else(|| StoreRefused::NotFound.into())
}

fn parse(store: &IdentityStore, body: Body) -> Result<NewIdentity<'_>, Failure> {
    let mut problems = Vec::new();
    let mut identifiers = Vec::new();
    for (at, one) in body.identifiers.into_iter().enumerate() {
        let proof = if one.verified {
            Proof::Given
        } else {
            Proof::Missing
        };
        match NewIdentifier::parse(one.kind, &one.value, proof) {
            Ok(identifier) => identifiers.push(identifier),
            Err(not) => {
                let field = format!("identifiers/{at}/value");
                problems.push(FieldProblem::new(field, "malformed", not.to_string()));
            }
        }
    }
    let profile = Profile::parse(body.profile);
    let attributes = Attributes::parse(&store.attributes, body.attributes);
    match (profile, attributes, problems.is_empty()) {
        (Ok(profile), Ok(attributes), true) => Ok(NewIdentity {
            id: None,
            store,
            identifiers,
            profile,
            attributes,
            password: None,
        }),
        (profile, attributes, _) => {
            problems.extend(inside("profile", profile.err()));
            problems.extend(inside("attributes", attributes.err()));
            Err(Failure::invalid(problems))
        }
    }
}
