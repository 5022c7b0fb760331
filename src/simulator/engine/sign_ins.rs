//! Who signed in with which request, and the codes and tokens that stand for it: in memory, as long as the simulator runs.
//!
//! Doesn't know what tokens look like to others.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use super::lock;
use crate::kit::Clock;
use crate::simulator::persona::Persona;
use crate::simulator::provider::TokenFailure;

/// What was asked for at the authorization endpoint.
#[derive(Debug, Clone, Default)]
pub(in crate::simulator) struct Asked {
    pub(in crate::simulator) redirect_uri: String,
    pub(in crate::simulator) scope: String,
    pub(super) nonce: Option<String>,
    /// Method and value (RFC 7636).
    pub(super) challenge: Option<(String, String)>,
    pub(super) max_age: bool,
    /// Google: `access_type=offline`.
    pub(in crate::simulator) is_offline: bool,
}

impl Asked {
    pub(in crate::simulator) fn has_scope(&self, name: &str) -> bool {
        self.scope.split_ascii_whitespace().any(|one| one == name)
    }
}

/// Somebody signed in for a client.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct SignIn {
    pub(in crate::simulator) persona: &'static Persona,
    pub(in crate::simulator) asked: Asked,
    pub(in crate::simulator) at: DateTime<Utc>,
    pub(in crate::simulator) sid: String,
}

struct Code {
    sign_in: SignIn,
    until: DateTime<Utc>,
    used: bool,
}

#[derive(Default)]
pub(in crate::simulator) struct SignIns(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    codes: HashMap<String, Code>,
    access_tokens: HashMap<String, SignIn>,
    refresh_tokens: HashMap<String, SignIn>,
}

/// The shortest lifetime of a code that one of the providers states.
const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(10);

impl SignIns {
    pub(super) fn new_code(&self, sign_in: SignIn, now: DateTime<Utc>) -> String {
        let code = random();
        let kept = Code {
            sign_in,
            until: now + CODE_LIFETIME,
            used: false,
        };
        lock(&self.0).codes.insert(code.clone(), kept);
        code
    }

    /// A code is good once.
    pub(super) fn redeem(&self, code: &str, now: DateTime<Utc>) -> Result<SignIn, TokenFailure> {
        let mut kept = lock(&self.0);
        let code = kept.codes.get_mut(code).ok_or(TokenFailure::UnknownCode)?;
        if code.used {
            return Err(TokenFailure::UsedCode);
        }
        code.used = true;
        if code.until <= now {
            return Err(TokenFailure::ExpiredCode);
        }
        Ok(code.sign_in.clone())
    }

    pub(super) fn new_access_token(&self, sign_in: SignIn, prefix: &str) -> String {
        let token = format!("{prefix}{}", random());
        lock(&self.0).access_tokens.insert(token.clone(), sign_in);
        token
    }

    pub(super) fn new_refresh_token(&self, sign_in: SignIn) -> String {
        let token = random();
        lock(&self.0).refresh_tokens.insert(token.clone(), sign_in);
        token
    }

    pub(super) fn of_access_token(&self, token: &str) -> Option<SignIn> {
        lock(&self.0).access_tokens.get(token).cloned()
    }

    pub(super) fn of_refresh_token(&self, token: &str) -> Option<SignIn> {
        lock(&self.0).refresh_tokens.get(token).cloned()
    }

    /// Whether there was such a token.
    pub(super) fn revoke(&self, token: &str) -> bool {
        let mut kept = lock(&self.0);
        let access = kept.access_tokens.remove(token).is_some();
        kept.refresh_tokens.remove(token).is_some() || access
    }
}

/// Chance never comes from the clock of a test: what the product draws from it must not depend on the simulator.
pub(super) fn random() -> String {
    Clock::system().moment().token().reveal().to_owned()
}
