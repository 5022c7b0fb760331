//! Groups, and why each person is in them.
//!
//! Knows nothing of roles: what a group means is the application's business, which reads it in the `groups` claim.

pub mod api;
mod change;
mod members;
mod place;
mod store;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::db::Tx;
use crate::kit::{Id, Internal, Page, PageRequest, kinds};

pub use change::{Change, Refused, create, delete, rename};
pub use members::{Member, MemberRefused, add_member, members, remove_member};
pub use place::{Placing, place, place_mapped};

/// Names a group.
pub type GroupId = Id<kinds::Group>;

/// People who belong together, across stores.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub description: String,
    pub created_at: DateTime<Utc>,
    pub revision: i64,
}

/// Why a person is in a group. One person can be in one group for several reasons.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// An invitation named the group (R45).
    Invitation,
    /// The group was assigned to the application at the moment of acceptance (R46).
    Application,
    /// Somebody added the person.
    Manual,
    /// A rule about accounts from elsewhere.
    Mapping,
}

impl Reason {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Application => "application",
            Self::Manual => "manual",
            Self::Mapping => "mapping",
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        let all = [
            Self::Invitation,
            Self::Application,
            Self::Manual,
            Self::Mapping,
        ];
        all.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// A group that a person is in, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub group: GroupId,
    pub name: String,
    pub reasons: BTreeSet<Reason>,
}

pub async fn find(tx: &mut Tx, id: GroupId) -> Result<Option<Group>, Internal> {
    store::find(tx, id).await
}

pub async fn find_by_name(tx: &mut Tx, name: &str) -> Result<Option<Group>, Internal> {
    store::find_by_name(tx, name).await
}

/// Groups, newest first.
pub async fn list(
    tx: &mut Tx,
    page: &PageRequest<kinds::Group>,
) -> Result<Page<Group, kinds::Group>, Internal> {
    let groups = store::list(tx, page).await?;
    Ok(Page::cut(groups, page, |group| group.id))
}

/// The names of all groups that a person is in, each once, sorted: the `groups` claim.
pub async fn names_of(tx: &mut Tx, identity: Id<kinds::Identity>) -> Result<Vec<String>, Internal> {
    store::names_of(tx, identity).await
}

/// The same of a person who may sign in; `None` of anybody else.
pub async fn names_of_active(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
) -> Result<Option<Vec<String>>, Internal> {
    store::names_of_active(tx, identity).await
}

/// The groups that a person is in, each once, by name.
pub async fn groups_of(tx: &mut Tx, identity: Id<kinds::Identity>) -> Result<Vec<Group>, Internal> {
    store::groups_of(tx, identity).await
}

/// The same, each with the reasons for it.
pub async fn memberships_of(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
) -> Result<Vec<Membership>, Internal> {
    store::memberships_of(tx, identity).await
}
