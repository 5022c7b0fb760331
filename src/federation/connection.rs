//! A connection: a provider at which people may sign in, and the terms on which it is believed.
//!
//! Its secret is here only sealed; whoever talks to the provider opens it for that moment.

use chrono::{DateTime, Utc};

use super::{ConnectionId, Settings};
use crate::keys::Sealer;
use crate::kit::{Internal, Secret};

/// What secrets are sealed for.
pub(super) const SEALED_AS: &str = "connection";

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

impl Connection {
    /// Our secret at the provider, to be sent there and nowhere else.
    pub fn secret(&self, sealer: &Sealer) -> Result<Option<Secret>, Internal> {
        let Some(secret) = &self.secret_sealed else {
            return Ok(None);
        };
        let opened = sealer.open(SEALED_AS, secret)?;
        Ok(Some(Secret::new(String::from_utf8(opened)?)))
    }
}
