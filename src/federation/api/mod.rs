//! Connections in the management API.

mod view;

use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::connection as store;
use super::{Connection, ConnectionId, Preview, SaveRefused, health, preview, save};
use crate::access::may;
use crate::api::{
    Acts, Created, Creates, IdempotencyKey, IfMatch, Named, Once, Reads, Tagged, Updates,
};
use crate::app::{ApiClient, App};
use crate::kit::{Failed, FieldProblem, Internal, kinds};
use crate::web::{Failure, Json};

use view::{AllConnections, SampleBody};
pub use view::{ConnectionBody, ConnectionView, TestReport};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete))
        .routes(routes!(test))
        .routes(routes!(preview_sample))
}

/// Lists connections. Secrets are never shown.
#[utoipa::path(get, path = "/connections", operation_id = "list_connections", tag = "Connections",
    security(("oauth2" = ["connections:read"])), responses((status = 200, body = AllConnections), Reads))]
async fn list(
    State(app): State<App>,
    _: ApiClient<may::ConnectionsRead>,
) -> Result<axum::Json<AllConnections>, Failure> {
    Ok(axum::Json(AllConnections {
        items: views(&app).await?,
    }))
}

/// Every connection with its health, by name.
pub async fn views(app: &App) -> Result<Vec<ConnectionView>, Internal> {
    let read = app.db.read(async |tx| {
        let connections = store::list(tx).await?;
        Ok::<_, Internal>((connections, store::healths(tx).await?))
    });
    let (connections, healths) = read.await?;
    let view = |connection: Connection| {
        let health = healths.iter().find(|health| health.id == connection.id);
        ConnectionView::of(connection, health.cloned(), &app.links)
    };
    Ok(connections.into_iter().map(view).collect())
}

/// Creates a connection. The provider is asked before it is saved: a wrong issuer, host or address is refused.
#[utoipa::path(post, path = "/connections", operation_id = "create_connection", tag = "Connections",
    security(("oauth2" = ["connections:write"])), params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = ConnectionView), Creates))]
async fn create(
    State(app): State<App>,
    client: ApiClient<may::ConnectionsWrite>,
    key: IdempotencyKey,
    Json(body): Json<ConnectionBody>,
) -> Result<Created<ConnectionView>, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    let once = Once::new(client.id, key, "create connection", &body)?;
    let keeper = app.keeper(&actor);
    let checked = keeper.check(&moment, body.into(), None).await?;
    let made = app.db.write(async |tx| {
        let made = once.run(tx, &moment, async |tx| {
            let connection = keeper.create(tx, &moment, checked).await?;
            Ok::<_, Failed<SaveRefused>>((connection.id, ()))
        });
        Ok::<_, Failure>(made.await?.id())
    });
    let id = made.await?;
    app.connections.refresh(&app.db).await?;
    let (revision, body) = view(&app, id).await?;
    Ok(Created {
        location: app.links.api_v1(&["connections", &id.to_string()]),
        revision,
        body,
    })
}

async fn view(app: &App, id: ConnectionId) -> Result<(i64, ConnectionView), Failure> {
    let read = app.db.read(async |tx| {
        let connection = save::find(tx, id).await?;
        Ok::<_, Internal>((connection, health::of(tx, id).await?))
    });
    let (connection, health) = read.await?;
    let connection = connection.ok_or_else(Failure::not_found)?;
    Ok((
        connection.revision,
        ConnectionView::of(connection, health, &app.links),
    ))
}

/// Shows a connection. Its secret is never shown.
#[utoipa::path(get, path = "/connections/{id}", operation_id = "show_connection", tag = "Connections",
    security(("oauth2" = ["connections:read"])), params(("id" = ConnectionId, Path)),
    responses((status = 200, body = ConnectionView), Reads))]
async fn show(
    State(app): State<App>,
    _: ApiClient<may::ConnectionsRead>,
    Named(id): Named<kinds::Connection>,
) -> Result<Tagged<ConnectionView>, Failure> {
    let (revision, view) = view(&app, id).await?;
    Ok(Tagged(revision, view))
}

/// Replaces a connection. Without `client_secret` the stored one stays; with it, it is replaced at once. Disabling ends the sessions
/// that began there.
#[utoipa::path(put, path = "/connections/{id}", operation_id = "update_connection", tag = "Connections",
    security(("oauth2" = ["connections:write"])), params(("id" = ConnectionId, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = ConnectionView), Updates))]
async fn update(
    State(app): State<App>,
    client: ApiClient<may::ConnectionsWrite>,
    Named(id): Named<kinds::Connection>,
    IfMatch(revision): IfMatch,
    Json(body): Json<ConnectionBody>,
) -> Result<Tagged<ConnectionView>, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    let old = app.db.read(async |tx| save::find(tx, id).await).await?;
    let old = old.ok_or(Failed::Refused(SaveRefused::Unknown))?;
    if old.revision != revision {
        return Err(Failed::Refused(SaveRefused::Stale).into());
    }
    let keeper = app.keeper(&actor);
    let checked = keeper.check(&moment, body.into(), Some(&old)).await?;
    app.db
        .write(async |tx| keeper.update(tx, &moment, id, checked).await)
        .await?;
    app.connections.refresh(&app.db).await?;
    let (revision, view) = view(&app, id).await?;
    Ok(Tagged(revision, view))
}

/// Removes a connection and the links of accounts to it. Refused while an application names it, or while it is somebody's only way
/// to sign in.
#[utoipa::path(delete, path = "/connections/{id}", operation_id = "delete_connection", tag = "Connections",
    security(("oauth2" = ["connections:write"])), params(("id" = ConnectionId, Path)),
    responses((status = 204), Acts))]
async fn delete(
    State(app): State<App>,
    client: ApiClient<may::ConnectionsWrite>,
    Named(id): Named<kinds::Connection>,
) -> Result<StatusCode, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    let keeper = app.keeper(&actor);
    app.db
        .write(async |tx| keeper.delete(tx, &moment, id).await)
        .await?;
    app.connections.refresh(&app.db).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks the provider what it says of itself now, and tells what is known of the secret. Changes nothing.
#[utoipa::path(post, path = "/connections/{id}/test", operation_id = "test_connection", tag = "Connections",
    security(("oauth2" = ["connections:write"])), params(("id" = ConnectionId, Path)),
    responses((status = 200, body = TestReport), Acts))]
async fn test(
    State(app): State<App>,
    client: ApiClient<may::ConnectionsWrite>,
    Named(id): Named<kinds::Connection>,
) -> Result<axum::Json<TestReport>, Failure> {
    drop(client);
    let report = report(&app, id).await?;
    Ok(axum::Json(report.ok_or_else(Failure::not_found)?))
}

/// How a connection is now; `None`: there is none.
pub async fn report(app: &App, id: ConnectionId) -> Result<Option<TestReport>, Internal> {
    let read = app.db.read(async |tx| {
        let connection = save::find(tx, id).await?;
        Ok::<_, Internal>(connection.zip(health::of(tx, id).await?))
    });
    let Some((connection, health)) = read.await? else {
        return Ok(None);
    };
    let moment = app.moment();
    let provider = &connection.settings.provider;
    let asked = app.providers.fetch_for_check(provider, moment.now).await;
    let report = TestReport::of(&connection, asked, &health, &moment, &app.links);
    Ok(Some(report))
}

/// Tells what the connection would make of a person, from the claims of a sample or from an ID token. The sample is neither believed nor
/// stored.
#[utoipa::path(post, path = "/connections/{id}/preview", operation_id = "preview_connection", tag = "Connections",
    security(("oauth2" = ["connections:read"])), params(("id" = ConnectionId, Path)),
    responses((status = 200, body = Preview), Acts))]
async fn preview_sample(
    State(app): State<App>,
    _: ApiClient<may::ConnectionsRead>,
    Named(id): Named<kinds::Connection>,
    Json(body): Json<SampleBody>,
) -> Result<axum::Json<Preview>, Failure> {
    let connections = app.connections.current();
    let connection = connections.get(id).ok_or_else(Failure::not_found)?;
    let claims = preview::sample(&body.text()).map_err(|bad| {
        Failure::invalid(vec![FieldProblem::new(
            "sample",
            "no_sample",
            bad.to_string(),
        )])
    })?;
    Ok(axum::Json(preview::preview(&connection.settings, &claims)))
}
