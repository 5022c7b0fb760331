//! Who is signed in here, and who is on the way: in memory, for as long as the application runs.
//!
//! Knows nothing of the provider's answers beyond keeping them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{AccessToken, Nonce, PkceCodeVerifier, RefreshToken};
use serde_json::{Map, Value};

use super::logout_token::SignedOut;
use super::provider::IdToken;
use crate::kit::digest;

/// More than a demonstration sees; a stranger who starts sign-ins in a loop fills no memory.
const MOST: usize = 10_000;

/// A sign-in that was started and has not come back.
pub(super) struct Attempt {
    /// Digest of the browser's cookie: an answer that another browser brings is refused (RFC 6749 section 10.12).
    pub(super) browser: Vec<u8>,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
    /// An address here.
    pub(super) destination: String,
    pub(super) until: DateTime<Utc>,
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) id_token: IdToken,
    /// The ID token's claims, verified, as they came.
    pub(super) claims: Map<String, Value>,
    pub(super) userinfo: Map<String, Value>,
    pub(super) access_token: AccessToken,
    pub(super) refresh_token: Option<RefreshToken>,
    pub(super) renewals: u32,
    pub(super) until: DateTime<Utc>,
}

impl Visit {
    pub(super) const LIFETIME: TimeDelta = TimeDelta::hours(12);

    fn is_of(&self, signed_out: &SignedOut) -> bool {
        let says = |name: &str| self.claims.get(name).and_then(Value::as_str);
        match &signed_out.session {
            Some(session) => says("sid") == Some(session),
            None => signed_out
                .subject
                .as_deref()
                .is_some_and(|subject| says("sub") == Some(subject)),
        }
    }
}

impl Attempt {
    pub(super) const LIFETIME: TimeDelta = TimeDelta::minutes(30);
}

#[derive(Default)]
pub(super) struct Visits(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    attempts: HashMap<Vec<u8>, Attempt>,
    visits: HashMap<Vec<u8>, Visit>,
}

impl Visits {
    pub(super) fn keep_attempt(&self, state: &str, attempt: Attempt, now: DateTime<Utc>) {
        let mut kept = self.lock();
        if kept.attempts.len() >= MOST {
            kept.attempts.retain(|_, attempt| attempt.until > now);
        }
        if kept.attempts.len() < MOST {
            kept.attempts.insert(digest(state.as_bytes()), attempt);
        }
    }

    /// A state is good for one answer.
    pub(super) fn take_attempt(&self, state: &str, now: DateTime<Utc>) -> Option<Attempt> {
        let attempt = self.lock().attempts.remove(&digest(state.as_bytes()));
        attempt.filter(|attempt| attempt.until > now)
    }

    pub(super) fn begin(&self, cookie: &str, visit: Visit, now: DateTime<Utc>) {
        let mut kept = self.lock();
        kept.visits.retain(|_, visit| visit.until > now);
        if kept.visits.len() < MOST {
            kept.visits.insert(digest(cookie.as_bytes()), visit);
        }
    }

    pub(super) fn find(&self, cookie: &str, now: DateTime<Utc>) -> Option<Visit> {
        let kept = self.lock();
        let visit = kept.visits.get(&digest(cookie.as_bytes()));
        visit.filter(|visit| visit.until > now).cloned()
    }

    pub(super) fn end(&self, cookie: &str) -> Option<Visit> {
        self.lock().visits.remove(&digest(cookie.as_bytes()))
    }

    /// Ends the visits of one session at the provider, or all of a person; tells how many there were.
    pub(super) fn end_of(&self, signed_out: &SignedOut) -> usize {
        let mut kept = self.lock();
        let before = kept.visits.len();
        kept.visits.retain(|_, visit| !visit.is_of(signed_out));
        before - kept.visits.len()
    }

    /// Takes the refresh token out while it is used: presented twice, it would look stolen (RFC 9700 section 4.14.2).
    pub(super) fn take_refresh_token(&self, cookie: &str) -> Option<RefreshToken> {
        let mut kept = self.lock();
        let visit = kept.visits.get_mut(&digest(cookie.as_bytes()));
        visit.and_then(|visit| visit.refresh_token.take())
    }

    /// Changes a visit, unless it ended meanwhile.
    pub(super) fn change(&self, cookie: &str, change: impl FnOnce(&mut Visit)) {
        if let Some(visit) = self.lock().visits.get_mut(&digest(cookie.as_bytes())) {
            change(visit);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
