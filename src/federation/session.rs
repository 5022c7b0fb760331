//! The session of somebody who has come from a provider.

use chrono::TimeDelta;

use super::ExternalIdentity;
use crate::identity::{IdentityId, StoreId};
use crate::keys::Sealer;
use crate::kit::{Internal, Moment, Secret};
use crate::session::{Methods, NewSession, Origin, SealedIdToken};

/// A session that says where it came from, and when the provider saw the person.
pub fn session_of(
    sealer: &Sealer,
    moment: &Moment,
    external: &ExternalIdentity,
    (identity, store): (IdentityId, StoreId),
    lifetime: TimeDelta,
) -> Result<NewSession, Internal> {
    let seal = |token: &String| SealedIdToken::seal(sealer, moment, &Secret::new(token.clone()));
    Ok(NewSession {
        identity,
        store,
        methods: Methods::external(external.methods.clone()),
        authenticated_at: external.authenticated_at,
        origin: Some(Origin {
            connection: external.connection,
            namespace: external.key.namespace.clone(),
            subject: external.key.subject.clone(),
            sid: external.sid.clone(),
            id_token: external.id_token.as_ref().map(seal).transpose()?,
        }),
        lifetime,
    })
}
