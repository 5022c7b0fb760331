//! Webhooks in the management API (R140).

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::may;
use crate::api::{
    Acts, Created, Creates, IdempotencyKey, IfMatch, List, Made, Named, NamedIn, Once, Reads,
    Tagged,
};
use crate::api::{Updates, page};
use crate::app::{ApiClient, App};
use crate::event::webhook::{
    self, Delivery, DeliveryId, Refused, Webhook, WebhookId, Webhooks, Wish,
};
use crate::event::{Actor, EventId};
use crate::kit::{Failed, Internal, kinds};
use crate::web::{ApiQuery, Failure, Json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete))
        .routes(routes!(deliveries))
        .routes(routes!(send_again))
}

/// An address that hears of events. Each message is signed as Standard Webhooks says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
struct WebhookView {
    id: WebhookId,
    url: String,
    /// Beginnings of the kinds it hears of; empty: all.
    kinds: Vec<String>,
    created_at: DateTime<Utc>,
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            kinds: webhook.kinds,
            created_at: webhook.created_at,
        }
    }
}

/// Every webhook; there are few.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhooks)]
struct AllWebhooks {
    items: Vec<WebhookView>,
}

/// A webhook and, once, the secret that its messages are signed with.
#[derive(Serialize, ToSchema)]
struct CreatedWebhook {
    webhook: WebhookView,
    /// Shown in this answer only.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// A webhook as written.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookBody {
    #[schema(example = "https://crm.company.example/usher", max_length = 2000)]
    url: String,
    #[serde(default)]
    #[schema(example = json!(["invitation."]))]
    kinds: Vec<String>,
}

impl From<WebhookBody> for Wish {
    fn from(body: WebhookBody) -> Self {
        Self {
            url: body.url,
            kinds: body.kinds,
        }
    }
}

/// One event on its way to one webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
struct DeliveryView {
    id: DeliveryId,
    event: EventId,
    kind: String,
    /// `queued`; `deferred`: it failed and is tried again; `sent`; `failed`: nobody tries again.
    state: String,
    attempts: i64,
    due_at: DateTime<Utc>,
    /// What the receiver answered last.
    answer: Option<String>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            event: delivery.event_id,
            kind: delivery.kind,
            state: delivery.state,
            attempts: delivery.attempts,
            due_at: delivery.due_at,
            answer: delivery.answer,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// The `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if missing.
    #[param(value_type = Option<u16>)]
    limit: Option<String>,
}

fn desk<'a>(app: &'a App, actor: &'a Actor) -> Webhooks<'a> {
    Webhooks {
        sealer: &app.sealer,
        outgoing: &app.outgoing,
        actor,
    }
}

/// Lists webhooks.
#[utoipa::path(get, path = "/webhooks", operation_id = "list_webhooks", tag = "Webhooks",
    security(("oauth2" = ["webhooks:read"])), responses((status = 200, body = AllWebhooks), Reads))]
async fn list(
    State(app): State<App>,
    _: ApiClient<may::WebhooksRead>,
) -> Result<axum::Json<AllWebhooks>, Failure> {
    let webhooks = app.db.read(webhook::list).await?;
    Ok(axum::Json(AllWebhooks {
        items: webhooks.into_iter().map(WebhookView::from).collect(),
    }))
}

/// Creates a webhook. Its secret is in the first answer only.
#[utoipa::path(post, path = "/webhooks", operation_id = "create_webhook", tag = "Webhooks",
    security(("oauth2" = ["webhooks:write"])), params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = CreatedWebhook), Creates))]
async fn create(
    State(app): State<App>,
    client: ApiClient<may::WebhooksWrite>,
    key: IdempotencyKey,
    Json(body): Json<WebhookBody>,
) -> Result<Created<CreatedWebhook>, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    let once = Once::new(client.id, key, "create webhook", &body)?;
    let made = app.db.write(async |tx| {
        let made = once.run(tx, &moment, async |tx| {
            let made = desk(&app, &actor).create(tx, &moment, body.into()).await?;
            Ok::<_, Failed<Refused>>((made.webhook.id, made.secret))
        });
        let (id, secret) = match made.await? {
            Made::Now(id, secret) => (id, Some(secret.reveal().to_owned())),
            Made::Before(id) => (id, None),
        };
        let webhook = webhook::find(tx, id)
            .await?
            .ok_or_else(Failure::not_found)?;
        Ok::<_, Failure>((webhook, secret))
    });
    let (webhook, secret) = made.await?;
    Ok(Created {
        location: app.links.api_v1(&["webhooks", &webhook.id.to_string()]),
        revision: webhook.revision,
        body: CreatedWebhook {
            webhook: webhook.into(),
            secret,
        },
    })
}

/// Shows a webhook.
#[utoipa::path(get, path = "/webhooks/{id}", operation_id = "show_webhook", tag = "Webhooks",
    security(("oauth2" = ["webhooks:read"])), params(("id" = WebhookId, Path)),
    responses((status = 200, body = WebhookView), Reads))]
async fn show(
    State(app): State<App>,
    _: ApiClient<may::WebhooksRead>,
    Named(id): Named<kinds::Webhook>,
) -> Result<Tagged<WebhookView>, Failure> {
    let found = app.db.read(async |tx| webhook::find(tx, id).await).await?;
    let webhook = found.ok_or_else(Failure::not_found)?;
    Ok(Tagged(webhook.revision, webhook.into()))
}

/// Replaces address and kinds of a webhook.
#[utoipa::path(put, path = "/webhooks/{id}", operation_id = "update_webhook", tag = "Webhooks",
    security(("oauth2" = ["webhooks:write"])), params(("id" = WebhookId, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = WebhookView), Updates))]
async fn update(
    State(app): State<App>,
    client: ApiClient<may::WebhooksWrite>,
    Named(id): Named<kinds::Webhook>,
    IfMatch(revision): IfMatch,
    Json(body): Json<WebhookBody>,
) -> Result<Tagged<WebhookView>, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    let changed = app
        .db
        .write(async |tx| {
            desk(&app, &actor)
                .change(tx, &moment, (id, revision), body.into())
                .await
        })
        .await?;
    Ok(Tagged(changed.revision, changed.into()))
}

/// Deletes a webhook. What was not delivered yet never is.
#[utoipa::path(delete, path = "/webhooks/{id}", operation_id = "delete_webhook", tag = "Webhooks",
    security(("oauth2" = ["webhooks:write"])), params(("id" = WebhookId, Path)), responses((status = 204), Acts))]
async fn delete(
    State(app): State<App>,
    client: ApiClient<may::WebhooksWrite>,
    Named(id): Named<kinds::Webhook>,
) -> Result<StatusCode, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    app.db
        .write(async |tx| desk(&app, &actor).delete(tx, &moment, id).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists what was sent to a webhook, what waits and what was given up.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", operation_id = "list_webhook_deliveries", tag = "Webhooks",
    security(("oauth2" = ["webhooks:read"])), params(("id" = WebhookId, Path), Paging),
    responses((status = 200, body = List<DeliveryView>), Reads))]
async fn deliveries(
    State(app): State<App>,
    _: ApiClient<may::WebhooksRead>,
    Named(id): Named<kinds::Webhook>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<axum::Json<List<DeliveryView>>, Failure> {
    let page = page(paging.after.as_deref(), paging.limit.as_deref())?;
    let found = app.db.read(async |tx| {
        let known = webhook::find(tx, id).await?.is_some();
        let deliveries = webhook::deliveries(tx, id, &page).await?;
        Ok::<_, Internal>(known.then_some(deliveries))
    });
    let deliveries = found.await?.ok_or_else(Failure::not_found)?;
    Ok(axum::Json(List::of(deliveries, DeliveryView::from)))
}

/// Sends a delivery that was given up once more.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery}/retry", operation_id = "retry_webhook_delivery",
    tag = "Webhooks", security(("oauth2" = ["webhooks:write"])),
    params(("id" = WebhookId, Path), ("delivery" = DeliveryId, Path)), responses((status = 204), Acts))]
async fn send_again(
    State(app): State<App>,
    _: ApiClient<may::WebhooksWrite>,
    NamedIn(webhook, delivery): NamedIn<kinds::Webhook, kinds::Delivery>,
) -> Result<StatusCode, Failure> {
    let moment = app.moment();
    app.db
        .write(async |tx| webhook::send_again(tx, &moment, webhook, delivery).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
