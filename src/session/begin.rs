//! A session begins.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Methods, Origin, Session, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::identity::{IdentityId, StoreId};
use crate::kit::{Internal, Moment, Secret};

/// Who signs in, and how.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub identity: IdentityId,
    pub store: StoreId,
    pub methods: Methods,
    /// When the person authenticated, if that was earlier than now.
    pub authenticated_at: Option<DateTime<Utc>>,
    /// The external sign-in it begins with.
    pub origin: Option<Origin>,
    /// It ends after this time, used or not.
    pub lifetime: TimeDelta,
}

/// A session, and what the browser's cookie gets. The token is seen here once: the database keeps its digest.
#[derive(Debug)]
pub struct Started {
    pub session: Session,
    pub token: Secret,
}

/// Begins a session with an id and a token of its own: what a browser held before never becomes more than it was.
pub async fn begin(tx: &mut Tx, moment: &Moment, new: NewSession) -> Result<Started, Internal> {
    let session = Session {
        id: moment.id(),
        identity: new.identity,
        store: new.store,
        methods: new.methods,
        authenticated_at: new.authenticated_at.unwrap_or(moment.now).min(moment.now),
        began_at: moment.now,
        expires_at: moment.now + new.lifetime,
    };
    let token = moment.token();
    store::insert(tx, &session, token.digest()).await?;
    if let Some(origin) = new.origin {
        store::insert_origin(tx, session.id, origin).await?;
    }
    let data = json!({ "identity": session.identity, "methods": session.methods });
    let actor = Actor::Identity(session.identity);
    event::record(
        tx,
        moment,
        &actor,
        Kind::SessionStarted.about(session.id, data),
    )
    .await?;
    Ok(Started { session, token })
}
