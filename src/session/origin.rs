//! Which external provider a session came from, and the sessions that came from one.
//!
//! Doesn't talk to providers: what they say is checked by those who receive it.

use super::{SessionId, store};
use crate::db::Tx;
use crate::identity::IdentityId;
use crate::keys::Sealer;
use crate::kit::{Id, Internal, Moment, Secret, kinds};

const SEALED_AS: &str = "upstream ID token";

/// An external sign-in as its provider names it.
#[derive(Debug, Clone)]
pub struct Origin {
    pub connection: Id<kinds::Connection>,
    /// With the subject: the account key.
    pub namespace: String,
    pub subject: String,
    /// The provider's name of its own session.
    pub sid: Option<String>,
    /// What a logout at the provider is asked for with.
    pub id_token: Option<SealedIdToken>,
}

/// A provider's ID token as the database keeps it.
#[derive(Debug, Clone)]
pub struct SealedIdToken(pub(super) Vec<u8>);

impl SealedIdToken {
    pub fn seal(sealer: &Sealer, moment: &Moment, token: &Secret) -> Result<Self, Internal> {
        let text = token.reveal().as_bytes();
        Ok(Self(sealer.seal(SEALED_AS, text, moment)?))
    }

    pub fn open(&self, sealer: &Sealer) -> Result<Secret, Internal> {
        let plain = sealer.open(SEALED_AS, &self.0)?;
        Ok(Secret::new(String::from_utf8(plain)?))
    }
}

/// Which sessions a provider means.
#[derive(Debug, Clone)]
pub enum Which {
    /// All of an account.
    Subject { namespace: String, subject: String },
    /// Those that came from one of the provider's own.
    Sid(String),
}

/// The sessions, and whose they are, that came from a provider and haven't ended.
pub async fn from_upstream(
    tx: &mut Tx,
    connection: Id<kinds::Connection>,
    which: Which,
) -> Result<Vec<(SessionId, IdentityId)>, Internal> {
    match which {
        Which::Subject { namespace, subject } => {
            store::of_upstream_subject(tx, connection, namespace, subject).await
        }
        Which::Sid(sid) => store::of_upstream_sid(tx, connection, sid).await,
    }
}

/// Everything that came through a connection and hasn't ended.
pub async fn of_connection(
    tx: &mut Tx,
    connection: Id<kinds::Connection>,
) -> Result<Vec<(SessionId, IdentityId)>, Internal> {
    store::of_connection(tx, connection).await
}

/// Where a session came from; `None` for one that began here.
pub async fn origin(tx: &mut Tx, session: SessionId) -> Result<Option<Origin>, Internal> {
    store::find_origin(tx, session).await
}
