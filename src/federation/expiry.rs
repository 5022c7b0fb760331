//! Warns in time that a connection's secret expires: with it, everybody who signs in there is shut out.
//!
//! Doesn't replace a secret; only the provider's own pages make a new one.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::store::connection::{self as store, Expiring};
use crate::access::{self, Permission};
use crate::application::{CatalogueHandle, Purpose};
use crate::db::{Db, Tx};
use crate::event::{self, Actor, Kind};
use crate::keys::Sealer;
use crate::kit::{Internal, Moment};
use crate::mail::{self, Envelope, SecretExpiresLetter};
use crate::web::Locale;

/// So many days before, and not twice for the same one.
const WARNED_BEFORE_DAYS: [i64; 3] = [30, 7, 1];

/// Warns whoever may change connections, by letter, event and log. Safe to run at any time, on any node.
pub async fn warn(
    db: &Db,
    sealer: &Sealer,
    catalogue: &CatalogueHandle,
    moment: &Moment,
) -> Result<(), Internal> {
    let soon = moment.now + longest();
    let all: Result<Vec<Expiring>, Internal> =
        db.read(async |tx| store::expiring(tx, soon).await).await;
    for expiring in all? {
        if !is_due(&expiring, moment.now) {
            continue;
        }
        db.write(async |tx| {
            if store::note_warning(tx, &expiring, moment.now).await? {
                tell(tx, (sealer, catalogue), moment, &expiring).await?;
            }
            Ok::<_, Internal>(())
        })
        .await?;
    }
    Ok(())
}

fn longest() -> TimeDelta {
    TimeDelta::days(WARNED_BEFORE_DAYS.into_iter().max().unwrap_or(0))
}

/// Whether a day of warning has come since the last warning; the end itself is one too.
fn is_due(expiring: &Expiring, now: DateTime<Utc>) -> bool {
    let days = WARNED_BEFORE_DAYS.into_iter().chain([0]);
    let latest = days
        .map(|days| expiring.secret_expires_at - TimeDelta::days(days))
        .filter(|day| *day <= now)
        .max();
    match (latest, expiring.secret_warned_at) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(day), Some(warned)) => warned < day,
    }
}

async fn tell(
    tx: &mut Tx,
    (sealer, catalogue): (&Sealer, &CatalogueHandle),
    moment: &Moment,
    expiring: &Expiring,
) -> Result<(), Internal> {
    tracing::warn!(
        connection.id = %expiring.id,
        connection.name = expiring.name,
        connection.secret_expires_at = %expiring.secret_expires_at,
        "The secret of a connection expires. Make a new one at the provider and save it here."
    );
    let about = json!({"name": expiring.name, "secret_expires_at": expiring.secret_expires_at});
    let happening = Kind::ConnectionSecretExpires.about(expiring.id, about);
    event::record(tx, moment, &Actor::System, happening).await?;
    let catalogue = catalogue.current();
    let mut applications = catalogue.applications().iter();
    let console = applications.find(|application| application.purpose == Purpose::Console);
    let letter = SecretExpiresLetter {
        application: console.map_or_else(|| "Usher".to_owned(), |it| it.name.clone()),
        accent: console.and_then(|it| it.accent.clone()),
        connection: expiring.name.clone(),
        expires_at: expiring.secret_expires_at,
        over: expiring.secret_expires_at <= moment.now,
    };
    for recipient in access::addresses_of(tx, Permission::ConnectionsWrite).await? {
        let envelope = Envelope {
            recipient: &recipient,
            locale: &Locale::default(),
            invitation: None,
        };
        mail::enqueue(tx, sealer, moment, envelope, &letter).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::Clock;

    /// BR-08: 30, 7 and 1 days before the end, and at the end; a day that was slept through is warned of once.
    #[test]
    fn br_08_each_day_of_warning_counts_once() {
        let end: DateTime<Utc> = "2030-06-30T00:00:00Z".parse().unwrap();
        let mut expiring = Expiring {
            id: Clock::system().moment().id(),
            name: "Contoso".to_owned(),
            secret_expires_at: end,
            secret_warned_at: None,
        };
        let mut warned = Vec::new();
        for hours in -24 * 40..48 {
            let now = end + TimeDelta::hours(hours);
            if is_due(&expiring, now) {
                expiring.secret_warned_at = Some(now);
                warned.push((end - now).num_days());
            }
        }
        assert_eq!(warned, [30, 7, 1, 0]);
        expiring.secret_warned_at = Some(end - TimeDelta::days(29));
        assert!(is_due(&expiring, end - TimeDelta::hours(1)));
        expiring.secret_warned_at = Some(end - TimeDelta::hours(1));
        assert!(!is_due(&expiring, end - TimeDelta::minutes(1)));
    }
}
