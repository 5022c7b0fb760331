//! The SQL of groups and memberships.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Group, GroupId, Member, Membership, Reason};
use crate::db::Tx;
use crate::kit::{Corrupt, Id, Internal, PageRequest, kinds};

type IdentityId = Id<kinds::Identity>;

pub(super) async fn insert(tx: &mut Tx, group: &Group) -> Result<u64, Internal> {
    tx.sql(
        "INSERT INTO user_group (id, name, description, created_at, revision) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
    )
    .bind(group.id)
    .bind(group.name.clone())
    .bind(group.description.clone())
    .bind(group.created_at)
    .bind(group.revision)
    .run()
    .await
}

/// Changes a group that is one revision behind.
pub(super) async fn update(tx: &mut Tx, group: &Group) -> Result<u64, Internal> {
    tx.sql("UPDATE user_group SET name = $2, description = $3, revision = $4 WHERE id = $1 AND revision = $4 - 1")
        .bind(group.id)
        .bind(group.name.clone())
        .bind(group.description.clone())
        .bind(group.revision)
        .run()
        .await
}

pub(super) async fn delete(tx: &mut Tx, id: GroupId) -> Result<u64, Internal> {
    tx.sql("DELETE FROM user_group WHERE id = $1")
        .bind(id)
        .run()
        .await
}

pub(super) async fn find(tx: &mut Tx, id: GroupId) -> Result<Option<Group>, Internal> {
    tx.sql("SELECT id, name, description, created_at, revision FROM user_group WHERE id = $1")
        .bind(id)
        .optional()
        .await
}

pub(super) async fn find_by_name(tx: &mut Tx, name: &str) -> Result<Option<Group>, Internal> {
    tx.sql("SELECT id, name, description, created_at, revision FROM user_group WHERE name = $1")
        .bind(name.to_owned())
        .optional()
        .await
}

pub(super) async fn list(
    tx: &mut Tx,
    page: &PageRequest<kinds::Group>,
) -> Result<Vec<Group>, Internal> {
    tx.sql(
        "SELECT id, name, description, created_at, revision FROM user_group
         WHERE id < $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(page.before())
    .bind(page.rows())
    .all()
    .await
}

/// How many applications and pending invitations put people into the group.
pub(super) async fn uses(tx: &mut Tx, id: GroupId) -> Result<i64, Internal> {
    let (uses,) = tx
        .sql(
            "SELECT (SELECT COUNT(*) FROM application_group WHERE group_id = $1)
                  + (SELECT COUNT(*) FROM invitation_group g JOIN invitation i ON i.id = g.invitation_id
                     WHERE g.group_id = $1 AND i.status = 'pending')",
        )
        .bind(id)
        .one::<(i64,)>()
        .await?;
    Ok(uses)
}

/// What ended invitations named stays in the log; here the group's id would keep it from being deleted.
pub(super) async fn forget_in_ended_invitations(tx: &mut Tx, id: GroupId) -> Result<u64, Internal> {
    tx.sql("DELETE FROM invitation_group WHERE group_id = $1")
        .bind(id)
        .run()
        .await
}

pub(super) async fn delete_members(tx: &mut Tx, id: GroupId) -> Result<u64, Internal> {
    tx.sql("DELETE FROM membership WHERE group_id = $1")
        .bind(id)
        .run()
        .await
}

/// Adds one reason, unless it stands already.
pub(super) async fn insert_member(
    tx: &mut Tx,
    (group, identity): (GroupId, IdentityId),
    (reason, cause): (Reason, Option<Uuid>),
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "INSERT INTO membership (identity_id, group_id, reason, cause_id, since) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
    )
    .bind(identity)
    .bind(group)
    .bind(reason.as_str())
    .bind(cause)
    .bind(now)
    .run()
    .await
}

/// Adds nothing where there is no such group any more.
pub(super) async fn insert_mapped(
    tx: &mut Tx,
    (group, identity): (GroupId, IdentityId),
    (reason, cause): (Reason, Uuid),
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "INSERT INTO membership (identity_id, group_id, reason, cause_id, since)
         SELECT $1, id, $3, $4, $5 FROM user_group WHERE id = $2 ON CONFLICT DO NOTHING",
    )
    .bind(identity)
    .bind(group)
    .bind(reason.as_str())
    .bind(cause)
    .bind(now)
    .run()
    .await
}

/// Adds the groups assigned to the application now.
pub(super) async fn insert_assigned(
    tx: &mut Tx,
    identity: IdentityId,
    application: Id<kinds::Application>,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "INSERT INTO membership (identity_id, group_id, reason, cause_id, since)
         SELECT $1, group_id, 'application', application_id, $3 FROM application_group WHERE application_id = $2
         ON CONFLICT DO NOTHING",
    )
    .bind(identity)
    .bind(application)
    .bind(now)
    .run()
    .await
}

pub(super) async fn delete_member(
    tx: &mut Tx,
    group: GroupId,
    identity: IdentityId,
) -> Result<u64, Internal> {
    tx.sql("DELETE FROM membership WHERE group_id = $1 AND identity_id = $2")
        .bind(group)
        .bind(identity)
        .run()
        .await
}

pub(super) async fn names_of(tx: &mut Tx, identity: IdentityId) -> Result<Vec<String>, Internal> {
    let rows: Vec<(String,)> = tx
        .sql(
            "SELECT DISTINCT g.name FROM membership m JOIN user_group g ON g.id = m.group_id
             WHERE m.identity_id = $1 ORDER BY g.name",
        )
        .bind(identity)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// A row without a name is somebody who is in no group.
pub(super) async fn names_of_active(
    tx: &mut Tx,
    identity: IdentityId,
) -> Result<Option<Vec<String>>, Internal> {
    let rows: Vec<(Option<String>,)> = tx
        .sql(
            "SELECT DISTINCT g.name FROM identity i
             LEFT JOIN membership m ON m.identity_id = i.id LEFT JOIN user_group g ON g.id = m.group_id
             WHERE i.id = $1 AND i.status = 'active' ORDER BY g.name",
        )
        .bind(identity)
        .all()
        .await?;
    let known = !rows.is_empty();
    Ok(known.then(|| rows.into_iter().filter_map(|(name,)| name).collect()))
}

/// The groups a person is in, each once.
pub(super) async fn groups_of(tx: &mut Tx, identity: IdentityId) -> Result<Vec<Group>, Internal> {
    tx.sql(
        "SELECT id, name, description, created_at, revision FROM user_group
         WHERE id IN (SELECT group_id FROM membership WHERE identity_id = $1) ORDER BY name",
    )
    .bind(identity)
    .all()
    .await
}

#[derive(sqlx::FromRow)]
struct MembershipRow {
    group_id: GroupId,
    name: String,
    reason: String,
}

/// The groups a person is in, by name, each with all its reasons.
pub(super) async fn memberships_of(
    tx: &mut Tx,
    identity: IdentityId,
) -> Result<Vec<Membership>, Internal> {
    let rows: Vec<MembershipRow> = tx
        .sql(
            "SELECT m.group_id, g.name, m.reason FROM membership m JOIN user_group g ON g.id = m.group_id
             WHERE m.identity_id = $1 ORDER BY g.name, m.group_id",
        )
        .bind(identity)
        .all()
        .await?;
    let mut memberships: Vec<Membership> = Vec::new();
    for row in rows {
        let reason = reason(identity, &row.reason)?;
        match memberships
            .last_mut()
            .filter(|last| last.group == row.group_id)
        {
            Some(last) => {
                last.reasons.insert(reason);
            }
            None => memberships.push(Membership {
                group: row.group_id,
                name: row.name,
                reasons: [reason].into(),
            }),
        }
    }
    Ok(memberships)
}

fn reason(identity: IdentityId, text: &str) -> Result<Reason, Corrupt> {
    Reason::from_text(text).ok_or_else(|| Corrupt {
        table: "membership",
        id: identity.to_string(),
        why: format!("reason {text}"),
    })
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    identity_id: IdentityId,
    reason: String,
    since: DateTime<Utc>,
}

pub(super) async fn members(
    tx: &mut Tx,
    group: GroupId,
    page: &PageRequest<kinds::Identity>,
) -> Result<Vec<Member>, Internal> {
    let rows: Vec<MemberRow> = tx
        .sql(
            "SELECT identity_id, reason, since FROM membership
             WHERE group_id = $1 AND identity_id IN (
                 SELECT DISTINCT identity_id FROM membership WHERE group_id = $1 AND identity_id < $2
                 ORDER BY identity_id DESC LIMIT $3)
             ORDER BY identity_id DESC, since",
        )
        .bind(group)
        .bind(page.before())
        .bind(page.rows())
        .all()
        .await?;
    let mut members: Vec<Member> = Vec::new();
    for row in rows {
        let reason = reason(row.identity_id, &row.reason)?;
        match members
            .last_mut()
            .filter(|last| last.identity == row.identity_id)
        {
            Some(last) => {
                last.reasons.insert(reason);
            }
            None => members.push(Member {
                identity: row.identity_id,
                reasons: [reason].into(),
                since: row.since,
            }),
        }
    }
    Ok(members)
}
