//! Passwords: hashed with Argon2id in a bounded pool, checked for strength, changed.
//!
//! Doesn't decide who may try how often; that is the session's throttle.

mod hasher;
mod kept;
mod strength;

use std::fmt;

use serde_json::json;

use super::{IdentifierKind, IdentityId, NewPassword, Status, StoreId, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Because, FieldProblem, Internal, Moment, Refusal};

pub use hasher::{Hasher, Verdict};
pub use strength::{MAX_CHARACTERS, MIN_CHARACTERS, WeakPassword, check_strength};

/// A PHC string of Argon2id. It doesn't print.
#[derive(Clone, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The PHC string, for whoever carries it sealed.
    #[must_use]
    pub fn as_phc(&self) -> &str {
        &self.0
    }

    /// Takes back what `as_phc` gave.
    #[must_use]
    pub const fn from_phc(phc: String) -> Self {
        Self(phc)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The pool has more to do than it can finish soon. Trying again in a moment helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

impl Refusal for Busy {
    fn because(&self) -> Because {
        Because::Busy
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        Some(2)
    }

    fn code(&self) -> &'static str {
        "busy"
    }

    fn sentence(&self) -> String {
        "Many people are signing in just now. Nothing was lost: try again in a few seconds."
            .to_owned()
    }
}

/// Why a chosen password isn't taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    Weak(WeakPassword),
    Busy(Busy),
}

impl Refusal for NotTaken {
    fn because(&self) -> Because {
        match self {
            Self::Weak(_) => Because::Unprocessable,
            Self::Busy(busy) => busy.because(),
        }
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::Weak(_) => None,
            Self::Busy(busy) => busy.retry_after_seconds(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Weak(weak) => weak.code,
            Self::Busy(busy) => busy.code(),
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Weak(weak) => weak.sentence.clone(),
            Self::Busy(busy) => busy.sentence(),
        }
    }

    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Weak(weak) => vec![FieldProblem::new(
                "password",
                weak.code,
                weak.sentence.clone(),
            )],
            Self::Busy(_) => Vec::new(),
        }
    }
}

/// What a password sign-in compares with.
#[derive(Debug, Clone)]
pub struct Credential {
    pub identity: IdentityId,
    pub hash: PasswordHash,
    /// Whether it has to be changed before anything else.
    pub must_change: bool,
}

/// The credential of an active identity; none is an answer that must look like any other.
pub async fn credential(
    tx: &mut Tx,
    store: StoreId,
    (kind, key): (IdentifierKind, &str),
) -> Result<Option<Credential>, Internal> {
    let row = store::credential(tx, store, kind, key).await?;
    let active = row.filter(|row| row.status == Status::Active.as_str());
    Ok(active.and_then(|row| {
        let (hash, must_change) = row.phc.zip(row.must_change)?;
        let identity = row.identity_id;
        Some(Credential {
            identity,
            hash,
            must_change,
        })
    }))
}

/// Whether the identity has a password.
pub async fn exists(tx: &mut Tx, identity: IdentityId) -> Result<bool, Internal> {
    kept::has_password(tx, identity).await
}

/// Gives an identity a new password. Who may do so, and what else ends with it, the caller decides.
pub async fn set(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    identity: IdentityId,
    password: &NewPassword,
) -> Result<(), Internal> {
    let (hash, must_change) = password.parts();
    store::set_password(tx, identity, hash, must_change, moment.now).await?;
    event::record(
        tx,
        moment,
        actor,
        Kind::PasswordChanged.about(identity, json!({})),
    )
    .await?;
    Ok(())
}

/// Writes the same password in newer parameters, or as it is; tells whether it was still the one that was compared with.
pub async fn renew(
    tx: &mut Tx,
    credential: &Credential,
    hash: &PasswordHash,
) -> Result<bool, Internal> {
    let touched = store::renew_password(tx, credential.identity, &credential.hash, hash).await?;
    Ok(touched == 1)
}
