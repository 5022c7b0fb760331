//! What happened: an append-only log (R140), written in the unit of work that it is about, and the webhooks that carry it out.
//!
//! Never holds a secret: no token, code, password or link; and nothing is ever changed or removed here.

pub mod api;
mod deliver;
mod kind;
mod signature;
mod store;
pub mod webhook;

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::db::Tx;
use crate::kit::{Id, Internal, Moment, Page, PageRequest, kinds};

pub use deliver::Messenger;
pub use kind::Kind;
pub use store::DELIVERIES;

pub type EventId = Id<kinds::Event>;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Identity(Id<kinds::Identity>),
    /// A program with credentials of its own.
    Client(Id<kinds::Client>),
    /// Usher itself: a chore, the command line.
    System,
    /// Somebody who has not said who they are.
    Anonymous,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity(id) => id.fmt(f),
            Self::Client(id) => id.fmt(f),
            Self::System => f.write_str("system"),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}

/// The text names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an actor: expected an identity, a client, “system” or “anonymous”")]
pub struct NotAnActor;

impl std::str::FromStr for Actor {
    type Err = NotAnActor;

    fn from_str(text: &str) -> Result<Self, NotAnActor> {
        match text {
            "system" => Ok(Self::System),
            "anonymous" => Ok(Self::Anonymous),
            id => id
                .parse()
                .map(Self::Identity)
                .or_else(|_| id.parse().map(Self::Client))
                .map_err(|_| NotAnActor),
        }
    }
}

/// Something that happened, about to be recorded. Made by `Kind::about`.
#[derive(Debug)]
pub struct Happening {
    kind: Kind,
    subject: String,
    data: Value,
}

impl Kind {
    /// What it is about (`inv_…`, `app_…`) and what a reader may know of it.
    #[must_use]
    pub fn about(self, subject: impl fmt::Display, data: Value) -> Happening {
        Happening {
            kind: self,
            subject: subject.to_string(),
            data,
        }
    }
}

/// Something that happened, as recorded.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Event {
    pub id: EventId,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub actor: String,
    pub subject: String,
    #[sqlx(json)]
    pub data: Value,
}

/// Records what happened and queues its webhook deliveries, all in the caller's unit of work.
pub async fn record(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    happening: Happening,
) -> Result<Event, Internal> {
    let event = Event {
        id: moment.id(),
        at: moment.now,
        kind: happening.kind.as_str().to_owned(),
        actor: actor.to_string(),
        subject: happening.subject,
        data: happening.data,
    };
    if store::insert(tx, &event).await? > 0 {
        queue_deliveries(tx, moment, &event).await?;
    }
    Ok(event)
}

async fn queue_deliveries(tx: &mut Tx, moment: &Moment, event: &Event) -> Result<(), Internal> {
    for webhook in store::list_webhooks(tx).await? {
        if webhook.wants(&event.kind) {
            store::insert_delivery(tx, moment.id(), webhook.id, event).await?;
            tx.wake_workers();
        }
    }
    Ok(())
}

/// Which events are wanted.
#[derive(Debug, Default, Clone)]
pub struct Filter {
    /// Only what is about this.
    pub subject: Option<String>,
    /// Only kinds that begin with this: `invitation.`, `invitation.created`.
    pub kind: Option<String>,
}

/// Events, newest first.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    page: &PageRequest<kinds::Event>,
) -> Result<Page<Event, kinds::Event>, Internal> {
    let events = match &filter.subject {
        Some(subject) => store::list_about(tx, subject, filter.kind.as_deref(), page).await?,
        None => store::list(tx, filter.kind.as_deref(), page).await?,
    };
    Ok(Page::cut(events, page, |event| event.id))
}

/// One event.
pub async fn find(tx: &mut Tx, id: EventId) -> Result<Option<Event>, Internal> {
    store::find(tx, id).await
}
