//! Somebody signs in with a password.
//!
//! Costs one hash and little else. Whether an account exists can be read neither from the answer nor from its time.

use std::net::IpAddr;

use chrono::TimeDelta;
use serde_json::json;

use super::known::{KnownAccounts, Named};
use super::throttle::{Attempt, Attempts, Budget, Counter, TooManyAttempts};
use super::{Methods, NewSession, Session, Started, begin_after, recovery};
use crate::db::Db;
use crate::event::{self, Actor, Kind};
use crate::identity::password::{self, Busy, Credential, Hasher, Verdict};
use crate::identity::{StoreId, recognise};
use crate::kit::{Because, Failed, Internal, Moment, Refusal, Secret};

const QUARTER: TimeDelta = TimeDelta::minutes(15);
/// For a browser in which the account signed in before: its owner, mistyping.
const KNOWN_BROWSER: Budget = Budget {
    failures: 10,
    window: QUARTER,
};
/// For an account from one address, in browsers that don't know it.
const ACCOUNT_AND_ADDRESS: Budget = Budget {
    failures: 10,
    window: QUARTER,
};
/// For an account from anywhere, in browsers that don't know it: what a distributed guesser gets.
const ACCOUNT: Budget = Budget {
    failures: 50,
    window: TimeDelta::hours(1),
};
/// For an address, whatever the account: an office makes mistakes on Monday morning.
const ADDRESS: Budget = Budget {
    failures: 100,
    window: QUARTER,
};

/// What signing in needs.
pub struct Desk<'a> {
    pub db: &'a Db,
    pub hasher: &'a Hasher,
    pub attempts: &'a Attempts,
}

/// What somebody typed, and where.
pub struct Trying<'a> {
    pub store: StoreId,
    pub username: &'a str,
    pub password: &'a Secret,
    /// The flow it happens in, sealed; it goes on after a password change.
    pub flow: &'a str,
    /// What one customer has: an IPv4 address, or a /64.
    pub address: IpAddr,
    /// The digest of the browser's cookie.
    pub browser: &'a [u8],
    pub known: &'a KnownAccounts,
    /// The session of this browser that the new one replaces.
    pub before: Option<&'a Session>,
    pub lifetime: TimeDelta,
}

/// How an attempt ends well.
#[derive(Debug)]
pub enum SignedIn {
    Begun(Started),
    /// The password was right and has to be changed first: the secret of a link that allows exactly that (R107).
    MustChange(Secret),
}

/// Why nobody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Name or password are wrong; nobody is told which.
    Wrong,
    TooMany(TooManyAttempts),
    Busy(Busy),
}

impl Refusal for Refused {
    fn because(&self) -> Because {
        match self {
            Self::Wrong => Because::Unprocessable,
            Self::TooMany(many) => many.because(),
            Self::Busy(busy) => busy.because(),
        }
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::Wrong => None,
            Self::TooMany(many) => many.retry_after_seconds(),
            Self::Busy(busy) => busy.retry_after_seconds(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "wrong_credentials",
            Self::TooMany(many) => many.code(),
            Self::Busy(busy) => busy.code(),
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Wrong => {
                "That doesn't match. Check both fields, or set a new password.".to_owned()
            }
            Self::TooMany(many) => many.sentence(),
            Self::Busy(busy) => busy.sentence(),
        }
    }
}

pub async fn sign_in(
    desk: &Desk<'_>,
    moment: &Moment,
    trying: &Trying<'_>,
) -> Result<SignedIn, Failed<Refused>> {
    let (attempt, credential) = look(desk, moment, trying).await?;
    let hash = credential.as_ref().map(|credential| &credential.hash);
    let verdict = desk.hasher.verify(trying.password, hash, moment).await;
    let verdict = verdict.map_err(|failed| match failed {
        Failed::Refused(busy) => Failed::Refused(Refused::Busy(busy)),
        Failed::Internal(internal) => Failed::Internal(internal),
    })?;
    let hash = match (&verdict, hash) {
        (Verdict::Right, Some(hash)) | (Verdict::RightRenewed(hash), _) => hash.clone(),
        _ => return Err(count(desk, moment, attempt, credential.as_ref()).await?),
    };
    let Some(credential) = credential else {
        return Err(Failed::Refused(Refused::Wrong));
    };
    desk.db
        .write(async |tx| {
            // Also a guard: whoever changed the password meanwhile has ended all sessions, and this one must not follow.
            if !password::renew(tx, &credential, &hash).await? {
                return Err(Failed::Refused(Refused::Wrong));
            }
            attempt.succeeded(tx).await?;
            if credential.must_change {
                let token = recovery::issue(tx, moment, credential.identity, trying.flow).await?;
                return Ok(SignedIn::MustChange(token));
            }
            let new = NewSession {
                identity: credential.identity,
                store: trying.store,
                methods: Methods::password(),
                authenticated_at: None,
                origin: None,
                lifetime: trying.lifetime,
            };
            let started = begin_after(tx, moment, trying.before, new).await?;
            Ok(SignedIn::Begun(started))
        })
        .await
}

/// Whether the attempt may be made, and what it is compared with.
async fn look(
    desk: &Desk<'_>,
    moment: &Moment,
    trying: &Trying<'_>,
) -> Result<(Attempt, Option<Credential>), Failed<Refused>> {
    let counters = counters(trying);
    desk.db
        .read(async |tx| {
            let attempt = desk.attempts.begin(tx, moment.now, counters).await?;
            let attempt = attempt.map_err(|many| Failed::Refused(Refused::TooMany(many)))?;
            let credential = match recognise(trying.username) {
                Some((kind, key)) => password::credential(tx, trying.store, (kind, &key)).await?,
                None => None,
            };
            Ok((attempt, credential))
        })
        .await
}

/// The first counter is the caller's own: a success forgets it.
fn counters(trying: &Trying<'_>) -> Vec<Counter> {
    let named = Named::new(trying.store, trying.username);
    let account = named.as_bytes();
    if trying.known.knows(&named) {
        return vec![Counter::new(
            "sign-in in a known browser",
            &[account, trying.browser],
            KNOWN_BROWSER,
        )];
    }
    let address = trying.address.to_string();
    let address = address.as_bytes();
    vec![
        Counter::new(
            "sign-in of an account from an address",
            &[account, address],
            ACCOUNT_AND_ADDRESS,
        ),
        Counter::new("sign-in of an account", &[account], ACCOUNT),
        Counter::new("sign-in from an address", &[address], ADDRESS),
    ]
}

async fn count(
    desk: &Desk<'_>,
    moment: &Moment,
    attempt: Attempt,
    credential: Option<&Credential>,
) -> Result<Failed<Refused>, Internal> {
    let about = credential.map_or_else(
        || "unknown".to_owned(),
        |credential| credential.identity.to_string(),
    );
    let counted = desk.db.write(async |tx| {
        let counted = attempt.failed(tx, moment).await?;
        if counted.used_up {
            event::record(
                tx,
                moment,
                &Actor::Anonymous,
                Kind::SignInThrottled.about(about, json!({})),
            )
            .await?;
        }
        Ok::<_, Internal>(counted)
    });
    drop(counted.await?);
    Ok(Failed::Refused(Refused::Wrong))
}
