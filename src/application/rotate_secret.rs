//! Gives a client a new secret; the old one counts a while longer, so that nobody is locked out meanwhile.
//!
//! At most two secrets count at any time.

use chrono::TimeDelta;
use serde_json::json;

use super::{ClientId, Refused, changed, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Failed, Moment, Secret};

/// The new secret, shown once. The old one ends after `overlap`, at once if that is zero.
pub async fn rotate_secret(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: ClientId,
    overlap: TimeDelta,
) -> Result<Secret, Failed<Refused>> {
    let Some(client) = store::client(tx, id).await? else {
        return Err(Failed::Refused(Refused::UnknownClient(id)));
    };
    if !client.settings.authentication.uses_secret() {
        return Err(Failed::Refused(Refused::NoSecret));
    }
    let secret = moment.token();
    let old_until = moment.now + overlap.max(TimeDelta::zero());
    store::drop_ending_secrets(tx, id).await?;
    store::end_secrets(tx, id, old_until).await?;
    store::insert_secret(tx, id, secret.digest(), moment.now).await?;
    store::touch_client(tx, id).await?;
    let happening = Kind::ClientSecretAdded.about(id, json!({"old_until": old_until}));
    event::record(tx, moment, actor, happening).await?;
    changed(tx).await?;
    Ok(secret)
}
