//! Clients in the management API: those of applications, and those of the API itself.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Permissions, may};
use crate::api::{
    Acts, Created, Creates, IdempotencyKey, IfMatch, List, Made, Named, Once, Reads, Tagged,
    Updates,
};
use crate::api::{page, parameter};
use crate::app::{ApiClient, App};
use crate::application::{
    self, ApplicationId, Client, ClientAuthentication, ClientChange, ClientDraft, ClientId,
    Consent, GrantType, NewClient, Pkce, Refused,
};
use crate::grant;
use crate::keys::Algorithm;
use crate::kit::{Failed, FieldProblem, Page, kinds};
use crate::web::{ApiQuery, Failure, Json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete))
        .routes(routes!(rotate_secret))
}

/// A client: a relying party (`application` is set) or a program that uses this API. Secrets are never shown again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
pub struct ClientView {
    /// The `client_id`.
    pub id: ClientId,
    pub application: Option<ApplicationId>,
    pub name: String,
    #[serde(flatten)]
    settings: ClientBody,
    created_at: DateTime<Utc>,
}

impl ClientView {
    /// Separated by spaces.
    #[must_use]
    pub fn scopes(&self) -> &str {
        &self.settings.scopes
    }
}

impl From<&Client> for ClientView {
    fn from(client: &Client) -> Self {
        Self {
            id: client.id,
            application: client.application,
            name: client.name.clone(),
            settings: ClientDraft::from(client.settings.clone()).into(),
            created_at: client.created_at,
        }
    }
}

/// What a client registered, in the words of OpenID Connect Dynamic Client Registration.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientBody {
    #[schema(max_items = 50)]
    redirect_uris: Vec<String>,
    #[schema(max_items = 50)]
    post_logout_redirect_uris: Vec<String>,
    grant_types: Vec<GrantType>,
    authentication: ClientAuthentication,
    /// Public keys for `private_key_jwt`.
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
    /// Separated by spaces.
    #[schema(example = "openid profile email groups")]
    scopes: String,
    id_token_alg: Algorithm,
    access_token_alg: Algorithm,
    pkce: Pkce,
    /// Where the application begins a sign-in by itself.
    initiate_login_uri: Option<String>,
    /// Where the application is told that a session has ended (OpenID Connect Back-Channel Logout 1.0).
    backchannel_logout_uri: Option<String>,
    /// Logout tokens carry `sid` in any case.
    backchannel_logout_session_required: bool,
    consent: Consent,
    default_max_age: Option<u32>,
    require_auth_time: bool,
}

impl Default for ClientBody {
    fn default() -> Self {
        ClientDraft::default().into()
    }
}

impl From<ClientBody> for ClientDraft {
    fn from(body: ClientBody) -> Self {
        Self {
            redirect_uris: body.redirect_uris,
            post_logout_redirect_uris: body.post_logout_redirect_uris,
            grant_types: body.grant_types,
            authentication: body.authentication,
            jwks: body.jwks,
            scopes: body.scopes,
            id_token_alg: body.id_token_alg,
            access_token_alg: body.access_token_alg,
            pkce: body.pkce,
            initiate_login_uri: body.initiate_login_uri,
            backchannel_logout_uri: body.backchannel_logout_uri,
            backchannel_logout_session_required: body.backchannel_logout_session_required,
            consent: body.consent,
            default_max_age: body.default_max_age,
            require_auth_time: body.require_auth_time,
        }
    }
}

impl From<ClientDraft> for ClientBody {
    fn from(draft: ClientDraft) -> Self {
        Self {
            redirect_uris: draft.redirect_uris,
            post_logout_redirect_uris: draft.post_logout_redirect_uris,
            grant_types: draft.grant_types,
            authentication: draft.authentication,
            jwks: draft.jwks,
            scopes: draft.scopes,
            id_token_alg: draft.id_token_alg,
            access_token_alg: draft.access_token_alg,
            pkce: draft.pkce,
            initiate_login_uri: draft.initiate_login_uri,
            backchannel_logout_uri: draft.backchannel_logout_uri,
            backchannel_logout_session_required: draft.backchannel_logout_session_required,
            consent: draft.consent,
            default_max_age: draft.default_max_age,
            require_auth_time: draft.require_auth_time,
        }
    }
}

/// A client of this API. It may be given only scopes that its maker holds.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApiClientBody {
    #[schema(max_length = 80)]
    name: String,
    /// Separated by spaces.
    #[schema(example = "invitations:read invitations:write")]
    scopes: String,
    /// `client_secret_basic`, `client_secret_post` or `private_key_jwt`.
    #[serde(default = "secret_basic")]
    authentication: ClientAuthentication,
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
}

const fn secret_basic() -> ClientAuthentication {
    ClientAuthentication::SecretBasic
}

/// A changed client.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClientUpdateBody {
    #[schema(max_length = 80)]
    name: String,
    settings: ClientBody,
}

/// A client and, once, its secret.
#[derive(Serialize, ToSchema)]
struct CreatedApiClient {
    client: ClientView,
    /// Shown in this answer only; absent for `private_key_jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// How a secret is replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RotateBody {
    /// For this long the old secret counts as well: 0 to 2592000 (30 days).
    #[serde(default)]
    #[schema(maximum = 2_592_000)]
    overlap_seconds: u32,
}

/// A new secret, shown in this answer only.
#[derive(Serialize, ToSchema)]
struct FreshSecret {
    client_secret: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only the client of this application.
    #[param(value_type = Option<ApplicationId>)]
    application: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if missing.
    #[param(value_type = Option<u16>)]
    limit: Option<String>,
}

/// Lists clients.
#[utoipa::path(get, path = "/clients", operation_id = "list_clients", tag = "Clients", params(Wanted), security(("oauth2" = ["clients:read"])),
    responses((status = 200, body = List<ClientView>), Reads))]
async fn list(
    State(app): State<App>,
    _: ApiClient<may::ClientsRead>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<axum::Json<List<ClientView>>, Failure> {
    let application: Option<ApplicationId> =
        parameter("application", wanted.application.as_deref())?;
    let page = page::<kinds::Client>(wanted.after.as_deref(), wanted.limit.as_deref())?;
    let catalogue = app.catalogue.current();
    let mut found = catalogue.clients();
    found.retain(|one| {
        one.id < page.before() && (application.is_none() || one.application == application)
    });
    found.reverse();
    Ok(axum::Json(List::of(
        Page::cut(found, &page, |one| one.id),
        |one| ClientView::from(&**one),
    )))
}

/// Creates a client of this API. Its secret is in the first answer only.
#[utoipa::path(post, path = "/clients", operation_id = "create_client", tag = "Clients", security(("oauth2" = ["clients:write"])),
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = CreatedApiClient), Creates))]
async fn create(
    State(app): State<App>,
    caller: ApiClient<may::ClientsWrite>,
    key: IdempotencyKey,
    Json(body): Json<ApiClientBody>,
) -> Result<Created<CreatedApiClient>, Failure> {
    refuse_more_than(caller.permissions(), &body.scopes)?;
    let (moment, actor) = (app.moment(), caller.actor());
    let once = Once::new(caller.id, key, "create client", &body)?;
    let draft = ClientDraft {
        authentication: body.authentication,
        jwks: body.jwks,
        ..ClientDraft::for_api(body.scopes)
    };
    let new = NewClient {
        name: body.name,
        client: draft,
    };
    let made = app
        .db
        .write(async |tx| {
            let made = once.run(tx, &moment, async |tx| {
                let created = application::create_client(tx, &moment, &actor, new).await?;
                Ok::<_, Failed<Refused>>((created.client.id, created.secret))
            });
            made.await
        })
        .await?;
    app.catalogue.refresh(&app.db).await?;
    let (id, secret) = match made {
        Made::Now(id, secret) => (id, secret),
        Made::Before(id) => (id, None),
    };
    let catalogue = app.catalogue.current();
    let client = catalogue.client(id).ok_or_else(Failure::not_found)?;
    Ok(Created {
        location: app.links.api_v1(&["clients", &id.to_string()]),
        revision: client.revision,
        body: CreatedApiClient {
            client: (&**client).into(),
            client_secret: secret.map(|secret| secret.reveal().to_owned()),
        },
    })
}

/// Nobody makes a client that may do more than they may themselves.
fn refuse_more_than(own: &Permissions, scopes: &str) -> Result<(), Failure> {
    if Permissions::of_scopes(scopes).are_within(own) {
        return Ok(());
    }
    let sentence = "You can give only scopes that you hold yourself.";
    Err(Failure::forbidden().with_fields(vec![FieldProblem::new(
        "scopes",
        "beyond_own_scopes",
        sentence,
    )]))
}

/// Shows a client.
#[utoipa::path(get, path = "/clients/{id}", operation_id = "show_client", tag = "Clients", security(("oauth2" = ["clients:read"])),
    params(("id" = ClientId, Path)), responses((status = 200, body = ClientView), Reads))]
async fn show(
    State(app): State<App>,
    _: ApiClient<may::ClientsRead>,
    Named(id): Named<kinds::Client>,
) -> Result<Tagged<ClientView>, Failure> {
    let catalogue = app.catalogue.current();
    let client = catalogue.client(id).ok_or_else(Failure::not_found)?;
    Ok(Tagged(client.revision, (&**client).into()))
}

/// Replaces name and settings of a client.
#[utoipa::path(put, path = "/clients/{id}", operation_id = "update_client", tag = "Clients", security(("oauth2" = ["clients:write"])),
    params(("id" = ClientId, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = ClientView), Updates))]
async fn update(
    State(app): State<App>,
    caller: ApiClient<may::ClientsWrite>,
    Named(id): Named<kinds::Client>,
    IfMatch(revision): IfMatch,
    Json(body): Json<ClientUpdateBody>,
) -> Result<Tagged<ClientView>, Failure> {
    let known = app.catalogue.current();
    let target = known.client(id).ok_or_else(Failure::not_found)?;
    refuse_more_than(caller.permissions(), &target.settings.scopes.to_string())?;
    refuse_more_than(caller.permissions(), &body.settings.scopes)?;
    let (moment, actor) = (app.moment(), caller.actor());
    let change = ClientChange {
        id,
        revision,
        name: body.name,
        to: body.settings.into(),
    };
    let changed = app
        .db
        .write(async |tx| application::update_client(tx, &moment, &actor, change).await)
        .await?;
    app.catalogue.refresh(&app.db).await?;
    Ok(Tagged(changed.revision, (&changed).into()))
}

/// Deletes a client of this API: it obtains no more tokens, and those it has end. The client of an application goes with the
/// application; nobody deletes the client they call with.
#[utoipa::path(delete, path = "/clients/{id}", operation_id = "delete_client", tag = "Clients", security(("oauth2" = ["clients:write"])),
    params(("id" = ClientId, Path)), responses((status = 204), Acts))]
async fn delete(
    State(app): State<App>,
    caller: ApiClient<may::ClientsWrite>,
    Named(id): Named<kinds::Client>,
) -> Result<StatusCode, Failure> {
    let known = app.catalogue.current();
    let target = known.client(id).ok_or_else(Failure::not_found)?;
    refuse_more_than(caller.permissions(), &target.settings.scopes.to_string())?;
    let (moment, actor) = (app.moment(), caller.actor());
    app.db
        .write(async |tx| grant::remove_client(tx, &moment, &actor, id).await)
        .await?;
    app.catalogue.refresh(&app.db).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a client a new secret. The old one counts for `overlap_seconds` more.
#[utoipa::path(post, path = "/clients/{id}/secret", operation_id = "rotate_secret", tag = "Clients", security(("oauth2" = ["clients:write"])),
    params(("id" = ClientId, Path)), responses((status = 200, body = FreshSecret), Acts))]
async fn rotate_secret(
    State(app): State<App>,
    caller: ApiClient<may::ClientsWrite>,
    Named(id): Named<kinds::Client>,
    Json(body): Json<RotateBody>,
) -> Result<axum::Json<FreshSecret>, Failure> {
    let known = app.catalogue.current();
    let target = known.client(id).ok_or_else(Failure::not_found)?;
    // Whoever knows the secret is the client: its scopes count as given to the caller.
    refuse_more_than(caller.permissions(), &target.settings.scopes.to_string())?;
    let overlap = TimeDelta::seconds(i64::from(body.overlap_seconds.min(2_592_000)));
    let (moment, actor) = (app.moment(), caller.actor());
    let secret = app
        .db
        .write(async |tx| application::rotate_secret(tx, &moment, &actor, id, overlap).await)
        .await?;
    app.catalogue.refresh(&app.db).await?;
    let client_secret = secret.reveal().to_owned();
    Ok(axum::Json(FreshSecret { client_secret }))
}
