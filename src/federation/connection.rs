//! A connection: a provider at which people may sign in, and the terms on which it is believed.

use chrono::{DateTime, Utc};

use super::{ConnectionId, Settings};

#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    pub id: ConnectionId,
    /// As the button says.
    pub name: String,
    pub settings: Settings,
    /// Ours, at the provider.
    pub client_id: String,
    /// Ours, sealed; `None` for a public client.
    pub secret_sealed: Option<Vec<u8>>,
    pub secret_expires_at: Option<DateTime<Utc>>,
    pub enabled: bool,
    pub created_at: DateTime<Utc>,
    pub revision: i64,
}
