//! What a person has allowed which application, and taking it back.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::may;
use crate::api::{Acts, Named, NamedIn, Reads};
use crate::app::{ApiClient, App};
use crate::application::ClientId;
use crate::grant::consent::{self, Consent};
use crate::identity::{self, IdentityId};
use crate::kit::{Internal, kinds};
use crate::web::Failure;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(withdraw))
}

/// What a person allowed a client, last time they were asked.
#[derive(Serialize, ToSchema)]
#[schema(as = Consent)]
struct ConsentView {
    client: ClientId,
    /// Separated by spaces.
    scopes: String,
    given_at: DateTime<Utc>,
}

impl From<(ClientId, Consent)> for ConsentView {
    fn from((client, consent): (ClientId, Consent)) -> Self {
        Self {
            client,
            scopes: consent.scope.to_string(),
            given_at: consent.given_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct ConsentsOf {
    items: Vec<ConsentView>,
}

/// Lists what a person has allowed.
#[utoipa::path(get, path = "/identities/{id}/consents", operation_id = "list_consents_of_identity", tag = "Identities",
    security(("oauth2" = ["identities:read"])), params(("id" = IdentityId, Path)),
    responses((status = 200, body = ConsentsOf), Reads))]
async fn list(
    State(app): State<App>,
    _: ApiClient<may::IdentitiesRead>,
    Named(id): Named<kinds::Identity>,
) -> Result<axum::Json<ConsentsOf>, Failure> {
    let found = app.db.read(async |tx| {
        let known = identity::find(tx, id).await?.is_some();
        let consents = consent::of_identity(tx, id).await?;
        Ok::<_, Internal>(known.then_some(consents))
    });
    let consents = found.await?.ok_or_else(Failure::not_found)?;
    let items = consents.into_iter().map(ConsentView::from).collect();
    Ok(axum::Json(ConsentsOf { items }))
}

/// Takes back what a person allowed: they will be asked again, and the client's tokens end.
#[utoipa::path(delete, path = "/identities/{id}/consents/{client}", operation_id = "withdraw_consent", tag = "Identities",
    security(("oauth2" = ["identities:write"])), params(("id" = IdentityId, Path), ("client" = ClientId, Path)),
    responses((status = 204), Acts))]
async fn withdraw(
    State(app): State<App>,
    caller: ApiClient<may::IdentitiesWrite>,
    NamedIn(id, client): NamedIn<kinds::Identity, kinds::Client>,
) -> Result<StatusCode, Failure> {
    let (moment, actor) = (app.moment(), caller.actor());
    let withdrawn = app
        .db
        .write(async |tx| consent::withdraw(tx, &moment, &actor, id, client).await);
    if !withdrawn.await? {
        return Err(Failure::not_found());
    }
    app.revocations.reload(&app.db, &moment).await?;
    Ok(StatusCode::NO_CONTENT)
}
