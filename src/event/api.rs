//! The audit log in the management API. It is read only: nobody writes history. Webhooks stand in `webhooks`.

mod webhooks;

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Event, EventId, Filter};
use crate::access::may;
use crate::api::{List, Named, Reads, page};
use crate::app::{ApiClient, App};
use crate::kit::kinds;
use crate::web::{ApiQuery, Failure};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .merge(webhooks::routes())
}

/// Something that happened. Never holds a token, code, password or link.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    pub id: EventId,
    pub at: DateTime<Utc>,
    #[schema(example = "invitation.created")]
    pub kind: String,
    /// Who did it: an identity, a client, `system` or `anonymous`.
    pub actor: String,
    /// What it is about.
    pub subject: String,
    #[schema(value_type = Object)]
    pub data: Value,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            at: event.at,
            kind: event.kind,
            actor: event.actor,
            subject: event.subject,
            data: event.data,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only what is about this id.
    subject: Option<String>,
    /// Only kinds that begin with this: `invitation.`.
    kind: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if missing.
    #[param(value_type = Option<u16>)]
    limit: Option<String>,
}

/// Lists what happened (R140).
#[utoipa::path(get, path = "/events", operation_id = "list_events", tag = "Events", params(Wanted), security(("oauth2" = ["events:read"])),
    responses((status = 200, body = List<EventView>), Reads))]
async fn list(
    State(app): State<App>,
    _: ApiClient<may::EventsRead>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<axum::Json<List<EventView>>, Failure> {
    let page = page(wanted.after.as_deref(), wanted.limit.as_deref())?;
    let filter = Filter {
        subject: wanted.subject,
        kind: wanted.kind,
    };
    let events = app
        .db
        .read(async |tx| super::list(tx, &filter, &page).await)
        .await?;
    Ok(axum::Json(List::of(events, EventView::from)))
}

/// Shows one event.
#[utoipa::path(get, path = "/events/{id}", operation_id = "show_event", tag = "Events", security(("oauth2" = ["events:read"])),
    params(("id" = EventId, Path)), responses((status = 200, body = EventView), Reads))]
async fn show(
    State(app): State<App>,
    _: ApiClient<may::EventsRead>,
    Named(id): Named<kinds::Event>,
) -> Result<axum::Json<EventView>, Failure> {
    let event = app.db.read(async |tx| super::find(tx, id).await).await?;
    event
        .map(|event| axum::Json(event.into()))
        .ok_or_else(Failure::not_found)
}
