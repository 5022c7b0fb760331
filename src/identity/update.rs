//! What is known about a person changes.

use serde_json::json;

use super::{Attributes, IdentityId, Profile, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Because, Failed, Moment, Refusal};

/// The parts to replace; `None` leaves a part as it is.
pub struct Update {
    pub identity: IdentityId,
    /// What the caller read; `None` takes whatever is there.
    pub revision: Option<i64>,
    pub profile: Option<Profile>,
    pub attributes: Option<Attributes>,
}

/// Why nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateRefused {
    NotFound,
    Stale,
}

impl Refusal for UpdateRefused {
    fn because(&self) -> Because {
        match self {
            Self::NotFound => Because::NotFound,
            Self::Stale => Because::Stale,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "identity_not_found",
            Self::Stale => "stale",
        }
    }

    fn sentence(&self) -> String {
        let sentence = match self {
            Self::NotFound => "There is no such identity.",
            Self::Stale => {
                "Somebody else changed this identity meanwhile. Read it again and repeat the change."
            }
        };
        sentence.to_owned()
    }
}

/// Replaces profile, attributes or both, and tells the new revision. The contact address (R35) is proven and stays.
pub async fn update(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    update: Update,
) -> Result<i64, Failed<UpdateRefused>> {
    let before = store::find(tx, update.identity)
        .await?
        .ok_or(Failed::Refused(UpdateRefused::NotFound))?;
    if update
        .revision
        .is_some_and(|revision| revision != before.revision)
    {
        return Err(Failed::Refused(UpdateRefused::Stale));
    }
    let mut changed = Vec::new();
    let mut after = before.clone();
    if let Some(profile) = update.profile {
        after.profile = profile.keeping_contact_of(&before.profile);
        changed.push("profile");
    }
    if let Some(attributes) = update.attributes {
        after.attributes = attributes;
        changed.push("attributes");
    }
    after.updated_at = moment.now;
    if store::update(tx, &after).await? == 0 {
        return Err(Failed::Refused(UpdateRefused::Stale));
    }
    let data = json!({ "changed": changed });
    event::record(
        tx,
        moment,
        actor,
        Kind::IdentityUpdated.about(update.identity, data),
    )
    .await?;
    Ok(before.revision + 1)
}
