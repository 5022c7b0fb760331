//! The life of signing keys: made, published, signing, succeeded, gone.
//!
//! Doesn't sign; the ring in memory reads what is decided here.

use chrono::{DateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use super::pair::{self, Pair};
use super::store::{self, NewRow, Succession};
use super::{Algorithm, Sealer};
use crate::db::{Db, Tx};
use crate::kit::{Id, Internal, Moment, kinds};

/// What private keys are sealed for.
pub(super) const PURPOSE: &str = "signing key";

/// A new key is published for this long before it signs, so that nobody meets a `kid` they can't look up.
pub const PUBLISHED_AHEAD: TimeDelta = TimeDelta::hours(1);
/// A key is kept for this long after its last signature: an invitation link lives for 30 days at most.
pub const PUBLISHED_AFTER: TimeDelta = TimeDelta::days(31);
/// The age at which the schedule replaces a key.
pub const ROTATED_AFTER: TimeDelta = TimeDelta::days(90);

/// Key pairs on their way into the ring, one per algorithm.
#[derive(Clone)]
pub struct NewKeys(Vec<(Algorithm, Zeroizing<Vec<u8>>)>);

impl NewKeys {
    /// Makes a pair for each algorithm, off the async threads.
    pub async fn generate() -> Result<Self, Internal> {
        tokio::task::spawn_blocking(|| {
            let pairs = Algorithm::ALL
                .into_iter()
                .map(|algorithm| Ok((algorithm, pair::generate(algorithm)?)));
            pairs.collect::<Result<_, Internal>>().map(Self)
        })
        .await?
    }
}

/// A key that entered the ring.
#[derive(Debug, Clone)]
pub struct Published {
    pub id: Id<kinds::SigningKey>,
    pub algorithm: Algorithm,
    pub kid: String,
    pub signs_from: DateTime<Utc>,
}

/// A key as lists show it.
#[derive(Debug, Clone)]
pub struct Listed {
    pub id: Id<kinds::SigningKey>,
    pub algorithm: Algorithm,
    pub signs_from: DateTime<Utc>,
    /// Set once a successor is published.
    pub signs_until: Option<DateTime<Utc>>,
    pub published_until: Option<DateTime<Utc>>,
}

/// All keys, oldest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Listed>, Internal> {
    let rows = store::all(tx).await?;
    let listed = rows.into_iter().map(|row| {
        Ok(Listed {
            id: row.id,
            algorithm: row.algorithm()?,
            signs_from: row.signs_from,
            signs_until: row.signs_until,
            published_until: row.published_until,
        })
    });
    listed.collect()
}

/// Makes sure that each algorithm has a key. Of two nodes that start at once, one writes and both read the same ring.
pub async fn ensure(db: &Db, sealer: &Sealer, moment: &Moment) -> Result<(), Internal> {
    let rows = db.read(async |tx| store::all(tx).await).await?;
    let mut open = Vec::new();
    for row in rows.iter().filter(|row| row.signs_until.is_none()) {
        open.push(row.algorithm()?);
    }
    if Algorithm::ALL.iter().all(|one| open.contains(one)) {
        return Ok(());
    }
    let keys = NewKeys::generate().await?;
    db.write(async |tx| plant(tx, sealer, moment, &keys).await)
        .await?;
    Ok(())
}

/// Puts keys into a ring that has none of their algorithms yet; they sign at once.
pub async fn plant(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    keys: &NewKeys,
) -> Result<Vec<Published>, Internal> {
    let mut planted = Vec::new();
    for (algorithm, pkcs8) in &keys.0 {
        let key = NewKey {
            algorithm: *algorithm,
            pkcs8,
            signs_from: moment.now,
        };
        planted.extend(publish(tx, sealer, moment, &key).await?);
    }
    changed(tx, planted.len()).await?;
    Ok(planted)
}

/// Forgets every key and plants new ones: for a master key that is lost, and for keys that somebody else may have. Every token and
/// every invitation link that was out ends.
pub async fn start_over(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    keys: &NewKeys,
) -> Result<Vec<Published>, Internal> {
    store::delete_all(tx).await?;
    plant(tx, sealer, moment, keys).await
}

/// Which keys a rotation replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacing {
    /// Every key that signs now. One whose successor is published already stays with it.
    All,
    /// Those that have signed for `ROTATED_AFTER`.
    Old,
}

/// Publishes successors. They sign after `PUBLISHED_AHEAD`; the keys before them stay until all they signed has expired.
/// An empty answer means that nothing was to be done, or that another node has just done it.
pub async fn rotate(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    keys: &NewKeys,
    replacing: Replacing,
) -> Result<Vec<Published>, Internal> {
    let signs_from = moment.now + PUBLISHED_AHEAD;
    let mut published = Vec::new();
    for (algorithm, pkcs8) in &keys.0 {
        let end = Succession {
            algorithm: *algorithm,
            signs_until: signs_from,
            published_until: signs_from + PUBLISHED_AFTER,
            if_signing_since: match replacing {
                Replacing::All => moment.now,
                Replacing::Old => moment.now - ROTATED_AFTER,
            },
        };
        if store::set_successor(tx, &end).await? {
            let key = NewKey {
                algorithm: *algorithm,
                pkcs8,
                signs_from,
            };
            published.extend(publish(tx, sealer, moment, &key).await?);
        }
    }
    changed(tx, published.len()).await?;
    Ok(published)
}

/// Whether the schedule has a key to replace.
pub async fn is_due(tx: &mut Tx, now: DateTime<Utc>) -> Result<bool, Internal> {
    let rows = store::all(tx).await?;
    let mut open = rows.iter().filter(|row| row.signs_until.is_none());
    Ok(open.any(|row| row.signs_from <= now - ROTATED_AFTER))
}

/// Deletes the keys whose last token has expired.
pub async fn sweep(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, Internal> {
    let gone = store::delete_unpublished(tx, now).await?;
    changed(tx, usize::try_from(gone)?).await?;
    Ok(gone)
}

/// What the schedule does: replaces keys that have signed long enough, and deletes those that nobody needs any more.
pub async fn keep_fresh(db: &Db, sealer: &Sealer, moment: &Moment) -> Result<(), Internal> {
    let due: Result<bool, Internal> = db.read(async |tx| is_due(tx, moment.now).await).await;
    if due? {
        let keys = NewKeys::generate().await?;
        let published: Result<_, Internal> = db
            .write(async |tx| rotate(tx, sealer, moment, &keys, Replacing::Old).await)
            .await;
        for key in published? {
            tracing::info!(key.id = %key.id, key.algorithm = %key.algorithm, key.signs_from = %key.signs_from,
                "the next signing key is published");
        }
    }
    let gone: Result<u64, Internal> = db.write(async |tx| sweep(tx, moment.now).await).await;
    gone.map(|_| ())
}

struct NewKey<'k> {
    algorithm: Algorithm,
    pkcs8: &'k [u8],
    signs_from: DateTime<Utc>,
}

async fn publish(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    key: &NewKey<'_>,
) -> Result<Option<Published>, Internal> {
    let public = Pair::parse(key.algorithm, key.pkcs8)?.public_jwk()?;
    let row = NewRow {
        id: moment.id(),
        algorithm: key.algorithm,
        private_sealed: sealer.seal(PURPOSE, key.pkcs8, moment)?,
        public_jwk: &public.jwk,
        created_at: moment.now,
        signs_from: key.signs_from,
    };
    let published = Published {
        id: row.id,
        algorithm: key.algorithm,
        kid: public.kid,
        signs_from: key.signs_from,
    };
    let inserted = store::insert(tx, row).await?;
    Ok(inserted.then_some(published))
}

async fn changed(tx: &mut Tx, count: usize) -> Result<(), Internal> {
    if count > 0 {
        store::bump_version(tx).await?;
        tx.announce().await?;
    }
    Ok(())
}
