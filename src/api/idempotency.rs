//! `Idempotency-Key` on creations (R138): the same key with the same request makes one thing, however often it arrives.
//!
//! Keeps what was made by its id only: secrets and links appear in the first answer and in no other.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use chrono::TimeDelta;
use serde::Serialize;

use super::store;
use crate::application::ClientId;
use crate::db::{Db, Tx};
use crate::kit::{Because, Failed, Id, Internal, Kind, Moment, Refusal, digest};
use crate::web::Failure;

const HEADER: &str = "idempotency-key";
const LONGEST: usize = 255;
/// How long a key is remembered.
pub const REMEMBERED: TimeDelta = TimeDelta::hours(24);

/// The header's value, if the caller sent one; only its digest.
pub struct IdempotencyKey(Option<Vec<u8>>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut values = parts.headers.get_all(HEADER).iter();
        let (value, more) = (values.next(), values.next());
        let Some(value) = value else {
            return Ok(Self(None));
        };
        let bytes = value.as_bytes();
        let printable = bytes.iter().all(|byte| (0x20..0x7f).contains(byte));
        if more.is_some() || !printable || !(1..=LONGEST).contains(&bytes.len()) {
            let sentence =
                "Send one Idempotency-Key of 1 to 255 printable ASCII characters, such as a UUID.";
            return Err(Failure::refused(
                StatusCode::BAD_REQUEST,
                "idempotency_key_malformed",
                sentence,
            ));
        }
        Ok(Self(Some(digest(bytes))))
    }
}

/// The key was used for something else.
#[derive(Debug)]
pub struct Reused;

impl Refusal for Reused {
    fn because(&self) -> Because {
        Because::Unprocessable
    }

    fn code(&self) -> &'static str {
        "idempotency_key_reused"
    }

    fn sentence(&self) -> String {
        "This Idempotency-Key was used for another request. Use a new key for each thing you create.".into()
    }
}

/// What came of a creation.
pub enum Made<K, T> {
    /// It was made now.
    Now(Id<K>, T),
    /// An earlier request with the same key made it.
    Before(Id<K>),
}

impl<K, T> Made<K, T> {
    pub fn id(&self) -> Id<K> {
        match self {
            Self::Now(id, _) | Self::Before(id) => *id,
        }
    }
}

/// One request to create something, as one caller sent it.
pub struct Once {
    caller: String,
    key: Option<Vec<u8>>,
    request: Vec<u8>,
}

impl Once {
    /// `operation` keeps equal bodies for different things apart.
    pub fn new(
        caller: ClientId,
        key: IdempotencyKey,
        operation: &str,
        body: &impl Serialize,
    ) -> Result<Self, Internal> {
        let body = serde_json::to_vec(body)?;
        Ok(Self {
            caller: caller.to_string(),
            key: key.0,
            request: digest(&[operation.as_bytes(), b"\n", &body].concat()),
        })
    }

    /// Runs `work` unless an earlier request with the same key did, all in the caller's unit of work.
    pub async fn run<K: Kind, T, R>(
        &self,
        tx: &mut Tx,
        moment: &Moment,
        work: impl AsyncFnOnce(&mut Tx) -> Result<(Id<K>, T), Failed<R>>,
    ) -> Result<Made<K, T>, Failure>
    where
        R: Refusal,
    {
        let Some(key) = &self.key else {
            let (id, made) = work(tx).await?;
            return Ok(Made::Now(id, made));
        };
        if !store::claim_key(tx, &self.caller, key, &self.request, moment.now).await? {
            return self.earlier(tx, key).await;
        }
        let (id, made) = work(tx).await?;
        store::set_made(tx, &self.caller, key, &id.to_string()).await?;
        Ok(Made::Now(id, made))
    }

    async fn earlier<K: Kind, T>(&self, tx: &mut Tx, key: &[u8]) -> Result<Made<K, T>, Failure> {
        let earlier = store::find_key(tx, &self.caller, key).await?;
        let earlier = earlier
            .ok_or_else(|| Internal::because("an idempotency key was neither taken nor found"))?;
        if earlier.request_hash != self.request {
            return Err(Reused.into());
        }
        Ok(Made::Before(
            earlier.resource.parse().map_err(Internal::from)?,
        ))
    }
}

/// Forgets old keys. Safe to run at any time, on any node.
pub async fn forget_old(db: &Db, moment: &Moment) -> Result<(), Internal> {
    let before = moment.now - REMEMBERED;
    db.write(async |tx| store::forget_keys(tx, before).await)
        .await?;
    Ok(())
}
