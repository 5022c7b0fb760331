//! Applications in the management API. Their clients stand in `clients`.

mod clients;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    Application, ApplicationChange, ApplicationDraft, ApplicationId, Catalogue, NewApplication,
};
use super::{ClientDraft, Protocol, Purpose, Refused, SelfServicePolicy};
use crate::access::{Permission, may};
use crate::api::{
    Acts, Created, Creates, IdempotencyKey, IfMatch, List, Made, Named, Once, Reads, Tagged,
    Updates,
};
use crate::api::{page, parameter};
use crate::app::{ApiClient, App};
use crate::grant;
use crate::kit::{Failed, Id, Page, kinds};
use crate::web::{ApiQuery, Failure, Json};

use clients::ClientBody;
pub use clients::ClientView;

// The nouns themselves come later in the order; their ids are needed all the same.
type StoreId = Id<kinds::Store>;
type GroupId = Id<kinds::Group>;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete))
        .routes(routes!(assign_groups))
        .merge(clients::routes())
}

/// Something that people sign in to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Application)]
pub struct ApplicationView {
    pub id: ApplicationId,
    pub store: StoreId,
    pub name: String,
    pub description: String,
    #[schema(value_type = String, example = "product")]
    purpose: &'static str,
    protocol: Protocol,
    home_url: Option<String>,
    saml_entity_id: Option<String>,
    saml_acs_url: Option<String>,
    accent: Option<String>,
    policy: SelfServicePolicy,
    /// The `client_id`; absent when the application speaks only SAML 2.0.
    pub client: Option<super::ClientId>,
    /// The groups that everybody who signs up is placed in (R45).
    groups: Vec<GroupId>,
    created_at: DateTime<Utc>,
}

impl ApplicationView {
    #[must_use]
    pub fn of(application: &Application, catalogue: &Catalogue) -> Self {
        let draft = ApplicationDraft::from(application.clone());
        Self {
            id: application.id,
            store: application.store,
            name: draft.name,
            description: draft.description,
            purpose: application.purpose.as_str(),
            protocol: draft.protocol,
            home_url: draft.home_url,
            saml_entity_id: draft.saml_entity_id,
            saml_acs_url: draft.saml_acs_url,
            accent: draft.accent,
            policy: draft.policy,
            client: catalogue.client_of(application.id).map(|client| client.id),
            groups: catalogue
                .groups_of(application.id)
                .iter()
                .map(|group| group.id)
                .collect(),
            created_at: application.created_at,
        }
    }
}

/// An application and, once, the secret of its client.
#[derive(Serialize, ToSchema)]
struct CreatedApplication {
    application: ApplicationView,
    client: Option<ClientView>,
    /// Shown in this answer only.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// An application as written.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicationBody {
    #[schema(max_length = 80)]
    name: String,
    #[serde(default)]
    #[schema(max_length = 300)]
    description: String,
    #[serde(default = "oidc")]
    protocol: Protocol,
    /// Where people land who don't come from the application itself.
    home_url: Option<String>,
    saml_entity_id: Option<String>,
    saml_acs_url: Option<String>,
    /// The brand colour of hosted pages.
    #[schema(example = "#1f6feb")]
    accent: Option<String>,
    #[serde(default)]
    policy: SelfServicePolicy,
}

const fn oidc() -> Protocol {
    Protocol::Oidc
}

impl From<ApplicationBody> for ApplicationDraft {
    fn from(body: ApplicationBody) -> Self {
        Self {
            name: body.name,
            description: body.description,
            protocol: body.protocol,
            home_url: body.home_url,
            saml_entity_id: body.saml_entity_id,
            saml_acs_url: body.saml_acs_url,
            accent: body.accent,
            policy: body.policy,
        }
    }
}

/// An application that is going to exist, with its client if it speaks OpenID Connect.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewApplicationBody {
    store: StoreId,
    application: ApplicationBody,
    client: Option<ClientBody>,
}

/// Groups, each once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GroupsBody {
    #[schema(max_items = 100)]
    groups: Vec<GroupId>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only applications of this identity store.
    #[param(value_type = Option<StoreId>)]
    store: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if missing.
    #[param(value_type = Option<u16>)]
    limit: Option<String>,
}

/// Lists applications.
#[utoipa::path(get, path = "/applications", operation_id = "list_applications", tag = "Applications", params(Wanted),
    security(("oauth2" = ["applications:read"])), responses((status = 200, body = List<ApplicationView>), Reads))]
async fn list(
    State(app): State<App>,
    _: ApiClient<may::ApplicationsRead>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<axum::Json<List<ApplicationView>>, Failure> {
    let store: Option<StoreId> = parameter("store", wanted.store.as_deref())?;
    let page = page::<kinds::Application>(wanted.after.as_deref(), wanted.limit.as_deref())?;
    let catalogue = app.catalogue.current();
    let mut found: Vec<_> = catalogue
        .applications()
        .iter()
        .filter(|one| one.id < page.before() && store.is_none_or(|store| one.store == store))
        .collect();
    found.sort_unstable_by_key(|application| std::cmp::Reverse(application.id));
    let found = Page::cut(found, &page, |application| application.id);
    Ok(axum::Json(List::of(found, |one| {
        ApplicationView::of(one, &catalogue)
    })))
}

/// Creates an application, with its client if it speaks OpenID Connect. The client's secret is in the first answer only.
#[utoipa::path(post, path = "/applications", operation_id = "create_application", tag = "Applications", security(("oauth2" = ["applications:write"])),
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = CreatedApplication), Creates))]
async fn create(
    State(app): State<App>,
    client: ApiClient<may::ApplicationsWrite>,
    key: IdempotencyKey,
    Json(body): Json<NewApplicationBody>,
) -> Result<Created<CreatedApplication>, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    let once = Once::new(client.id, key, "create application", &body)?;
    let new = NewApplication {
        store: body.store,
        purpose: Purpose::Product,
        application: body.application.into(),
        client: body.client.map(ClientDraft::from),
    };
    let made = app
        .db
        .write(async |tx| {
            let made = once.run(tx, &moment, async |tx| {
                let created = super::create(tx, &moment, &actor, new).await?;
                Ok::<_, Failed<Refused>>((created.application.id, created.secret))
            });
            made.await
        })
        .await?;
    app.catalogue.refresh(&app.db).await?;
    answer(&app, made)
}

fn answer(
    app: &App,
    made: Made<kinds::Application, Option<crate::kit::Secret>>,
) -> Result<Created<CreatedApplication>, Failure> {
    let catalogue = app.catalogue.current();
    let (id, secret) = match made {
        Made::Now(id, secret) => (id, secret),
        Made::Before(id) => (id, None),
    };
    let application = catalogue.application(id).ok_or_else(Failure::not_found)?;
    Ok(Created {
        location: app.links.api_v1(&["applications", &id.to_string()]),
        revision: application.revision,
        body: CreatedApplication {
            application: ApplicationView::of(application, &catalogue),
            client: catalogue
                .client_of(id)
                .map(|client| ClientView::from(&**client)),
            client_secret: secret.map(|secret| secret.reveal().to_owned()),
        },
    })
}

/// Shows an application.
#[utoipa::path(get, path = "/applications/{id}", operation_id = "show_application", tag = "Applications", security(("oauth2" = ["applications:read"])),
    params(("id" = ApplicationId, Path)), responses((status = 200, body = ApplicationView), Reads))]
async fn show(
    State(app): State<App>,
    _: ApiClient<may::ApplicationsRead>,
    Named(id): Named<kinds::Application>,
) -> Result<Tagged<ApplicationView>, Failure> {
    let catalogue = app.catalogue.current();
    let application = catalogue.application(id).ok_or_else(Failure::not_found)?;
    Ok(Tagged(
        application.revision,
        ApplicationView::of(application, &catalogue),
    ))
}

/// The console's own application decides how administrators come in: changing it is theirs.
fn require_for_console(
    client: &ApiClient<may::ApplicationsWrite>,
    app: &App,
    id: ApplicationId,
) -> Result<(), Failure> {
    let catalogue = app.catalogue.current();
    match catalogue.application(id) {
        Some(one) if one.purpose == Purpose::Console => {
            client.require(Permission::AdministratorsWrite)
        }
        _ => Ok(()),
    }
}

/// Replaces what an application is. Store and purpose stay.
#[utoipa::path(put, path = "/applications/{id}", operation_id = "update_application", tag = "Applications", security(("oauth2" = ["applications:write"])),
    params(("id" = ApplicationId, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = ApplicationView), Updates))]
async fn update(
    State(app): State<App>,
    client: ApiClient<may::ApplicationsWrite>,
    Named(id): Named<kinds::Application>,
    IfMatch(revision): IfMatch,
    Json(body): Json<ApplicationBody>,
) -> Result<Tagged<ApplicationView>, Failure> {
    require_for_console(&client, &app, id)?;
    let moment = app.moment();
    let change = ApplicationChange {
        id,
        revision,
        to: body.into(),
    };
    let changed = app
        .db
        .write(async |tx| super::update(tx, &moment, &client.actor(), change).await)
        .await?;
    app.catalogue.refresh(&app.db).await?;
    let view = ApplicationView::of(&changed, &app.catalogue.current());
    Ok(Tagged(changed.revision, view))
}

/// Deletes an application with its client: whatever people allowed it ends. Their accounts and groups stay. Refused while
/// somebody holds an invitation into it, and for the console itself.
#[utoipa::path(delete, path = "/applications/{id}", operation_id = "delete_application", tag = "Applications",
    security(("oauth2" = ["applications:write"])), params(("id" = ApplicationId, Path)), responses((status = 204), Acts))]
async fn delete(
    State(app): State<App>,
    client: ApiClient<may::ApplicationsWrite>,
    Named(id): Named<kinds::Application>,
) -> Result<StatusCode, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    app.db
        .write(async |tx| grant::remove_application(tx, &moment, &actor, id).await)
        .await?;
    app.catalogue.refresh(&app.db).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says which groups everybody is placed in who signs up for the application (R45): exactly these, from now on.
#[utoipa::path(put, path = "/applications/{id}/groups", operation_id = "assign_groups", tag = "Applications",
    security(("oauth2" = ["applications:write"])), params(("id" = ApplicationId, Path)),
    responses((status = 204), Acts))]
async fn assign_groups(
    State(app): State<App>,
    client: ApiClient<may::ApplicationsWrite>,
    Named(id): Named<kinds::Application>,
    Json(body): Json<GroupsBody>,
) -> Result<StatusCode, Failure> {
    require_for_console(&client, &app, id)?;
    let (moment, actor) = (app.moment(), client.actor());
    app.db
        .write(async |tx| super::assign_groups(tx, &moment, &actor, id, body.groups).await)
        .await?;
    app.catalogue.refresh(&app.db).await?;
    Ok(StatusCode::NO_CONTENT)
}
