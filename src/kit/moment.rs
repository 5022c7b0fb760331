//! The only source of time and chance. Use cases get a `Moment`; tests set the clock and the seed.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

use super::{Id, Secret};

/// Where moments come from: the system, or a test.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(ManualClock),
}

impl Clock {
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    #[must_use]
    pub fn manual(clock: &ManualClock) -> Self {
        Self(Source::Manual(clock.clone()))
    }

    /// Now, cut to microseconds: what both databases keep.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let now = match &self.0 {
            Source::System => system_time().trunc_subsecs(6),
            Source::Manual(clock) => clock.lock().now,
        };
        Moment {
            now,
            source: self.0.clone(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the system's clock"
)]
fn system_time() -> DateTime<Utc> {
    Utc::now()
}

/// A clock that stands still until it is moved, with chance that repeats.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<Manual>>);

struct Manual {
    now: DateTime<Utc>,
    chance: StdRng,
}

impl ManualClock {
    #[must_use]
    pub fn new(now: DateTime<Utc>, seed: u64) -> Self {
        let manual = Manual {
            now: now.trunc_subsecs(6),
            chance: StdRng::seed_from_u64(seed),
        };
        Self(Arc::new(Mutex::new(manual)))
    }

    pub fn advance(&self, by: TimeDelta) {
        self.lock().now += by;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Manual> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One instant, and the chance that belongs to it.
#[derive(Clone)]
pub struct Moment {
    pub now: DateTime<Utc>,
    source: Source,
}

impl Moment {
    /// Random bytes, fit for secrets.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.source {
            Source::System => fill_from_system(&mut bytes),
            Source::Manual(clock) => clock.lock().chance.fill_bytes(&mut bytes),
        }
        bytes
    }

    /// A new id (UUID v7, RFC 9562 section 5.7): the millisecond first, then chance.
    #[must_use]
    pub fn id<K>(&self) -> Id<K> {
        let millis = u64::try_from(self.now.timestamp_millis()).unwrap_or_default();
        Id::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid())
    }

    /// 256 random bits in base64url: links, codes, sessions, refresh tokens, client secrets.
    #[must_use]
    pub fn token(&self) -> Secret {
        Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.bytes::<32>()))
    }

    /// A UUID for a request or a token id, where no typed id fits.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        self.id::<()>().uuid()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the system for chance"
)]
fn fill_from_system(bytes: &mut [u8]) {
    rand::rng().fill_bytes(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::kinds;

    #[test]
    fn ids_sort_by_the_time_of_their_making() {
        let clock = ManualClock::new(DateTime::UNIX_EPOCH + TimeDelta::days(20_000), 1);
        let earlier = Clock::manual(&clock).moment().id::<kinds::Group>();
        clock.advance(TimeDelta::milliseconds(1));
        let later = Clock::manual(&clock).moment().id::<kinds::Group>();
        assert!(earlier < later && earlier.to_string() < later.to_string());
    }

    #[test]
    fn the_same_seed_gives_the_same_tokens() {
        let token = |seed| {
            let clock = ManualClock::new(DateTime::UNIX_EPOCH, seed);
            Clock::manual(&clock).moment().token().reveal().to_owned()
        };
        assert_eq!(token(5), token(5));
        assert_ne!(token(5), token(6));
    }
}
