//! Webhooks: addresses that hear of events, signed.
//!
//! Owns the endpoints and their deliveries; sending is `deliver`'s, signing is `signature`'s.

use chrono::{DateTime, Utc};
use serde_json::json;
use url::Url;

use super::signature::SigningSecret;
use super::{Actor, EventId, Kind, record, store};
use crate::db::Tx;
use crate::keys::Sealer;
use crate::kit::{
    Because, Failed, FieldProblem, Id, Internal, Moment, Page, PageRequest, Refusal, Secret, kinds,
};
use crate::web::Outgoing;

pub type WebhookId = Id<kinds::Webhook>;
pub type DeliveryId = Id<kinds::Delivery>;

/// What secrets are sealed for.
pub(super) const SEALED_AS: &str = "webhook";
/// Every event is matched against every endpoint in the unit of work that it belongs to.
const MOST_WEBHOOKS: usize = 20;
const LONGEST_URL: usize = 2000;

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Webhook {
    pub id: WebhookId,
    pub url: String,
    /// Beginnings of the kinds it hears of; empty: all.
    #[sqlx(json)]
    pub kinds: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub revision: i64,
}

impl Webhook {
    pub(super) fn wants(&self, kind: &str) -> bool {
        wants(&self.kinds, kind)
    }
}

fn wants(kinds: &[String], kind: &str) -> bool {
    // An endpoint that fails must not get the news of its failure, which fails too, and so on.
    kind != Kind::WebhookDeliveryFailed.as_str()
        && (kinds.is_empty() || kinds.iter().any(|wanted| kind.starts_with(wanted.as_str())))
}

/// What an administrator chooses.
#[derive(Debug, Clone)]
pub struct Wish {
    pub url: String,
    pub kinds: Vec<String>,
}

/// A new endpoint; the secret is shown this once.
#[derive(Debug)]
pub struct Made {
    pub webhook: Webhook,
    pub secret: Secret,
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Delivery {
    pub id: DeliveryId,
    pub event_id: EventId,
    pub kind: String,
    /// `queued`, `deferred`, `sent` or `failed`.
    pub state: String,
    pub attempts: i64,
    pub due_at: DateTime<Utc>,
    /// What the endpoint answered last.
    pub answer: Option<String>,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    Fields(Vec<FieldProblem>),
    TooMany,
    Unknown,
    /// Somebody else changed it since it was read.
    Stale,
    /// Only what has failed is sent again.
    NotFailed,
}

impl Refusal for Refused {
    fn because(&self) -> Because {
        match self {
            Self::Fields(_) => Because::Invalid,
            Self::TooMany | Self::NotFailed => Because::Conflict,
            Self::Unknown => Because::NotFound,
            Self::Stale => Because::Stale,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Fields(_) => "invalid_webhook",
            Self::TooMany => "too_many_webhooks",
            Self::Unknown => "webhook_not_found",
            Self::Stale => "stale",
            Self::NotFailed => "delivery_not_failed",
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Fields(_) => "The webhook can't be saved like this. Mend the fields.".to_owned(),
            Self::TooMany => {
                format!("There are {MOST_WEBHOOKS} webhooks already. Delete one first.")
            }
            Self::Unknown => "There is no such webhook or delivery.".to_owned(),
            Self::Stale => "Somebody changed the webhook meanwhile. Read it again.".to_owned(),
            Self::NotFailed => "Only a delivery that has failed can be sent again.".to_owned(),
        }
    }

    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Fields(fields) => fields.clone(),
            _ => Vec::new(),
        }
    }
}

/// What creating and changing need beside the unit of work.
pub struct Webhooks<'a> {
    pub sealer: &'a Sealer,
    pub outgoing: &'a Outgoing,
    pub actor: &'a Actor,
}

impl Webhooks<'_> {
    pub async fn create(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        wish: Wish,
    ) -> Result<Made, Failed<Refused>> {
        self.check(&wish)?;
        if store::list_webhooks(tx).await?.len() >= MOST_WEBHOOKS {
            return Err(Failed::Refused(Refused::TooMany));
        }
        let secret = SigningSecret::new(moment);
        let webhook = Webhook {
            id: moment.id(),
            url: wish.url,
            kinds: wish.kinds,
            created_at: moment.now,
            revision: 1,
        };
        let sealed = self.sealer.seal(SEALED_AS, secret.bytes(), moment)?;
        store::insert_webhook(tx, &webhook, sealed).await?;
        self.record(tx, moment, Kind::WebhookCreated, &webhook)
            .await?;
        Ok(Made {
            secret: secret.shown(),
            webhook,
        })
    }

    pub async fn change(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        (id, revision): (WebhookId, i64),
        wish: Wish,
    ) -> Result<Webhook, Failed<Refused>> {
        self.check(&wish)?;
        let mut webhook = found(store::find_webhook(tx, id).await?)?;
        (webhook.url, webhook.kinds) = (wish.url, wish.kinds);
        if !store::update_webhook(tx, &webhook, revision).await? {
            return Err(Failed::Refused(Refused::Stale));
        }
        webhook.revision = revision + 1;
        self.record(tx, moment, Kind::WebhookUpdated, &webhook)
            .await?;
        Ok(webhook)
    }

    /// Ends an endpoint; what was not delivered yet never is.
    pub async fn delete(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        id: WebhookId,
    ) -> Result<(), Failed<Refused>> {
        let webhook = found(store::find_webhook(tx, id).await?)?;
        store::delete_deliveries(tx, id).await?;
        store::delete_webhook(tx, id).await?;
        self.record(tx, moment, Kind::WebhookDeleted, &webhook)
            .await?;
        Ok(())
    }

    async fn record(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        kind: Kind,
        webhook: &Webhook,
    ) -> Result<(), Internal> {
        // The path and the query of the address may hold a secret.
        let host = webhook.url.parse::<Url>().ok();
        let host = host.as_ref().and_then(Url::host_str);
        let data = json!({ "host": host, "kinds": webhook.kinds });
        record(tx, moment, self.actor, kind.about(webhook.id, data)).await?;
        Ok(())
    }

    fn check(&self, wish: &Wish) -> Result<(), Failed<Refused>> {
        let mut problems = Vec::new();
        if let Some(sentence) = self.wrong_address(&wish.url) {
            problems.push(FieldProblem::new("url", "invalid_url", sentence));
        }
        for (at, wanted) in wish.kinds.iter().enumerate() {
            let known = |kind: &Kind| kind.as_str().starts_with(wanted.as_str());
            if wanted.is_empty() || !Kind::ALL.iter().any(known) {
                let sentence = "No kind of event begins like this.";
                problems.push(FieldProblem::new(
                    format!("kinds/{at}"),
                    "unknown_kind",
                    sentence,
                ));
            }
        }
        if wish.kinds.len() > Kind::ALL.len() {
            problems.push(FieldProblem::new(
                "kinds",
                "too_many",
                "There are fewer kinds than that.",
            ));
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Failed::Refused(Refused::Fields(problems)))
        }
    }

    fn wrong_address(&self, text: &str) -> Option<String> {
        if text.len() > LONGEST_URL {
            return Some(format!("An address has at most {LONGEST_URL} characters."));
        }
        let Ok(url) = text.parse::<Url>() else {
            return Some("Write a complete address that begins with https://.".to_owned());
        };
        self.outgoing
            .check(&url)
            .err()
            .map(|forbidden| forbidden.to_string())
    }
}

/// All endpoints: there are few.
pub async fn list(tx: &mut Tx) -> Result<Vec<Webhook>, Internal> {
    store::list_webhooks(tx).await
}

/// One endpoint.
pub async fn find(tx: &mut Tx, id: WebhookId) -> Result<Option<Webhook>, Internal> {
    store::find_webhook(tx, id).await
}

/// What was sent to an endpoint, what waits and what was given up, newest first.
pub async fn deliveries(
    tx: &mut Tx,
    id: WebhookId,
    page: &PageRequest<kinds::Delivery>,
) -> Result<Page<Delivery, kinds::Delivery>, Internal> {
    let deliveries = store::list_deliveries(tx, id, page).await?;
    Ok(Page::cut(deliveries, page, |delivery| delivery.id))
}

/// Sends a delivery that was given up once more, from the beginning of its delays.
pub async fn send_again(
    tx: &mut Tx,
    moment: &Moment,
    webhook: WebhookId,
    delivery: DeliveryId,
) -> Result<(), Failed<Refused>> {
    if store::requeue_delivery(tx, (webhook, delivery), moment.now).await? {
        tx.wake_workers();
        return Ok(());
    }
    let there = store::find_delivery(tx, (webhook, delivery)).await?;
    Err(Failed::Refused(if there {
        Refused::NotFailed
    } else {
        Refused::Unknown
    }))
}

fn found<T>(row: Option<T>) -> Result<T, Failed<Refused>> {
    row.ok_or(Failed::Refused(Refused::Unknown))
}

#[cfg(test)]
mod tests {
    use super::wants;

    #[test]
    fn an_endpoint_hears_what_it_wants() {
        let some = ["invitation.".to_owned(), "session.started".to_owned()];
        assert!(wants(&[], "identity.created"));
        assert!(wants(&some, "invitation.created") && wants(&some, "session.started"));
        assert!(!wants(&some, "session.ended") && !wants(&some, "identity.created"));
        assert!(
            !wants(&[], "webhook.delivery_failed"),
            "no news of failures that fail themselves"
        );
    }
}
