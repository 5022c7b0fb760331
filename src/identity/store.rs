//! The SQL of people: identity stores, identities, identifiers, passwords.

use chrono::{DateTime, Utc};

use super::password::PasswordHash;
use super::{
    AttributeDefinition, Attributes, Identifier, IdentifierKind, Identity, IdentityId,
    IdentityStore, NewIdentifier, Profile, Proof, Search, Status, StoreId,
};
use crate::db::{Json, Tx};
use crate::kit::{Corrupt, Internal, PageRequest, kinds};

#[derive(sqlx::FromRow)]
struct StoreRow {
    id: StoreId,
    name: String,
    identifiers: Json<Vec<IdentifierKind>>,
    attributes: Json<Vec<AttributeDefinition>>,
    created_at: DateTime<Utc>,
    revision: i64,
}

impl From<StoreRow> for IdentityStore {
    fn from(row: StoreRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            identifiers: row.identifiers.0,
            attributes: row.attributes.0,
            created_at: row.created_at,
            revision: row.revision,
        }
    }
}

pub(super) async fn insert_store(tx: &mut Tx, store: &IdentityStore) -> Result<u64, Internal> {
    tx.sql(
        "INSERT INTO identity_store (id, name, identifiers, attributes, created_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(store.id)
    .bind(store.name.clone())
    .bind(Json(store.identifiers.clone()))
    .bind(Json(store.attributes.clone()))
    .bind(store.created_at)
    .bind(store.revision)
    .run()
    .await
}

/// Changes a store that is one revision behind.
pub(super) async fn update_store(tx: &mut Tx, store: &IdentityStore) -> Result<u64, Internal> {
    tx.sql(
        "UPDATE identity_store SET name = $2, identifiers = $3, attributes = $4, revision = $5
         WHERE id = $1 AND revision = $5 - 1",
    )
    .bind(store.id)
    .bind(store.name.clone())
    .bind(Json(store.identifiers.clone()))
    .bind(Json(store.attributes.clone()))
    .bind(store.revision)
    .run()
    .await
}

pub(super) async fn find_store(
    tx: &mut Tx,
    id: StoreId,
) -> Result<Option<IdentityStore>, Internal> {
    let row: Option<StoreRow> = tx
        .sql("SELECT id, name, identifiers, attributes, created_at, revision FROM identity_store WHERE id = $1")
        .bind(id)
        .optional()
        .await?;
    Ok(row.map(IdentityStore::from))
}

pub(super) async fn find_store_by_name(
    tx: &mut Tx,
    name: &str,
) -> Result<Option<IdentityStore>, Internal> {
    let row: Option<StoreRow> = tx
        .sql("SELECT id, name, identifiers, attributes, created_at, revision FROM identity_store WHERE name = $1")
        .bind(name.to_owned())
        .optional()
        .await?;
    Ok(row.map(IdentityStore::from))
}

pub(super) async fn list_stores(tx: &mut Tx) -> Result<Vec<IdentityStore>, Internal> {
    let rows: Vec<StoreRow> = tx
        .sql("SELECT id, name, identifiers, attributes, created_at, revision FROM identity_store ORDER BY name")
        .all()
        .await?;
    Ok(rows.into_iter().map(IdentityStore::from).collect())
}

pub(super) async fn insert_identity(
    tx: &mut Tx,
    (id, store): (IdentityId, StoreId),
    profile: &Profile,
    attributes: &Attributes,
    now: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO identity (id, store_id, status, profile, attributes, created_at, updated_at, revision)
         VALUES ($1, $2, 'active', $3, $4, $5, $5, 1)",
    )
    .bind(id)
    .bind(store)
    .bind(Json(profile.clone()))
    .bind(Json(attributes.clone()))
    .bind(now)
    .run()
    .await?;
    Ok(())
}

/// Adds nothing if somebody of the store has it.
pub(super) async fn insert_identifier(
    tx: &mut Tx,
    (identity, store): (IdentityId, StoreId),
    new: &NewIdentifier,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "INSERT INTO identifier (store_id, kind, value_key, identity_id, value, verified_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(store)
    .bind(new.kind.as_str())
    .bind(new.key.clone())
    .bind(identity)
    .bind(new.value.clone())
    .bind((new.proof == Proof::Given).then_some(now))
    .run()
    .await
}

/// Changes nothing: it is the lock on the row that counts. SQLite has one writer at a time anyway.
pub(super) async fn hold(tx: &mut Tx, id: IdentityId) -> Result<u64, Internal> {
    tx.sql("UPDATE identity SET revision = revision WHERE id = $1")
        .bind(id)
        .run()
        .await
}

/// Changes an identity whose revision is still the one that was read.
pub(super) async fn update(tx: &mut Tx, identity: &Identity) -> Result<u64, Internal> {
    tx.sql(
        "UPDATE identity SET profile = $3, attributes = $4, updated_at = $5, revision = revision + 1
         WHERE id = $1 AND revision = $2",
    )
    .bind(identity.id)
    .bind(identity.revision)
    .bind(Json(identity.profile.clone()))
    .bind(Json(identity.attributes.clone()))
    .bind(identity.updated_at)
    .run()
    .await
}

pub(super) async fn set_status(
    tx: &mut Tx,
    id: IdentityId,
    status: Status,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "UPDATE identity SET status = $2, updated_at = $3, revision = revision + 1 WHERE id = $1 AND status <> $2",
    )
    .bind(id)
    .bind(status.as_str())
    .bind(now)
    .run()
    .await
}

pub(super) async fn find_by_identifier(
    tx: &mut Tx,
    store: StoreId,
    kind: IdentifierKind,
    key: &str,
) -> Result<Option<IdentityId>, Internal> {
    let row: Option<(IdentityId,)> = tx
        .sql("SELECT identity_id FROM identifier WHERE store_id = $1 AND kind = $2 AND value_key = $3")
        .bind(store)
        .bind(kind.as_str())
        .bind(key.to_owned())
        .optional()
        .await?;
    Ok(row.map(|(id,)| id))
}

/// An identity beside one of its identifiers.
#[derive(sqlx::FromRow)]
struct PersonRow {
    id: IdentityId,
    store_id: StoreId,
    status: String,
    profile: Json<Profile>,
    attributes: Json<Attributes>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    revision: i64,
    kind: Option<String>,
    value: Option<String>,
    value_key: Option<String>,
    verified_at: Option<DateTime<Utc>>,
}

pub(super) async fn find(tx: &mut Tx, id: IdentityId) -> Result<Option<Identity>, Internal> {
    let rows = tx
        .sql(
            "SELECT i.id, i.store_id, i.status, i.profile, i.attributes, i.created_at, i.updated_at, i.revision,
                    f.kind, f.value, f.value_key, f.verified_at
             FROM identity i LEFT JOIN identifier f ON f.identity_id = i.id
             WHERE i.id = $1 ORDER BY f.kind, f.value_key",
        )
        .bind(id)
        .all()
        .await?;
    Ok(people(rows)?.pop())
}

pub(super) async fn list(
    tx: &mut Tx,
    search: &Search,
    page: &PageRequest<kinds::Identity>,
) -> Result<Vec<Identity>, Internal> {
    let rows = tx
        .sql(
            "SELECT i.id, i.store_id, i.status, i.profile, i.attributes, i.created_at, i.updated_at, i.revision,
                    f.kind, f.value, f.value_key, f.verified_at
             FROM (SELECT id, store_id, status, profile, attributes, created_at, updated_at, revision FROM identity
                   WHERE id < $1 AND (store_id = $2 OR $2 IS NULL) AND (status = $3 OR $3 IS NULL)
                   ORDER BY id DESC LIMIT $4) i
             LEFT JOIN identifier f ON f.identity_id = i.id
             ORDER BY i.id DESC, f.kind, f.value_key",
        )
        .bind(page.before())
        .bind(search.store)
        .bind(search.status.map(Status::as_str))
        .bind(page.rows())
        .all()
        .await?;
    people(rows)
}

pub(super) async fn search(
    tx: &mut Tx,
    search: &Search,
    text: &str,
    page: &PageRequest<kinds::Identity>,
) -> Result<Vec<Identity>, Internal> {
    let rows = tx
        .sql(
            "SELECT i.id, i.store_id, i.status, i.profile, i.attributes, i.created_at, i.updated_at, i.revision,
                    f.kind, f.value, f.value_key, f.verified_at
             FROM (SELECT p.id, p.store_id, p.status, p.profile, p.attributes, p.created_at, p.updated_at, p.revision
                   FROM identity p
                   WHERE p.id < $1 AND (p.store_id = $2 OR $2 IS NULL) AND (p.status = $3 OR $3 IS NULL)
                     AND (SUBSTR(LOWER(COALESCE(p.profile ->> 'given_name', '')), 1, LENGTH($5)) = $5
                       OR SUBSTR(LOWER(COALESCE(p.profile ->> 'family_name', '')), 1, LENGTH($5)) = $5
                       OR SUBSTR(LOWER(COALESCE(p.profile ->> 'name', '')), 1, LENGTH($5)) = $5
                       OR EXISTS (SELECT 1 FROM identifier o WHERE o.identity_id = p.id
                                  AND SUBSTR(o.value_key, 1, LENGTH($5)) = $5))
                   ORDER BY p.id DESC LIMIT $4) i
             LEFT JOIN identifier f ON f.identity_id = i.id
             ORDER BY i.id DESC, f.kind, f.value_key",
        )
        .bind(page.before())
        .bind(search.store)
        .bind(search.status.map(Status::as_str))
        .bind(page.rows())
        .bind(text.to_lowercase())
        .all()
        .await?;
    people(rows)
}

/// Rows of one person stand together.
fn people(rows: Vec<PersonRow>) -> Result<Vec<Identity>, Internal> {
    let mut people: Vec<Identity> = Vec::new();
    for row in rows {
        let identifier = identifier(&row)?;
        match people.last_mut().filter(|last| last.id == row.id) {
            Some(last) => last.identifiers.extend(identifier),
            None => people.push(Identity {
                id: row.id,
                store: row.store_id,
                status: status(row.id, &row.status)?,
                profile: row.profile.0,
                attributes: row.attributes.0,
                identifiers: identifier.into_iter().collect(),
                created_at: row.created_at,
                updated_at: row.updated_at,
                revision: row.revision,
            }),
        }
    }
    Ok(people)
}

fn status(id: IdentityId, text: &str) -> Result<Status, Corrupt> {
    match text {
        "active" => Ok(Status::Active),
        "disabled" => Ok(Status::Disabled),
        other => Err(Corrupt {
            table: "identity",
            id: id.to_string(),
            why: format!("status {other}"),
        }),
    }
}

fn identifier(row: &PersonRow) -> Result<Option<Identifier>, Corrupt> {
    let (Some(kind), Some(value), Some(key)) = (&row.kind, &row.value, &row.value_key) else {
        return Ok(None);
    };
    let kind = IdentifierKind::from_text(kind).ok_or_else(|| Corrupt {
        table: "identifier",
        id: row.id.to_string(),
        why: format!("kind {kind}"),
    })?;
    Ok(Some(Identifier {
        kind,
        value: value.clone(),
        key: key.clone(),
        verified_at: row.verified_at,
    }))
}

/// What a sign-in compares with.
#[derive(sqlx::FromRow)]
pub(super) struct CredentialRow {
    pub(super) identity_id: IdentityId,
    pub(super) status: String,
    pub(super) phc: Option<PasswordHash>,
    pub(super) must_change: Option<bool>,
}

pub(super) async fn credential(
    tx: &mut Tx,
    store: StoreId,
    kind: IdentifierKind,
    key: &str,
) -> Result<Option<CredentialRow>, Internal> {
    tx.sql(
        "SELECT f.identity_id, i.status, p.phc, p.must_change
         FROM identifier f JOIN identity i ON i.id = f.identity_id LEFT JOIN password p ON p.identity_id = f.identity_id
         WHERE f.store_id = $1 AND f.kind = $2 AND f.value_key = $3",
    )
    .bind(store)
    .bind(kind.as_str())
    .bind(key.to_owned())
    .optional()
    .await
}

pub(super) async fn set_password(
    tx: &mut Tx,
    id: IdentityId,
    hash: &PasswordHash,
    must_change: bool,
    now: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO password (identity_id, phc, must_change, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (identity_id) DO UPDATE
         SET phc = excluded.phc, must_change = excluded.must_change, updated_at = excluded.updated_at",
    )
    .bind(id)
    .bind(hash.clone())
    .bind(must_change)
    .bind(now)
    .run()
    .await?;
    Ok(())
}

/// Writes the same password in newer parameters, unless it was changed meanwhile.
pub(super) async fn renew_password(
    tx: &mut Tx,
    id: IdentityId,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<u64, Internal> {
    tx.sql("UPDATE password SET phc = $3 WHERE identity_id = $1 AND phc = $2")
        .bind(id)
        .bind(old.clone())
        .bind(new.clone())
        .run()
        .await
}
