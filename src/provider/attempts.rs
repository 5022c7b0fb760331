//! Failed proofs of clients, counted: whoever guesses is told to wait, for what they guess at and from where they are.
//!
//! Kept in the memory of this node: a client's secret has 256 random bits, so this shows attacks and protects no secret.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;

use crate::application::ClientId;

/// Networks and clients that are remembered.
const REMEMBERED: usize = 10_000;
const WINDOW: TimeDelta = TimeDelta::minutes(1);
/// Failures for one client from one network.
const PER_CLIENT: u32 = 20;
/// Failures from one network for whatever client: many clients may share an address.
const PER_NETWORK: u32 = 200;

/// `None`: whatever client, existing or not.
type Key = (IpAddr, Option<ClientId>);

pub(super) struct Attempts(Cache<Key, Window>);

#[derive(Clone, Copy)]
struct Window {
    ends_at: DateTime<Utc>,
    failures: u32,
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }

    /// How many seconds to wait, if there were too many failures.
    pub(super) fn wait(
        &self,
        network: IpAddr,
        client: Option<ClientId>,
        now: DateTime<Utc>,
    ) -> Option<u64> {
        let full = |key: Key, limit: u32| {
            let window = self.0.get(&key)?;
            (window.failures >= limit && now < window.ends_at).then_some(window.ends_at)
        };
        let of_network = full((network, None), PER_NETWORK);
        let of_client = client.and_then(|client| full((network, Some(client)), PER_CLIENT));
        let until = of_network.max(of_client)?;
        u64::try_from((until - now).num_seconds() + 1).ok()
    }

    pub(super) fn failed(&self, network: IpAddr, client: Option<ClientId>, now: DateTime<Utc>) {
        self.count((network, None), now);
        if client.is_some() {
            self.count((network, client), now);
        }
    }

    fn count(&self, key: Key, now: DateTime<Utc>) {
        let known = self.0.get(&key).filter(|window| now < window.ends_at);
        let window = known.unwrap_or(Window {
            ends_at: now + WINDOW,
            failures: 0,
        });
        let failures = window.failures.saturating_add(1);
        self.0.insert(key, Window { failures, ..window });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::Clock;

    /// OA-28: limits per client and per network; nobody locks a client out from elsewhere.
    #[test]
    fn guessing_is_noticed_where_it_happens() {
        let moment = Clock::system().moment();
        let (now, victim, other) = (moment.now, Some(moment.id()), Some(moment.id()));
        let [here, there] = ["192.0.2.1", "192.0.2.2"].map(|ip| ip.parse::<IpAddr>().unwrap());
        let attempts = Attempts::new();
        for _ in 0..PER_CLIENT {
            assert_eq!(attempts.wait(here, victim, now), None);
            attempts.failed(here, victim, now);
        }
        assert_eq!(attempts.wait(here, victim, now), Some(61));
        assert_eq!(attempts.wait(there, victim, now), None);
        assert_eq!(attempts.wait(here, other, now), None);
        assert_eq!(attempts.wait(here, victim, now + WINDOW), None);
        for _ in 0..PER_NETWORK {
            attempts.failed(here, None, now);
        }
        assert!(attempts.wait(here, other, now).is_some());
        assert!(attempts.wait(there, None, now).is_none());
    }
}
