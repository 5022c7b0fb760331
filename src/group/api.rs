//! Groups and their members in the management API.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Change, Group, GroupId, Member, Reason};
use crate::access::may;
use crate::api::{
    Acts, Created, Creates, IdempotencyKey, IfMatch, List, Once, Reads, Tagged, Updates, page,
};
use crate::api::{Named, NamedIn};
use crate::app::{ApiClient, App};
use crate::identity::IdentityId;
use crate::kit::{Failed, Internal, kinds};
use crate::web::{ApiQuery, Failure, Json};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete))
        .routes(routes!(members))
        .routes(routes!(add_member, remove_member))
}

/// A group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupView {
    pub id: GroupId,
    pub name: String,
    pub description: String,
    pub created_at: DateTime<Utc>,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        Self {
            id: group.id,
            name: group.name,
            description: group.description,
            created_at: group.created_at,
        }
    }
}

/// What a group is called.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GroupBody {
    #[schema(max_length = 100)]
    name: String,
    #[serde(default)]
    #[schema(max_length = 500)]
    description: String,
}

impl From<GroupBody> for Change {
    fn from(body: GroupBody) -> Self {
        Self {
            name: body.name,
            description: body.description,
        }
    }
}

/// A person in a group, with every reason for it.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberView {
    identity: IdentityId,
    reasons: BTreeSet<Reason>,
    since: DateTime<Utc>,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            identity: member.identity,
            reasons: member.reasons,
            since: member.since,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// The `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if missing.
    #[param(value_type = Option<u16>)]
    limit: Option<String>,
}

/// Lists groups.
#[utoipa::path(get, path = "/groups", operation_id = "list_groups", tag = "Groups", params(Paging), security(("oauth2" = ["groups:read"])),
    responses((status = 200, body = List<GroupView>), Reads))]
async fn list(
    State(app): State<App>,
    _: ApiClient<may::GroupsRead>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<axum::Json<List<GroupView>>, Failure> {
    let page = page(paging.after.as_deref(), paging.limit.as_deref())?;
    let groups = app.db.read(async |tx| super::list(tx, &page).await).await?;
    Ok(axum::Json(List::of(groups, GroupView::from)))
}

/// Creates a group.
#[utoipa::path(post, path = "/groups", operation_id = "create_group", tag = "Groups", security(("oauth2" = ["groups:write"])),
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = GroupView), Creates))]
async fn create(
    State(app): State<App>,
    client: ApiClient<may::GroupsWrite>,
    key: IdempotencyKey,
    Json(body): Json<GroupBody>,
) -> Result<Created<GroupView>, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    let once = Once::new(client.id, key, "create group", &body)?;
    let made = app
        .db
        .write(async |tx| {
            let made = once.run(tx, &moment, async |tx| {
                let group = super::create(tx, &moment, &actor, body.into()).await?;
                Ok::<_, Failed<super::Refused>>((group.id, ()))
            });
            let id = made.await?.id();
            super::find(tx, id).await?.ok_or_else(Failure::not_found)
        })
        .await?;
    Ok(Created {
        location: app.links.api_v1(&["groups", &made.id.to_string()]),
        revision: made.revision,
        body: made.into(),
    })
}

/// Shows a group.
#[utoipa::path(get, path = "/groups/{id}", operation_id = "show_group", tag = "Groups", security(("oauth2" = ["groups:read"])),
    params(("id" = GroupId, Path)), responses((status = 200, body = GroupView), Reads))]
async fn show(
    State(app): State<App>,
    _: ApiClient<may::GroupsRead>,
    Named(id): Named<kinds::Group>,
) -> Result<Tagged<GroupView>, Failure> {
    let group = app.db.read(async |tx| super::find(tx, id).await).await?;
    let group = group.ok_or_else(Failure::not_found)?;
    Ok(Tagged(group.revision, group.into()))
}

/// Replaces name and description of a group.
#[utoipa::path(put, path = "/groups/{id}", operation_id = "update_group", tag = "Groups", security(("oauth2" = ["groups:write"])),
    params(("id" = GroupId, Path), ("If-Match" = String, Header)), responses((status = 200, body = GroupView), Updates))]
async fn update(
    State(app): State<App>,
    client: ApiClient<may::GroupsWrite>,
    Named(id): Named<kinds::Group>,
    IfMatch(revision): IfMatch,
    Json(body): Json<GroupBody>,
) -> Result<Tagged<GroupView>, Failure> {
    let moment = app.moment();
    let wanted = (id, Some(revision));
    let group = app
        .db
        .write(async |tx| super::rename(tx, &moment, &client.actor(), wanted, body.into()).await)
        .await?;
    Ok(Tagged(group.revision, group.into()))
}

/// Deletes a group and all memberships in it. Refused while an application or a pending invitation puts people into it.
#[utoipa::path(delete, path = "/groups/{id}", operation_id = "delete_group", tag = "Groups", security(("oauth2" = ["groups:write"])),
    params(("id" = GroupId, Path)), responses((status = 204), Acts))]
async fn delete(
    State(app): State<App>,
    client: ApiClient<may::GroupsWrite>,
    Named(id): Named<kinds::Group>,
) -> Result<StatusCode, Failure> {
    let moment = app.moment();
    app.db
        .write(async |tx| super::delete(tx, &moment, &client.actor(), id).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists who is in a group.
#[utoipa::path(get, path = "/groups/{id}/members", operation_id = "list_members", tag = "Groups", security(("oauth2" = ["groups:read"])),
    params(("id" = GroupId, Path), Paging), responses((status = 200, body = List<MemberView>), Reads))]
async fn members(
    State(app): State<App>,
    _: ApiClient<may::GroupsRead>,
    Named(id): Named<kinds::Group>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<axum::Json<List<MemberView>>, Failure> {
    let page = page(paging.after.as_deref(), paging.limit.as_deref())?;
    let found = app.db.read(async |tx| {
        let known = super::find(tx, id).await?.is_some();
        let members = super::members(tx, id, &page).await?;
        Ok::<_, Internal>(known.then_some(members))
    });
    let members = found.await?.ok_or_else(Failure::not_found)?;
    Ok(axum::Json(List::of(members, MemberView::from)))
}

/// Adds a person to a group by hand (R50).
#[utoipa::path(put, path = "/groups/{id}/members/{identity}", operation_id = "add_member", tag = "Groups", security(("oauth2" = ["groups:write"])),
    params(("id" = GroupId, Path), ("identity" = IdentityId, Path)), responses((status = 204), Acts))]
async fn add_member(
    State(app): State<App>,
    client: ApiClient<may::GroupsWrite>,
    NamedIn(group, identity): NamedIn<kinds::Group, kinds::Identity>,
) -> Result<StatusCode, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    app.db
        .write(async |tx| super::add_member(tx, &moment, &actor, (group, identity)).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a person out of a group, whatever the reasons were; later sign-ins don't bring the membership back (R50).
#[utoipa::path(delete, path = "/groups/{id}/members/{identity}", operation_id = "remove_member", tag = "Groups", security(("oauth2" = ["groups:write"])),
    params(("id" = GroupId, Path), ("identity" = IdentityId, Path)), responses((status = 204), Acts))]
async fn remove_member(
    State(app): State<App>,
    client: ApiClient<may::GroupsWrite>,
    NamedIn(group, identity): NamedIn<kinds::Group, kinds::Identity>,
) -> Result<StatusCode, Failure> {
    let (moment, actor) = (app.moment(), client.actor());
    app.db
        .write(async |tx| super::remove_member(tx, &moment, &actor, (group, identity)).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
