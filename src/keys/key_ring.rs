//! The ring in memory: parsed keys that sign and verify our own tokens, and the document that publishes them.
//!
//! Doesn't decide when a key begins or ends; that is written in the database by `ring`.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::jose::{self, Age, Parts};
use super::pair::Pair;
use super::provider::{self, Registered};
use super::{Algorithm, BadToken, Sealer, TokenKind, ring, store};
use crate::db::Db;
use crate::kit::{Internal, Moment};

/// Signs and verifies. Cheap to clone; all clones see a reload.
#[derive(Clone)]
pub struct KeyRing(Arc<Shared>);

struct Shared {
    sealer: Sealer,
    current: RwLock<Arc<Snapshot>>,
}

struct Snapshot {
    version: i64,
    keys: Vec<Key>,
    jwks: Arc<str>,
}

struct Key {
    algorithm: Algorithm,
    kid: String,
    registered: Registered,
    signs_from: DateTime<Utc>,
    published_until: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct Header<'h> {
    alg: &'h str,
    kid: &'h str,
    typ: &'h str,
}

impl KeyRing {
    /// Makes sure that there are keys, and reads them.
    pub async fn open(db: &Db, sealer: &Sealer, moment: &Moment) -> Result<Self, Internal> {
        provider::install();
        ring::ensure(db, sealer, moment).await?;
        let snapshot = read(db, sealer).await?;
        let shared = Shared {
            sealer: sealer.clone(),
            current: RwLock::new(Arc::new(snapshot)),
        };
        Ok(Self(Arc::new(shared)))
    }

    /// Reads the keys again if they have changed.
    pub async fn reload(&self, db: &Db) -> Result<(), Internal> {
        let version = db.read(async |tx| store::version(tx).await).await?;
        if version != self.current().version {
            let snapshot = Arc::new(read(db, &self.0.sealer).await?);
            *self
                .0
                .current
                .write()
                .unwrap_or_else(PoisonError::into_inner) = snapshot;
        }
        Ok(())
    }

    /// The public keys as a JWK set (RFC 7517 section 5), serialised once.
    #[must_use]
    pub fn jwks(&self) -> Arc<str> {
        Arc::clone(&self.current().jwks)
    }

    /// A compact JWS over the claims.
    pub fn sign(
        &self,
        kind: TokenKind,
        algorithm: Algorithm,
        claims: &impl Serialize,
        moment: &Moment,
    ) -> Result<String, Internal> {
        let current = self.current();
        let signing = current
            .keys
            .iter()
            .rev()
            .find(|key| key.algorithm == algorithm && key.signs_from <= moment.now);
        let key = signing.ok_or_else(|| {
            Internal::because(format!("no {algorithm} key signs at {}", moment.now))
        })?;
        let header = Header {
            alg: algorithm.name(),
            kid: &key.kid,
            typ: kind.typ(),
        };
        let mut token = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header)?);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims)?, &mut token);
        let name = provider::library_name(algorithm);
        let signature =
            jsonwebtoken::crypto::sign(token.as_bytes(), &key.registered.encoding, name)?;
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }

    /// The claims of a token that we signed, that is of this kind, and that is valid now. Issuer and audience are the caller's.
    pub fn verify<C: DeserializeOwned>(
        &self,
        kind: TokenKind,
        token: &str,
        moment: &Moment,
    ) -> Result<C, BadToken> {
        let parts = self.authentic(kind, token, moment)?;
        parts.claims(moment.now, Age::Unexpired)
    }

    /// As `verify`, but the token may have expired: for `id_token_hint` (OpenID Connect RP-Initiated Logout 1.0, section 2).
    pub fn verify_expired_too<C: DeserializeOwned>(
        &self,
        kind: TokenKind,
        token: &str,
        moment: &Moment,
    ) -> Result<C, BadToken> {
        let parts = self.authentic(kind, token, moment)?;
        parts.claims(moment.now, Age::Any)
    }

    fn authentic<'t>(
        &self,
        kind: TokenKind,
        token: &'t str,
        moment: &Moment,
    ) -> Result<Parts<'t>, BadToken> {
        let parts = jose::take_apart(token)?;
        if parts.header.typ.as_deref() != Some(kind.typ()) {
            return Err(BadToken::WrongKind);
        }
        let current = self.current();
        let key = current
            .keys
            .iter()
            .find(|key| Some(&key.kid) == parts.header.kid.as_ref())
            .filter(|key| key.published_until.is_none_or(|until| moment.now < until))
            .ok_or(BadToken::UnknownKey)?;
        // The key decides the algorithm, never the token (RFC 8725 section 3.1).
        if parts.header.alg != key.algorithm.name() {
            return Err(BadToken::BadSignature);
        }
        let fits = jsonwebtoken::crypto::verify(
            parts.signature,
            parts.message.as_bytes(),
            &key.registered.decoding,
            provider::library_name(key.algorithm),
        );
        match fits {
            Ok(true) => Ok(parts),
            Ok(false) | Err(_) => Err(BadToken::BadSignature),
        }
    }

    fn current(&self) -> Arc<Snapshot> {
        let current = self.0.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }
}

async fn read(db: &Db, sealer: &Sealer) -> Result<Snapshot, Internal> {
    let (version, rows) = db
        .read(async |tx| {
            let version = store::version(tx).await?; // first: a change in between is then found by the next reload
            Ok::<_, Internal>((version, store::all(tx).await?))
        })
        .await?;
    let mut keys = Vec::new();
    let mut published = Vec::new();
    for row in rows {
        let algorithm = row.algorithm()?;
        let opened = sealer.open(ring::PURPOSE, &row.private_sealed);
        let pkcs8 = zeroize::Zeroizing::new(opened.map_err(|_| other_master_key())?);
        let pair = Pair::parse(algorithm, &pkcs8)?;
        let public = pair.public_jwk()?;
        published.push(public.jwk);
        keys.push(Key {
            algorithm,
            kid: public.kid,
            registered: Registered::new(pair),
            signs_from: row.signs_from,
            published_until: row.published_until,
        });
    }
    let jwks = serde_json::to_string(&json!({ "keys": published }))?;
    Ok(Snapshot {
        version,
        keys,
        jwks: jwks.into(),
    })
}

fn other_master_key() -> Internal {
    Internal::because(
        "The master key is not the one that the signing keys in this database were sealed with. Give that one; \
         if it is lost, `usher keys start-over` makes new signing keys.",
    )
}
